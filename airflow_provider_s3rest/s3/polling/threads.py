# SPDX-License-Identifier: Apache-2.0
"""Blocking functions called by an event loop: in few threads, and once for all who ask for the same."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

T = TypeVar("T")


class Threads:
    """Daemon threads of one event loop, each begun when it is first needed.

    Those of ``concurrent.futures`` would keep the process from ending.

    :param most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._begun = 0
        self._pending = 0
        self._work: SimpleQueue[_Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._done: deque[_Call] = deque()
        self._cancelled = Cancellation()

    async def run(self, function: Callable[[], T]) -> T:
        """Call a function in the next free thread.

        Whoever is cancelled waits no longer; a call that has not begun is not made then.
        """
        if self._cancelled.is_set():
            raise RuntimeError("Nobody waits here any more: the threads have been dismissed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._pending += 1
        if self._begun < min(self._most, self._pending):
            self._begun += 1
            threading.Thread(target=self._serve, args=(loop,), name="s3rest", daemon=True).start()
        self._work.put(_Call(function, future))
        return await future

    def dismiss(self) -> None:
        """Let every thread end when it has done what it does; none waits for a retry any more."""
        self._cancelled.set()
        for _ in range(self._begun):
            self._work.put(None)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        CANCELLED.set(self._cancelled)
        while call := self._work.get():
            call.make()
            with self._lock:
                self._done.append(call)
                is_first = len(self._done) == 1
            del call
            if is_first:
                # Of a loop that is closed nobody waits for anything.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        """Hand over, in one go, everything that is done."""
        with self._lock:
            calls = tuple(self._done)
            self._done.clear()
        self._pending -= len(calls)
        for call in calls:
            call.deliver()


@dataclass(slots=True)
class _Call:
    function: Callable[[], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def make(self) -> None:
        """Call the function, in a thread, unless nobody waits for it any more."""
        if self.future.cancelled():
            return
        try:
            self.result = self.function()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            self.error = error

    def deliver(self) -> None:
        """Wake who waits, in the loop."""
        if self.future.done():
            return
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Flights:
    """What is on its way already is waited for by all who ask for it, and given up when none of them is left."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    async def join(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for what is under way by this key, or else begin it."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_task(begin()))
            flight.task.add_done_callback(partial(self._forget, key, flight))
        flight.passengers += 1
        try:
            # Unlike awaiting the task, this leaves it alone when only this passenger is cancelled.
            await asyncio.wait((flight.task,))
        finally:
            flight.passengers -= 1
            if not flight.passengers:
                self._forget(key, flight)
                flight.task.cancel()
        result: T = flight.task.result()
        return result

    def _forget(self, key: Hashable, flight: _Flight, task: asyncio.Task[Any] | None = None) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if task and not task.cancelled():
            # An error that nobody waits for any more is nobody's.
            task.exception()


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Any]
    passengers: int = 0
