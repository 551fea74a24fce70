# SPDX-License-Identifier: Apache-2.0
"""The one retry policy of all engines: what is worth another try, and how long to wait before it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList and the throttling codes of
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_TRANSIENT_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "Busy",
        "InternalError",
        "KMS.ThrottlingException",
        "KmsThrottled",
        "OverLimit",  # of SQS: too many messages of the queue are in flight
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
_TRANSIENT_STATUSES = frozenset({408, 429})
_NOT_IMPLEMENTED = 501
_SERVER_ERRORS = 500

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"})


class TransferCancelledError(Exception):
    """The transfer that this thread works for has failed elsewhere."""


class Cancellation(threading.Event):
    """Set when a transfer fails, and then also in every transfer that runs inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_urgent = False
        self.future: Future[None] = Future()
        """Done when it is set, for whoever waits for something else too."""
        self._lock = threading.Lock()
        self._inner: set[Cancellation] = set()

    def set(self, *, urgent: bool = False) -> None:
        """End the waits of this transfer and of those inside it.

        :param urgent: whether the process is to end, so that nobody waits for requests in flight either.
        """
        with self._lock:
            self.is_urgent |= urgent
            if not self.is_set():
                super().set()
                self.future.set_result(None)
            inner = tuple(self._inner)
        for cancellation in inner:
            cancellation.set(urgent=urgent)

    def check(self) -> None:
        """Do nothing while all goes well.

        :raises TransferCancelledError: the transfer has failed elsewhere.
        """
        if self.is_set():
            raise TransferCancelledError

    @contextmanager
    def inner(self) -> Iterator[Cancellation]:
        """Begin a transfer inside this one."""
        cancellation = Cancellation()
        with self._lock:
            self._inner.add(cancellation)
            late = self.is_set()
        if late:
            cancellation.set(urgent=self.is_urgent)
        try:
            yield cancellation
        finally:
            with self._lock:
                self._inner.discard(cancellation)


CANCELLED: ContextVar[Cancellation] = ContextVar("CANCELLED")
"""Set in the threads of a transfer: once it is set, nobody there waits or tries again."""


def is_transient(status: int, code: str) -> bool:
    """Whether the same request may go well later.

    :param status: of HTTP; 200 too can carry an error in its body.
    :param code: the service's error code; the status as text where the answer had no body.
    """
    if status == _NOT_IMPLEMENTED:
        return False
    return status >= _SERVER_ERRORS or status in _TRANSIENT_STATUSES or code in _TRANSIENT_CODES


class RetryPolicy(NamedTuple):
    """The waits between the tries of one request.

    :param delays_seconds: before each retry; their number is the number of retries.
    :param sleep: called with an event and the seconds; it ends early when the event is set or a signal raises.
    """

    delays_seconds: tuple[float, ...]
    sleep: Callable[[threading.Event, float], object] = threading.Event.wait

    def attempts(self) -> Attempts:
        """Begin one request."""
        return Attempts(self)


class Attempts:
    """One request's tries; ``retries`` counts those after the first, but for the remedies of :meth:`once`."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self.retries = 0
        self._done: set[str] = set()

    def once(self, remedy: str) -> bool:
        """Whether this remedy has not been tried for the request yet; from now on it has."""
        fresh = remedy not in self._done
        self._done.add(remedy)
        return fresh

    def wait(self) -> bool:
        """Wait until the next retry is due.

        :returns: False, at once, when none is left.
        :raises TransferCancelledError: the transfer has failed elsewhere meanwhile.
        """
        if self.retries >= len(self._policy.delays_seconds):
            return False
        cancelled = CANCELLED.get(None) or Cancellation()
        if not cancelled.is_set():
            self._policy.sleep(cancelled, self._policy.delays_seconds[self.retries])
        cancelled.check()
        self.retries += 1
        return True
