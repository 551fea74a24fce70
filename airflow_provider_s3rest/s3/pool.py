# SPDX-License-Identifier: Apache-2.0
"""Many requests at once for one transfer: bounded in number and memory, and all ended by the first failure."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_s3rest.s3.retry import CANCELLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

A = TypeVar("A")
B = TypeVar("B")


def concurrently(function: Callable[[A], B], items: Iterable[A], workers: int) -> list[B]:
    """Apply a function to every item, on threads.

    Items are taken only when a thread is free for them, so that they need not fit into memory together. At the first
    failure, and at Ctrl-C or a signal that raises, the requests in flight are let finish, no other begins, and nobody
    waits for a retry any more.

    :returns: the results in the order of the items.
    """
    cancelled = threading.Event()

    def run(item: A) -> B:
        CANCELLED.set(cancelled)
        return function(item)

    futures: list[Future[B]] = []
    in_flight: set[Future[B]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="s3rest") as executor:
        try:
            for item in items:
                if len(in_flight) >= workers:
                    in_flight = _reap(in_flight)
                futures.append(executor.submit(run, item))
                in_flight.add(futures[-1])
            while in_flight:
                in_flight = _reap(in_flight)
        except BaseException:
            cancelled.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _reap(in_flight: set[Future[B]]) -> set[Future[B]]:
    done, pending = wait(in_flight, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return pending
