# SPDX-License-Identifier: Apache-2.0
"""Many requests at once for one transfer: bounded in number and memory, and all ended by the first failure.

Every thread is a daemon: whatever it is busy with, a signal is heard and the process can end.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation, TransferCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

A = TypeVar("A")
B = TypeVar("B")

# How long an interrupted transfer waits for its requests; one inside another, which must leave it time to clear up; and
# for the clearing up itself. Airflow kills a task 5 s after its SIGTERM.
_GRACE_SECONDS, _INNER_GRACE_SECONDS, _CLEAR_UP_SECONDS = 0.8, 0.3, 0.3


def concurrently(function: Callable[[A], B], items: Iterable[A], workers: int) -> list[B]:
    """Apply a function to every item, on threads, as :func:`for_each` does, and keep what it returns.

    :returns: the results in the order of the items.
    """
    results: dict[int, B] = {}

    def keep(numbered: tuple[int, A]) -> None:
        results[numbered[0]] = function(numbered[1])

    for_each(keep, enumerate(items), workers)
    return [results[number] for number in range(len(results))]


def for_each(function: Callable[[A], object], items: Iterable[A], workers: int) -> None:
    """Apply a function to every item, on threads; of any number of items, memory holds only those in flight.

    Items are taken only when a thread is free for them. At the first failure, also one of the transfer that this work
    is a part of, the requests in flight are let finish, no other begins, and nobody waits for a retry any more. An
    interrupt (Ctrl-C, SIGTERM under Airflow, a task's timeout) gives them less than a second.
    """
    outer = CANCELLED.get(None)
    with (outer or Cancellation()).inner() as cancelled, _Threads(workers) as threads:
        flight = _Flight(function, cancelled)
        try:
            for item in items:
                if flight.size >= workers:
                    flight.land()
                cancelled.check()
                flight.size += 1
                threads.start(flight.run, item)
            while flight.size:
                flight.land()
        except BaseException as error:
            cancelled.set(urgent=not isinstance(error, Exception))
            grace = _INNER_GRACE_SECONDS if outer else _GRACE_SECONDS
            flight.drain(grace if cancelled.is_urgent else None)
            raise


def in_order(function: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    """Apply a function to every item, on threads, and hand out the results in the order of the items.

    An item is taken when one of the last ``workers`` results has been taken, so that memory holds no more of them. A
    failure ends it, as does whoever takes no more.
    """
    outer = CANCELLED.get(None)
    with (outer or Cancellation()).inner() as cancelled, _Threads(workers) as threads:

        def run(item: A) -> B:
            CANCELLED.set(cancelled)
            return function(item)

        window: deque[Future[B]] = deque()
        try:
            for item in items:
                cancelled.check()
                window.append(threads.submit(run, item))
                if len(window) >= workers:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        except BaseException as error:
            cancelled.set(urgent=not isinstance(error, Exception | GeneratorExit))
            grace = _INNER_GRACE_SECONDS if outer else _GRACE_SECONDS
            wait(window, grace if cancelled.is_urgent else None)
            raise


def clear_up(function: Callable[[], object], error: BaseException) -> None:
    """Call a function after a failure, with all its retries; after an interrupt for a moment, without any.

    :param error: the failure.
    :raises TimeoutError: it was not done in time.
    """
    outer = CANCELLED.get(None)
    urgent = not isinstance(error, Exception) or (outer is not None and outer.is_urgent)
    state = Cancellation()

    def run(_: None) -> None:
        CANCELLED.set(state)
        function()

    if urgent:
        state.set()
    with _Threads(1) as threads:
        threads.submit(run, None).result(_CLEAR_UP_SECONDS if urgent else None)


def interruptibly(function: Callable[[A], B], argument: A) -> B:
    """Call a function that no signal interrupts, such as one of another language, so that signals are heard.

    Python hears them in the main thread only, which must not be in that function then.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(argument)
    helper = _idle.pop() if _idle else _Threads(1)
    future = helper.submit(function, argument)
    try:
        future.exception()
    except BaseException:
        helper.dismiss()
        raise
    _idle.append(helper)
    return future.result()


_CANCELLATION = object()


class _Flight(Generic[A]):
    """The calls under way; each costs one entry of a queue, where futures would cost more than a small request."""

    def __init__(self, function: Callable[[A], object], cancelled: Cancellation) -> None:
        self.size = 0
        self._function = function
        self._cancelled = cancelled
        self._landed: SimpleQueue[BaseException | object | None] = SimpleQueue()
        # Whoever waits for a call hears of a cancellation in the same way.
        cancelled.future.add_done_callback(lambda _: self._landed.put(_CANCELLATION))

    def run(self, item: A) -> None:
        """Call the function, on a thread."""
        CANCELLED.set(self._cancelled)
        try:
            self._function(item)
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            self._landed.put(error)
        else:
            self._landed.put(None)

    def land(self) -> None:
        """Wait for one call to end.

        :raises BaseException: what that raised; TransferCancelledError after a cancellation.
        """
        error = self._landed.get()
        if error is _CANCELLATION:
            raise TransferCancelledError
        self.size -= 1
        if isinstance(error, BaseException):
            raise error

    def drain(self, seconds: float | None) -> None:
        """After a failure, wait for the calls that are under way.

        :param seconds: how long at most; None: until they are done.
        """
        deadline = None if seconds is None else monotonic() + seconds
        with suppress(Empty):
            while self.size:
                timeout = None if deadline is None else max(0.0, deadline - monotonic())
                self.size -= self._landed.get(timeout=timeout) is not _CANCELLATION


class _Threads:
    """Daemon threads that call functions, each begun when it is first needed.

    Those of ``concurrent.futures`` would keep the process from ending.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[Callable[[Any], None], Any] | None] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.dismiss()
        if error is None:
            for thread in self._threads:
                thread.join()

    def dismiss(self) -> None:
        """Let every thread end when it has done its work."""
        for _ in self._threads:
            self._work.put(None)

    def submit(self, function: Callable[[A], B], argument: A) -> Future[B]:
        """Have a function called by a thread as soon as one is free."""
        future: Future[B] = Future()

        def run(argument: A) -> None:
            try:
                future.set_result(function(argument))
            except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
                future.set_exception(error)

        self.start(run, argument)
        return future

    def start(self, function: Callable[[A], None], argument: A) -> None:
        """Do as :meth:`submit`, with a function that raises nothing."""
        if len(self._threads) < self._most:
            self._threads.append(threading.Thread(target=self._run, name="s3rest", daemon=True))
            self._threads[-1].start()
        self._work.put((function, argument))

    def _run(self) -> None:
        while work := self._work.get():
            function, argument = work
            function(argument)
            del work, function, argument


_idle: list[_Threads] = []
# No thread survives a fork.
os.register_at_fork(after_in_child=_idle.clear)
