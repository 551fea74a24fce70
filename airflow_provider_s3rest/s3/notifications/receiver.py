# SPDX-License-Identifier: Apache-2.0
"""One queue for all who wait in one event loop: what is received nudges those whom it concerns, and is then deleted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from airflow_provider_s3rest.s3.notifications.concerns import concerns

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.notifications.inbox import Inbox
    from airflow_provider_s3rest.s3.notifications.queue import Message
    from airflow_provider_s3rest.s3.waiting.model import Target


class Nudge(Protocol):
    """Somebody who wants to know when something has happened to a target."""

    def __call__(self, done: Callable[[], object]) -> object:
        """Hear of it.

        :param done: to be called once it has been dealt with. If it never is, the message comes again.
        """


class Receiver:
    """Receives from a queue as long as anybody has joined.

    Whoever watches a target is nudged for each message that names one of its keys. When all of them have done with a
    message, it is deleted. One that concerns nobody goes back to the queue, and so does one that is never done with,
    since whoever it concerned was cancelled or has failed.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._members: dict[object, Callable[[Exception], object]] = {}
        self._nudges: dict[Target, list[Nudge]] = {}
        self._receiving: asyncio.Task[None] | None = None

    def join(self, member: object, fail: Callable[[Exception], object]) -> None:
        """Receive for somebody too.

        :param fail: is told what keeps the queue from being received from, for good.
        """
        self._members[member] = fail
        if self._receiving is None or self._receiving.done():
            self._receiving = asyncio.get_running_loop().create_task(self._receive())

    def leave(self, member: object) -> bool:
        """Receive for somebody no longer.

        :returns: whether nobody is left. Then this receiver has ended.
        """
        self._members.pop(member, None)
        if self._members:
            return False
        self._inbox.close()
        if self._receiving:
            self._receiving.cancel()
        return True

    def watch(self, target: Target, nudge: Nudge) -> Callable[[], object]:
        """Nudge somebody from now on whenever a message names a key of a target.

        :returns: what ends this.
        """
        nudges = self._nudges.setdefault(target, [])
        nudges.append(nudge)

        def unwatch() -> None:
            nudges.remove(nudge)
            if not nudges and self._nudges.get(target) is nudges:
                del self._nudges[target]

        return unwatch

    async def settled(self) -> None:
        """Wait until the messages that are done with by now have been deleted."""
        await self._inbox.settled()

    async def _receive(self) -> None:
        try:
            while True:
                for message in await self._inbox.receive():
                    self._hand_over(message)
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            for fail in tuple(self._members.values()):
                fail(error)

    def _hand_over(self, message: Message) -> None:
        concerned = [
            nudge for target, nudges in self._nudges.items() if concerns(message, (target,)) for nudge in nudges
        ]
        if not concerned:
            self._inbox.give_back(message)
        left = len(concerned)

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._inbox.delete(message)

        for nudge in concerned:
            nudge(done)
