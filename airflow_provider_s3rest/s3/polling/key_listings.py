# SPDX-License-Identifier: Apache-2.0
"""Many keys of one folder that are due for a look at the same time: one listing tells which of them are not there."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from airflow_provider_s3rest.s3.waiting.looking import absent_keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.model import Target

log = logging.getLogger(__name__)

KEYS_PER_PAGE = 13
"""So many HEADs cost more than one page of a listing does: https://aws.amazon.com/s3/pricing/ (0.0004 and 0.005 dollars
for 1,000)."""
NOT_AGAIN_SECONDS = 600.0
"""How long a folder is left alone where a listing was of no use: it is too long, few keys are absent, it is refused."""


class _Asked(NamedTuple):
    key: str
    answer: asyncio.Future[datetime | None]


class _Folder(NamedTuple):
    bucket_name: str
    prefix: str


class KeyListings:
    """Answers for keys of an account that are absent.

    :param listing: calls a function that lists, in a thread.
    :param now: a clock that nobody can set, in seconds.
    """

    def __init__(
        self,
        listing: Callable[[Callable[[S3], dict[str, datetime]]], Awaitable[dict[str, datetime]]],
        now: Callable[[], float],
    ) -> None:
        self._listing = listing
        self._now = now
        self._folders: dict[_Folder, list[_Asked]] = {}
        self._count = 0
        self._left_alone: dict[_Folder, float] = {}
        """Until when."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def absent_at(self, target: Target) -> datetime | None:
        """Tell when a listing that many keys share has shown that one of them is absent.

        :returns: None if this key has to be asked about by itself: it is there, or that costs less.
        """
        loop = asyncio.get_running_loop()
        if not self._folders:
            loop.call_soon(self._begin, 0)
        folder = _Folder(target.bucket_name, target.name[: target.name.rfind("/") + 1])
        asked = _Asked(target.name, loop.create_future())
        self._folders.setdefault(folder, []).append(asked)
        self._count += 1
        return await asked.answer

    def _begin(self, before: int) -> None:
        loop = asyncio.get_running_loop()
        if self._count > before:
            # Those who are due at the same time come one after the other.
            loop.call_soon(self._begin, self._count)
            return
        folders, self._folders, self._count = self._folders, {}, 0
        for folder, asked in folders.items():
            if len(asked) < KEYS_PER_PAGE or self._left_alone.get(folder, 0.0) > self._now():
                _answer(asked, {})
                continue
            task = loop.create_task(self._list(folder, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _list(self, folder: _Folder, asked: list[_Asked]) -> None:
        keys = [each.key for each in asked]
        pages = len(keys) // KEYS_PER_PAGE
        function = partial(absent_keys, bucket_name=folder.bucket_name, keys=keys, most_pages=pages)
        absent: dict[str, datetime] = {}
        try:
            absent = await self._listing(function)
        except Exception as error:  # noqa: BLE001 - each key that is asked about by itself tells whoever waits for it
            log.info(
                "Bucket %s is asked about one key at a time, since it can't be listed: %s", folder.bucket_name, error
            )
        finally:
            if len(absent) < KEYS_PER_PAGE:
                now = self._now()
                self._left_alone = {each: until for each, until in self._left_alone.items() if until > now}
                self._left_alone[folder] = now + NOT_AGAIN_SECONDS
            _answer(asked, absent)


def _answer(asked: list[_Asked], absent: dict[str, datetime]) -> None:
    for each in asked:
        if not each.answer.done():
            each.answer.set_result(absent.get(each.key))
