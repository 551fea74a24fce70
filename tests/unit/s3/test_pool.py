# SPDX-License-Identifier: Apache-2.0
"""Work on threads: bounded, and ended as a whole."""

from __future__ import annotations

import threading

import pytest

from airflow_provider_s3rest.s3.pool import concurrently, for_each
from airflow_provider_s3rest.s3.retry import CANCELLED, RetryPolicy, TransferCancelledError


def test_results_come_in_the_order_of_the_items() -> None:
    """Whichever thread was the first."""
    assert concurrently(lambda item: item * 2, range(50), 4) == [item * 2 for item in range(50)]


def test_the_failure_of_a_transfer_ends_the_waits_inside_its_parts() -> None:
    """A part that would wait five minutes for its retry gives up as soon as another item has failed."""
    waiting = threading.Event()

    def wait_for_ever(_: int) -> None:
        waiting.set()
        RetryPolicy(delays_seconds=(300.0,)).attempts().wait()

    def work(item: int) -> None:
        if item == 0:
            for_each(wait_for_ever, [0], 1)
        else:
            waiting.wait()
            raise KeyError(item)

    with pytest.raises(KeyError):
        for_each(work, [0, 1], 2)


def test_no_part_begins_when_its_transfer_is_over() -> None:
    """Also where the transfer ended just before."""
    begun: list[int] = []

    def work(_: int) -> None:
        CANCELLED.get().set()
        for_each(begun.append, [1, 2], 1)

    with pytest.raises(TransferCancelledError):
        for_each(work, [0], 1)
    assert begun == []
