# SPDX-License-Identifier: Apache-2.0
"""Many requests at once for one transfer: bounded in number and memory, and all ended by the first failure.

Every thread is a daemon: whatever it is busy with, a signal is heard and the process can end.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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

        def run(item: A) -> None:
            CANCELLED.set(cancelled)
            function(item)

        in_flight: set[Future[None]] = set()
        try:
            for item in items:
                if len(in_flight) >= workers:
                    in_flight = _reap(in_flight, cancelled)
                cancelled.check()
                in_flight.add(threads.submit(run, item))
            while in_flight:
                in_flight = _reap(in_flight, cancelled)
        except BaseException as error:
            cancelled.set(urgent=not isinstance(error, Exception))
            grace = _INNER_GRACE_SECONDS if outer else _GRACE_SECONDS
            wait(in_flight, grace if cancelled.is_urgent else None)
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


def _reap(in_flight: set[Future[None]], cancelled: Cancellation) -> set[Future[None]]:
    done, _ = wait({*in_flight, cancelled.future}, return_when=FIRST_COMPLETED)
    for future in done & in_flight:
        future.result()
    cancelled.check()
    return in_flight - done


class _Threads:
    """Daemon threads that call functions, each begun when it is first needed.

    Those of ``concurrent.futures`` would keep the process from ending.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[tuple[Future[Any], Callable[[Any], Any], Any] | None] = SimpleQueue()

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
        if len(self._threads) < self._most:
            self._threads.append(threading.Thread(target=self._run, name="s3rest", daemon=True))
            self._threads[-1].start()
        self._work.put((future, function, argument))
        return future

    def _run(self) -> None:
        while work := self._work.get():
            future, function, argument = work
            try:
                future.set_result(function(argument))
            except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
                future.set_exception(error)
            del work, future, function, argument


_idle: list[_Threads] = []
# No thread survives a fork.
os.register_at_fork(after_in_child=_idle.clear)
