# SPDX-License-Identifier: Apache-2.0
"""Tests of the retry policy by itself."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation, RetryPolicy, TransferCancelledError, is_transient


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalError"),
        (502, "502"),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
        (504, "504"),
        (429, "429"),
        (408, "408"),
        (400, "RequestTimeout"),
        (400, "Throttling"),
        (403, "RequestLimitExceeded"),
        (200, "InternalError"),
        (200, "SlowDown"),
    ],
)
def test_passing_troubles(status: int, code: str) -> None:
    """Server errors, throttling and timeouts are worth another try, whatever their status."""
    assert is_transient(status, code)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (501, "NotImplemented"),
        (501, "SlowDown"),
        (400, "ExpiredToken"),
        (400, "400"),
        (403, "AccessDenied"),
        (403, "RequestTimeTooSkewed"),
        (404, "NoSuchKey"),
        (412, "PreconditionFailed"),
        (409, "OperationAborted"),
        (301, "PermanentRedirect"),
    ],
)
def test_lasting_troubles(status: int, code: str) -> None:
    """What the client did wrong, and what the server can't do, stays so."""
    assert not is_transient(status, code)


@given(st.integers(400, 499).filter(lambda status: status not in {408, 429}))
def test_no_other_4xx_is_retried(status: int) -> None:
    """A 4xx without a code that says otherwise is final."""
    assert not is_transient(status, str(status))


@given(st.lists(st.floats(0, 1000), max_size=8).map(tuple))
def test_each_delay_is_waited_once(delays: tuple[float, ...]) -> None:
    """As many retries as delays, each after its own."""
    waited: list[float] = []
    attempts = RetryPolicy(delays_seconds=delays, sleep=lambda _, seconds: waited.append(seconds)).attempts()
    while attempts.wait():
        pass
    assert tuple(waited) == delays


def test_a_remedy_is_tried_once() -> None:
    """The second request for the same remedy is refused, another one's first is not."""
    attempts = RetryPolicy(delays_seconds=()).attempts()
    assert [attempts.once("a"), attempts.once("a"), attempts.once("b")] == [True, False, True]


def test_nobody_waits_once_the_transfer_has_failed() -> None:
    """A set event ends the wait before it begins."""
    waited: list[float] = []
    cancelled = Cancellation()
    cancelled.set()
    token = CANCELLED.set(cancelled)
    try:
        with pytest.raises(TransferCancelledError):
            RetryPolicy(delays_seconds=(300,), sleep=lambda _, seconds: waited.append(seconds)).attempts().wait()
    finally:
        CANCELLED.reset(token)
    assert not waited


def test_a_wait_ends_when_the_transfer_fails() -> None:
    """A thread that sleeps for minutes wakes up at once."""
    cancelled = Cancellation()
    threading.Timer(0.02, cancelled.set).start()
    token = CANCELLED.set(cancelled)
    try:
        with pytest.raises(TransferCancelledError):
            RetryPolicy(delays_seconds=(300,)).attempts().wait()
    finally:
        CANCELLED.reset(token)


def test_a_signal_ends_a_wait() -> None:
    """SIGTERM under Airflow raises in the main thread, which does not sleep on."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            RetryPolicy(delays_seconds=(300,)).attempts().wait()
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR1, usual)
