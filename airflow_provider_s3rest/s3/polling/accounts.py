# SPDX-License-Identifier: Apache-2.0
"""One account as all who wait in one event loop share it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_s3rest.exceptions import S3RestConnectionError, S3RestCredentialError
from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.polling.threads import Flights, Threads
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

# Keys are asked for one by one, each in a moment: so many answers are on their way at most. Listings keep the
# interpreter busy, which every thread that is busy too makes the event loop wait for. Calls may wait long for nothing.
_MOST_KEYS, _MOST_LISTINGS, _MOST_CALLS = 16, 4, 32


class Account:
    """An :class:`S3`, the threads that use it, and the polls that they look for.

    :param open_account: reads the connection and makes an ``S3`` of it. It must neither block nor look anywhere yet.
    :param now: a clock that nobody can set, in seconds.
    """

    def __init__(self, open_account: OpenAccount, now: Callable[[], float]) -> None:
        self.users = 0
        self.polls: dict[Target, Poll] = {}
        self.receivers: dict[str, Receiver] = {}
        """Who receives from each queue, by its URL."""
        self._open_account = open_account
        self._now = now
        self._flights = Flights()
        self._s3: S3 | None = None
        self._read_at = 0.0
        self._refresh: asyncio.Task[None] | None = None
        self._threads: dict[str, Threads] = {}

    def close(self) -> None:
        """Let everything end that is under way."""
        if self._refresh:
            self._refresh.cancel()
        for threads in self._threads.values():
            threads.dismiss()

    async def look(self, function: Callable[[S3], T], *, exact: bool) -> T:
        """Call a function that looks at one key, or else at a prefix."""
        allowed = (await self._opened()).connection.max_concurrency
        kind, most = ("keys", _MOST_KEYS) if exact else ("listings", _MOST_LISTINGS)
        return await self._call(function, kind, min(most, allowed))

    async def call(self, function: Callable[[S3], T]) -> T:
        """Call a function that may take its time."""
        return await self._call(function, "calls", _MOST_CALLS)

    async def is_passing(self, error: Exception) -> bool:
        """Tell whether an error may be gone later; in a thread, since telling that needs modules to be imported."""
        return await self._run(partial(is_passing, error), "judging", 1)

    async def _call(self, function: Callable[[S3], T], kind: str, most: int) -> T:
        s3 = await self._opened()
        try:
            return await self._run(partial(function, s3), kind, most)
        except Exception as error:
            # A refusal is believed when the connection has been read anew, and is still the same.
            changed = await self._changed(s3) if _may_be_mended(error) else None
            if changed is None:
                raise
        return await self._run(partial(function, changed), kind, most)

    async def _run(self, function: Callable[[], T], kind: str, most: int) -> T:
        threads = self._threads.get(kind)
        if threads is None:
            threads = self._threads[kind] = Threads(most)
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
