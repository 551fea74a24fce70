# SPDX-License-Identifier: Apache-2.0
"""A queue in an event loop: its requests are made elsewhere, trouble that may pass is waited through."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from airflow_provider_s3rest.s3.notifications.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from airflow_provider_s3rest.s3.notifications.queue import Message
    from airflow_provider_s3rest.s3.store import S3

T = TypeVar("T")

log = logging.getLogger(__name__)

_FIRST_BACK_OFF_SECONDS, _LONGEST_BACK_OFF_SECONDS = 1.0, 300.0
_MOST_DOUBLINGS = 16


class Caller(Protocol):
    """Makes blocking calls for an event loop, as the desk does."""

    async def call(self, function: Callable[[S3], T]) -> T:
        """Call a function in a thread."""

    async def is_passing(self, error: Exception) -> bool:
        """Tell whether an error may be gone later."""


class Inbox:
    """Receives messages, and does away with them later, many at once.

    :param caller: makes the requests.
    :param sleep: waits before the next try.
    """

    def __init__(
        self, caller: Caller, queue_url: str, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self.queue_url = queue_url
        self._caller = caller
        self._sleep = sleep
        self._failures = 0
        self._is_closed = False
        self._done: list[str] = []
        self._hidden: dict[str, int] = {}
        self._unwanted: list[Message] = []
        self._settling: asyncio.Task[None] | None = None

    async def receive(self, *, patient: bool = False) -> list[Message]:
        """Wait for messages for up to 20 s, and longer while the queue can't be received from.

        :param patient: whether to wait through refusals, too.
        :returns: those that came; none after 20 s.
        :raises Exception: the queue is refused, or is not there.
        """
        while True:
            try:
                messages = await self._caller.call(self._receive)
            except Exception as error:
                passing = await self._caller.is_passing(error)
                if not (passing or patient):
                    raise
                await self._wait(error, passing=passing)
                continue
            if self._failures:
                log.info("%s can be received from again", self.queue_url)
            self._failures = 0
            return messages

    def close(self) -> None:
        """Have nothing wait for what a request still finds that is under way, and can't be called off."""
        self._is_closed = True

    def delete(self, message: Message) -> None:
        """Delete a message that is done with, soon."""
        self._done.append(message.receipt)
        self._settle()

    def give_back(self, message: Message) -> None:
        """Leave a message to others."""
        self._unwanted.append(message)
        self._settle()

    def hide(self, message: Message, seconds: int) -> None:
        """Set how long nobody sees a message; 0 to have it seen by all at once."""
        self._hidden[message.receipt] = seconds
        self._settle()

    async def settled(self) -> None:
        """Wait until all that was asked for so far has been done, or has failed."""
        if self._settling:
            await asyncio.wait((self._settling,))

    def _receive(self, s3: S3) -> list[Message]:
        queue = Queue(s3, self.queue_url)
        messages = queue.receive()
        if self._is_closed:
            queue.hide({message.receipt: 0 for message in messages})
        return messages

    async def _wait(self, error: Exception, *, passing: bool) -> None:
        if not passing:
            log.error("%s can't be received from, and is tried again: %s", self.queue_url, error)
        elif not self._failures:
            log.warning("%s can't be received from at present, and is tried again: %s", self.queue_url, error)
        doublings = min(self._failures, _MOST_DOUBLINGS)
        self._failures += 1
        await self._sleep(min(_FIRST_BACK_OFF_SECONDS * 2**doublings, _LONGEST_BACK_OFF_SECONDS))

    def _settle(self) -> None:
        if self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle_all())

    async def _settle_all(self) -> None:
        try:
            while self._done or self._unwanted or self._hidden:
                everything = self._done, self._unwanted, self._hidden
                self._done, self._unwanted, self._hidden = [], [], {}
                await self._caller.call(partial(self._do, *everything))
        except Exception as error:  # noqa: BLE001 - they come again, and are done with again
            log.warning("Messages of %s can't be deleted or left to others, and come again: %s", self.queue_url, error)
        finally:
            self._settling = None

    def _do(self, done: list[str], unwanted: list[Message], hidden: dict[str, int], s3: S3) -> None:
        queue = Queue(s3, self.queue_url)
        queue.delete(done)
        queue.give_back(unwanted)
        queue.hide(hidden)
