# SPDX-License-Identifier: Apache-2.0
"""Hands the notifications of a bucket to all triggers that watch by its queue, without asking S3 for anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_s3rest.hooks.waiting import open_account
from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.notifications.events import payloads
from airflow_provider_s3rest.s3.notifications.inbox import Inbox
from airflow_provider_s3rest.triggers.s3rest.watcher import keep_open

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from airflow_provider_s3rest.s3.notifications.queue import Message
    from airflow_provider_s3rest.s3.polling import Desk
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.watching.terms import Terms
    from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Delivery:
    """A message on its way to the triggers.

    :param wanted: whether one of them has told something of it.
    """

    inbox: Inbox
    message: Message
    wanted: bool = False

    def tell(self, terms: Terms) -> list[dict[str, Any]]:
        """Return what it says to one trigger."""
        interest = terms.interest
        told = list(payloads(self.message, terms.bucket_name, terms.prefix, interest.kinds, interest.is_meant))
        self.wanted |= bool(told)
        return told

    def finish(self, *, clean: bool) -> None:
        """Delete the message if all is told of it, or else leave it to whoever comes.

        :param clean: whether everybody has come to terms with it.
        """
        if clean and self.wanted:
            self.inbox.delete(self.message)
        else:
            self.inbox.give_back(self.message)


@dataclass(frozen=True, slots=True)
class _Calls:
    """Blocking calls by the connection of a trigger."""

    desk: Desk
    trigger: S3RestObjectTrigger

    async def call(self, function: Callable[[S3], T]) -> T:
        """Call a function in a thread."""
        account = self.trigger.account
        return await self.desk.call(account, partial(open_account, *account), function)

    async def is_passing(self, error: Exception) -> bool:
        """Tell whether an error may be gone later; in a thread, since that needs modules to be imported."""
        return await asyncio.to_thread(is_passing, error)


def inbox_of(trigger: S3RestObjectTrigger) -> Inbox:
    """Return what receives from the queue of a trigger."""
    from airflow_provider_s3rest.s3.polling import Desk

    return Inbox(_Calls(Desk.here(), trigger), trigger.terms().queue_url or "")


async def alone(trigger: S3RestObjectTrigger) -> AsyncIterator[dict[str, Any]]:
    """Receive and tell without a shared stream, as Airflow before 3.3 wants it.

    A message is deleted once the next event is asked for: Airflow has the one before then, though maybe not stored.
    """
    terms, inbox = trigger.terms(), inbox_of(trigger)
    try:
        with keep_open(trigger):
            while True:
                for delivery in [Delivery(inbox, each) for each in await inbox.receive(patient=True)]:
                    for payload in delivery.tell(terms):
                        yield payload
                    delivery.finish(clean=True)
    finally:
        inbox.close()
