# SPDX-License-Identifier: Apache-2.0
"""Many requests at once for one transfer: bounded in number and memory, and all ended by the first failure."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

A = TypeVar("A")
B = TypeVar("B")


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
    is a part of, and at Ctrl-C or a signal that raises, the requests in flight are let finish, no other begins, and
    nobody waits for a retry any more.
    """
    outer = CANCELLED.get(None) or Cancellation()
    with outer.inner() as cancelled, ThreadPoolExecutor(workers, thread_name_prefix="s3rest") as executor:

        def run(item: A) -> None:
            CANCELLED.set(cancelled)
            function(item)

        in_flight: set[Future[None]] = set()
        try:
            for item in items:
                if len(in_flight) >= workers:
                    in_flight = _reap(in_flight)
                cancelled.check()
                in_flight.add(executor.submit(run, item))
            while in_flight:
                in_flight = _reap(in_flight)
        except BaseException:
            cancelled.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _reap(in_flight: set[Future[None]]) -> set[Future[None]]:
    done, pending = wait(in_flight, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return pending
