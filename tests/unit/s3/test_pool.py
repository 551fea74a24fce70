# SPDX-License-Identifier: Apache-2.0
"""Work on threads: bounded, and ended as a whole."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.pool import clear_up, concurrently, for_each, interruptibly
from airflow_provider_s3rest.s3.retry import CANCELLED, RetryPolicy, TransferCancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@pytest.fixture
def stalled() -> Iterator[threading.Event]:
    """What a request waits for that gets no answer."""
    never = threading.Event()
    yield never
    never.set()


def _interrupted_after(started: threading.Event, items: int) -> Iterator[int]:
    yield from range(items)
    started.wait()
    raise KeyboardInterrupt


def test_an_interrupt_leaves_requests_behind(stalled: threading.Event) -> None:
    """The process is to end: nobody waits for an answer that does not come."""
    started = threading.Event()

    def work(_: int) -> None:
        started.set()
        stalled.wait()

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        for_each(work, _interrupted_after(started, 2), 4)
    assert time.monotonic() - began < 2


def test_a_failure_lets_requests_finish() -> None:
    """Unlike an interrupt: what is sent may still arrive, and is to be cleared up."""
    failed, done = threading.Event(), threading.Event()

    def work(item: int) -> None:
        if item:
            raise KeyError(item)
        failed.wait()
        done.set()

    threading.Timer(0.1, failed.set).start()
    with pytest.raises(KeyError):
        for_each(work, [0, 1], 2)
    assert done.is_set()


def test_a_transfer_inside_an_interrupted_one_clears_up(stalled: threading.Event) -> None:
    """It is woken though its own requests get no answer, and is given the time for it."""
    started, cleared = threading.Event(), threading.Event()

    def send(_: int) -> None:
        started.set()
        stalled.wait()

    def upload(_: int) -> None:
        try:
            for_each(send, range(2), 2)
        except BaseException as error:
            clear_up(cleared.set, error)
            raise

    with pytest.raises(KeyboardInterrupt):
        for_each(upload, _interrupted_after(started, 1), 2)
    assert cleared.is_set()


def test_clearing_up_is_patient_after_a_failure() -> None:
    """It has all the retries of any request, though the transfer that it belongs to has none left."""
    waits: list[float] = []
    policy = RetryPolicy(delays_seconds=(10.0,), sleep=lambda _, seconds: waits.append(seconds))

    def work(_: int) -> None:
        CANCELLED.get().set()
        clear_up(lambda: policy.attempts().wait(), KeyError())

    with pytest.raises(TransferCancelledError):
        for_each(work, [0], 1)
    assert waits == [10.0]


def test_clearing_up_is_quick_after_an_interrupt(stalled: threading.Event) -> None:
    """No retries, and no waiting for an answer that does not come; what went wrong is told."""
    policy = RetryPolicy(delays_seconds=(10.0,))
    with pytest.raises(TransferCancelledError):
        clear_up(lambda: policy.attempts().wait(), KeyboardInterrupt())
    with pytest.raises(TimeoutError):
        clear_up(stalled.wait, KeyboardInterrupt())


def test_a_signal_is_heard_during_a_call_that_hears_none(stalled: threading.Event) -> None:
    """The call is left behind, and the next one is made by another thread."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1))
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            interruptibly(lambda _: stalled.wait(), None)
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR1, usual)
    assert interruptibly(abs, -1) == 1


def test_a_call_on_any_other_thread_is_made_there() -> None:
    """No signal is heard there anyhow."""
    found = concurrently(lambda _: interruptibly(lambda _: threading.current_thread(), None), [0], 1)
    assert found[0] is not threading.main_thread()


def test_the_errors_of_a_call_are_raised() -> None:
    """And the thread that made it serves the next one."""
    with pytest.raises(ZeroDivisionError):
        interruptibly(lambda number: 1 / number, 0)
    first = interruptibly(lambda _: threading.current_thread(), None)
    assert interruptibly(lambda _: threading.current_thread(), None) is first


def test_no_thread_outlives_its_work() -> None:
    """A process that forks afterwards has none of them."""
    before = threading.active_count()
    for_each(lambda _: None, range(20), 8)
    assert threading.active_count() == before
