# SPDX-License-Identifier: Apache-2.0
"""Blocking functions called by an event loop: in few threads, and once for all who ask for the same."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

T = TypeVar("T")

_TOGETHER_SECONDS = 0.02
"""How long what is done waits for what is done next, so that the event loop wakes up once for both."""
_AT_ONCE = 50
"""How much the event loop does in one go, before others have their turn."""
_WORK, _OVER = 1, 0


class Threads:
    """Daemon threads of one event loop, each begun when it is first needed.

    Those of ``concurrent.futures`` would keep the process from ending, and wake up, like the event loop, for each call
    alone. Here calls that are asked for at the same time are handed over together, and so is what they give.

    :param most: how many threads there may be.
    :param share: how many calls one of them makes before it is worth waking another, unless they take long.
    """

    def __init__(self, most: int, share: int = 1) -> None:
        self._most = most
        self._share = share
        self._begun = 0
        self._asked: list[_Call] = []
        self._work: deque[_Call] = deque()
        self._bell: SimpleQueue[int] = SimpleQueue()
        self._lock = threading.Lock()
        self._done: list[_Call] = []
        self._pending = 0
        self._cancelled = Cancellation()

    async def run(self, function: Callable[[], T]) -> T:
        """Call a function in one of the threads.

        Whoever is cancelled waits no longer; a call that has not begun is not made then.
        """
        if self._cancelled.is_set():
            raise RuntimeError("Nobody waits here any more: the threads have been dismissed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_over, loop)
        self._asked.append(_Call(function, future))
        return await future

    def dismiss(self) -> None:
        """Let every thread end when it has done what it does; none waits for a retry any more."""
        self._cancelled.set()
        for _ in range(self._begun):
            self._bell.put(_OVER)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        # What is still there from before waits for calls that take long.
        share = 1 if self._work else self._share
        self._pending += len(self._asked)
        self._work.extend(self._asked)
        self._asked.clear()
        needed = min(self._most, math.ceil(self._pending / share))
        for _ in range(self._begun, needed):
            self._begun += 1
            threading.Thread(target=self._serve, args=(loop,), name="s3rest", daemon=True).start()
        for _ in range(needed):
            self._bell.put(_WORK)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        CANCELLED.set(self._cancelled)
        while self._bell.get() == _WORK:
            made: list[_Call] = []
            begun = time.monotonic()
            while call := self._take():
                call.make()
                made.append(call)
                if time.monotonic() - begun > _TOGETHER_SECONDS:
                    self._give_back(loop, made)
                    made, begun = [], time.monotonic()
            del call
            if made:
                self._give_back(loop, made)
                del made

    def _take(self) -> _Call | None:
        try:
            return self._work.popleft()
        except IndexError:
            return None

    def _give_back(self, loop: asyncio.AbstractEventLoop, made: list[_Call]) -> None:
        with self._lock:
            is_first = not self._done
            self._done += made
        if is_first:
            # Of a loop that is closed nobody waits for anything.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._deliver, loop)

    def _deliver(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            calls = self._done[:_AT_ONCE]
            del self._done[:_AT_ONCE]
            is_more = bool(self._done)
        self._pending -= len(calls)
        for call in calls:
            call.deliver()
        if is_more:
            loop.call_soon(self._deliver, loop)


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


class Turns:
    """Functions called by an event loop in the order in which they came, not too many of them in one go."""

    def __init__(self) -> None:
        self._functions: deque[Callable[[], object]] = deque()

    def take(self, function: Callable[[], object]) -> None:
        """Have a function called soon."""
        if not self._functions:
            asyncio.get_running_loop().call_soon(self._go_on)
        self._functions.append(function)

    def _go_on(self) -> None:
        for _ in range(min(_AT_ONCE, len(self._functions))):
            self._functions.popleft()()
        if self._functions:
            asyncio.get_running_loop().call_soon(self._go_on)


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
