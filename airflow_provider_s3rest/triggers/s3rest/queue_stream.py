# SPDX-License-Identifier: Apache-2.0
"""Receives from a queue for all triggers that watch by it. For Airflow 3.3 and later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

from airflow_provider_s3rest.s3.notifications.queue import HIDDEN_SECONDS
from airflow_provider_s3rest.triggers.s3rest.objects import load_watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Sequence

    from airflow_provider_s3rest.s3.notifications.inbox import Inbox
    from airflow_provider_s3rest.triggers.s3rest.notified import Delivery
    from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger

# Below the 1,024 that Airflow lets wait for a trigger before it ends that.
_MOST_UNDER_WAY = 500
_KEPT_AFTER_SECONDS = HIDDEN_SECONDS / 2


class QueueProducer(SharedStreamProducer):
    """Hands every message to all triggers, and deletes it when all that they told of it is in Airflow's database.

    Until then it is kept hidden. One that a trigger did not come to terms with goes back to the queue.
    """

    def __init__(self, trigger: S3RestObjectTrigger) -> None:
        self._trigger = trigger
        self._inbox: Inbox | None = None
        self._under_way: set[Delivery] = set()
        self._changed = asyncio.Event()

    async def open_stream(self) -> AsyncIterator[tuple[Delivery, Delivery]]:
        """Receive for ever."""
        await load_watcher()
        from airflow_provider_s3rest.triggers.s3rest.notified import Delivery, inbox_of
        from airflow_provider_s3rest.triggers.s3rest.watcher import keep_open

        inbox = self._inbox = inbox_of(self._trigger)
        keeping = asyncio.create_task(self._keep_hidden(inbox))
        try:
            with keep_open(self._trigger):
                while True:
                    while len(self._under_way) >= _MOST_UNDER_WAY:
                        self._changed.clear()
                        await self._changed.wait()
                    for delivery in [Delivery(inbox, each) for each in await inbox.receive(patient=True)]:
                        self._under_way.add(delivery)
                        yield delivery, delivery
        finally:
            keeping.cancel()

    def get_advance_lane(self, broker_payload: Delivery) -> Hashable:
        """Let no message wait for another."""
        return broker_payload.message.receipt

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Delete messages, or give them back; that is done later, many at once."""
        for item in batch:
            delivery: Delivery = item.broker_payload
            self._under_way.discard(delivery)
            delivery.finish(clean=item.outcome.is_clean)
        self._changed.set()

    async def aclose(self) -> None:
        """Show to others what is still under way."""
        if self._inbox:
            self._inbox.close()
            for delivery in self._under_way:
                self._inbox.hide(delivery.message, 0)
            await self._inbox.settled()

    async def _keep_hidden(self, inbox: Inbox) -> None:
        while True:
            before = tuple(self._under_way)
            await asyncio.sleep(_KEPT_AFTER_SECONDS)
            for delivery in self._under_way.intersection(before):
                inbox.hide(delivery.message, HIDDEN_SECONDS)
