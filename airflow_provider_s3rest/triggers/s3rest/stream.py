# SPDX-License-Identifier: Apache-2.0
"""Looks at a prefix for all triggers that watch it. For Airflow 3.3 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

from airflow_provider_s3rest.s3.watching.ticks import Pace, Tick
from airflow_provider_s3rest.triggers.s3rest.objects import load_watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger


class PollingProducer(SharedStreamProducer):
    """Shows every look to all triggers, the next only when all that they told of the last is in Airflow's database.

    So a trigger that is shown something knows that all it told before is safe.
    """

    def __init__(self, trigger: S3RestObjectTrigger) -> None:
        self._trigger = trigger
        self._pace = Pace()

    async def open_stream(self) -> AsyncIterator[tuple[Tick, Tick]]:
        """Look for ever."""
        await load_watcher()
        from airflow_provider_s3rest.triggers.s3rest import watcher

        looks = watcher.outlook(self._trigger)
        with watcher.keep_open(self._trigger):
            while True:
                snapshot, more = await looks.snapshot(), True
                while more:
                    tick = Tick(snapshot, self._pace.most)
                    yield tick, tick
                    await tick.over.wait()
                    self._pace.learn(tick)
                    if tick.told:
                        safe = Tick(None)
                        yield safe, safe
                        await safe.over.wait()
                    more = tick.more and not looks.is_due

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Take note that a look is over for all triggers."""
        for item in batch:
            item.broker_payload.failed = item.outcome.failed > 0
            item.broker_payload.over.set()
