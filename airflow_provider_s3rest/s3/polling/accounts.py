# SPDX-License-Identifier: Apache-2.0
"""One account as all who wait in one event loop share it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from airflow_provider_s3rest.exceptions import S3RestConnectionError, S3RestCredentialError
from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.polling.key_listings import KeyListings
from airflow_provider_s3rest.s3.polling.threads import Flights, Threads, Turns
from airflow_provider_s3rest.s3.retry import EXPIRED_CODES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from airflow_provider_s3rest.s3.notifications.receiver import Receiver
    from airflow_provider_s3rest.s3.polling.polls import Poll
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.model import Target

    OpenAccount: TypeAlias = Callable[[], Awaitable[S3]]

T = TypeVar("T")

log = logging.getLogger(__name__)

REOPEN_SECONDS = 300.0
"""How long a changed connection may go unnoticed while nothing is refused."""


class _Kind(NamedTuple):
    """What threads are for.

    :param most: how many there may be.
    :param share: see :class:`~airflow_provider_s3rest.s3.polling.threads.Threads`.
    :param is_bounded: whether there may be no more than the connection allows requests in flight.
    """

    most: int
    share: int
    is_bounded: bool


_KEYS = _Kind(16, 8, is_bounded=True)
# Every thread that keeps the interpreter busy, as a listing does, makes the event loop wait for its turn.
_LISTINGS = _Kind(4, 1, is_bounded=True)
# They may wait long for nothing to happen.
_CALLS = _Kind(32, 1, is_bounded=False)


class Account:
    """An :class:`S3`, the threads that use it, and the polls that they look for.

    Whoever uses it enters it; with the last who leaves, everything ends that is under way.

    :param open_account: reads the connection and makes an ``S3`` of it. It must neither block nor look anywhere yet.
    :param now: a clock that nobody can set, in seconds.
    :param forget: is called at the end.
    """

    def __init__(
        self, open_account: OpenAccount, now: Callable[[], float], forget: Callable[[], object] = lambda: None
    ) -> None:
        self._users = 0
        self._forget = forget
        self.polls: dict[Target, Poll] = {}
        self.receivers: dict[str, Receiver] = {}
        """Who receives from each queue, by its URL."""
        self.turns = Turns()
        """Begins the looks that are due."""
        self.key_listings = KeyListings(partial(self.look, exact=False), now)
        """Lists instead of asking about many keys."""
        self._open_account = open_account
        self._now = now
        self._flights = Flights()
        self._s3: S3 | None = None
        self._read_at = 0.0
        self._refresh: asyncio.Task[None] | None = None
        self._threads: dict[_Kind, Threads] = {}

    def __enter__(self) -> Self:
        self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._users -= 1
        if self._users:
            return
        self._forget()
        if self._refresh:
            self._refresh.cancel()
        for threads in self._threads.values():
            threads.dismiss()

    def receiver(self, queue_url: str) -> Receiver:
        """Return who receives from a queue."""
        receiver = self.receivers.get(queue_url)
        if receiver is None:
            from airflow_provider_s3rest.s3.notifications.inbox import Inbox
            from airflow_provider_s3rest.s3.notifications.receiver import Receiver

            receiver = self.receivers[queue_url] = Receiver(Inbox(self, queue_url))
        return receiver

    async def look(self, function: Callable[[S3], T], *, exact: bool) -> T:
        """Call a function that looks at one key, or else at a prefix."""
        return await self._call(function, _KEYS if exact else _LISTINGS)

    async def call(self, function: Callable[[S3], T]) -> T:
        """Call a function that may take its time."""
        return await self._call(function, _CALLS)

    async def is_passing(self, error: Exception) -> bool:
        """Tell whether an error may be gone later; in a thread, since telling that needs modules to be imported."""
        return await self._run(partial(is_passing, error), _CALLS)

    async def _call(self, function: Callable[[S3], T], kind: _Kind) -> T:
        s3 = await self._opened()
        try:
            return await self._run(partial(function, s3), kind)
        except Exception as error:
            # A refusal is believed when the connection has been read anew, and is still the same.
            changed = await self._changed(s3) if _may_be_mended(error) else None
            if changed is None:
                raise
        return await self._run(partial(function, changed), kind)

    async def _run(self, function: Callable[[], T], kind: _Kind) -> T:
        threads = self._threads.get(kind)
        if threads is None:
            allowed = self._s3.connection.max_concurrency if self._s3 and kind.is_bounded else kind.most
            threads = self._threads[kind] = Threads(min(kind.most, allowed), kind.share)
        return await threads.run(function)

    async def _opened(self) -> S3:
        if self._s3 is None:
            return await self._flights.join("read", self._read)
        if self._now() - self._read_at >= REOPEN_SECONDS:
            # Nobody waits for it.
            self._read_at = self._now()
            self._refresh = asyncio.get_running_loop().create_task(self._read_again())
        return self._s3

    async def _read(self) -> S3:
        s3 = await self._open_account()
        self._read_at = self._now()
        # One that is still the same has its clients and credentials already.
        if self._s3 is None or self._s3.connection != s3.connection:
            self._s3 = s3
        return self._s3

    async def _read_again(self) -> None:
        try:
            await self._flights.join("read", self._read)
        except Exception as error:  # noqa: BLE001 - whatever Airflow raises, what was read before stays in force
            log.warning("The connection could not be read anew, and stays as it was: %s", error)

    async def _changed(self, refused: S3) -> S3 | None:
        """Return what the connection has become since it was refused; None if it is still the same."""
        if self._s3 is refused:
            await self._read_again()
        return self._s3 if self._s3 is not refused else None


def _may_be_mended(error: Exception) -> bool:
    """Whether another connection might be let in where this one was refused."""
    if isinstance(error, S3RestCredentialError):
        return not error.retryable
    if isinstance(error, S3RestConnectionError):
        return True
    # Of botocore, which whoever raised it has imported; the answer to a HEAD tells no more than its status.
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return False
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in (401, 403) or answer.get("Error", {}).get("Code") in {"400", *EXPIRED_CODES}
