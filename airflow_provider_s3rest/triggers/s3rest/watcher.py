# SPDX-License-Identifier: Apache-2.0
"""What a trigger that watches needs: looks at S3 by its connection, and a place for what it knows."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_s3rest.hooks.waiting import open_account
from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.polling import Desk
from airflow_provider_s3rest.s3.watching.ledger import Ledger
from airflow_provider_s3rest.s3.watching.snapshots import read_version_ids, take_snapshot
from airflow_provider_s3rest.s3.watching.ticks import Outlook, Tick
from airflow_provider_s3rest.s3.watching.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable
    from contextlib import AbstractContextManager

    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.watching.ledger import StateStore
    from airflow_provider_s3rest.s3.watching.model import Snapshot
    from airflow_provider_s3rest.s3.watching.watch import Batch
    from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger

T = TypeVar("T")

log = logging.getLogger(__name__)

_BETWEEN_BATCHES_SECONDS = 1.0


def outlook(trigger: S3RestObjectTrigger) -> Outlook:
    """Return what looks at the prefix of a trigger; triggers that look at the same time share it."""
    terms = trigger.terms()
    same = ("snapshot", terms.bucket_name, terms.prefix, terms.max_objects)

    async def look(before: Snapshot | None) -> Snapshot:
        def take(s3: S3) -> Snapshot:
            return take_snapshot(s3, terms.bucket_name, terms.prefix, before=before, max_objects=terms.max_objects)

        return await _call(trigger, take, key=same)

    return Outlook(terms.where, look, terms.interval)


class Watcher:
    """One trigger, and what it has to tell."""

    def __init__(self, trigger: S3RestObjectTrigger) -> None:
        self._trigger = trigger
        self._terms = trigger.terms()
        name = self._terms.position_name(trigger.s3rest_conn_id)
        self._watch = Watch(self._terms.interest, Ledger(stores_of(trigger), name))

    async def payloads(self, tick: Tick) -> list[dict[str, Any]]:
        """Return what is to be told now; all that was told before is safe.

        Trouble is logged, and nothing is told then; the next tick tells it.
        """
        try:
            await self._watch.settle()
            if tick.snapshot is None:
                return []
            batch = await self._watch.look(tick.snapshot, tick.most)
            version_ids = await self._version_ids(batch)
            await self._watch.take(batch)
        except Exception as error:
            if is_passing(error):
                log.warning("%s: nothing can be told for now: %s", self._terms.where, error)
            else:
                log.exception("%s: nothing can be told for now", self._terms.where)
            return []
        tick.told |= bool(batch.changes)
        tick.more |= batch.more
        return [
            change.payload(self._terms.bucket_name, version_id)
            for change, version_id in zip(batch.told, version_ids, strict=True)
        ]

    async def _version_ids(self, batch: Batch) -> list[str | None]:
        there = [change.known for change in batch.told if change.kind != "deleted"]
        if not there:
            return [None] * len(batch.told)

        def read(s3: S3) -> list[str | None]:
            return read_version_ids(s3, self._terms.bucket_name, there)

        answers = iter(await _call(self._trigger, read))
        return [None if change.kind == "deleted" else next(answers) for change in batch.told]


async def alone(trigger: S3RestObjectTrigger) -> AsyncIterator[dict[str, Any]]:
    """Look and tell without a shared stream, as Airflow before 3.3 wants it."""
    watcher, looks = Watcher(trigger), outlook(trigger)
    with keep_open(trigger):
        while True:
            tick = Tick(await looks.snapshot())
            while True:
                for payload in await watcher.payloads(tick):
                    yield payload
                if not tick.more:
                    break
                # Meanwhile Airflow stores what it has got.
                await asyncio.sleep(_BETWEEN_BATCHES_SECONDS)
                tick = Tick(tick.snapshot)


def stores_of(trigger: S3RestObjectTrigger) -> tuple[StateStore, ...]:
    """Return the state of each asset that a trigger stands for; nothing before Airflow 3.3."""
    accessors = getattr(trigger, "asset_state_store", None)
    if accessors is None:
        return ()
    # Several assets can have one trigger; Airflow has no public way to them without their names.
    each = {**getattr(accessors, "_by_name", {}), **getattr(accessors, "_by_uri", {})}
    return tuple(each.values()) or (accessors,)


def keep_open(trigger: S3RestObjectTrigger) -> AbstractContextManager[object]:
    """Keep the connection of a trigger open between its looks."""
    return Desk.here().using(trigger.account, partial(open_account, *trigger.account))


async def _call(trigger: S3RestObjectTrigger, function: Callable[[S3], T], *, key: Hashable | None = None) -> T:
    return await Desk.here().call(trigger.account, partial(open_account, *trigger.account), function, key=key)
