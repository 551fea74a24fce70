# SPDX-License-Identifier: Apache-2.0
"""One watcher: its position, what it has to tell, and what it has told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.watching.changes import differences
from airflow_provider_s3rest.s3.watching.intent import fits
from airflow_provider_s3rest.s3.watching.ledger import DisplacedError
from airflow_provider_s3rest.s3.watching.position import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from airflow_provider_s3rest.s3.watching.ledger import Ledger
    from airflow_provider_s3rest.s3.watching.model import Change, Kind, Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interest:
    """What a watcher wants to be told.

    :param is_meant: tells by its key whether an object is watched; None if all are.
    :param existing: whether what is there at the first look of all counts as new.
    """

    kinds: Collection[Kind]
    is_meant: Callable[[str], bool] | None = None
    existing: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be told next.

    :param told: of the changes, those that the watcher wants to be told.
    :param more: whether that is not all.
    :param again: whether an earlier watcher was about to tell it when it died.
    """

    changes: list[Change]
    told: list[Change]
    more: bool
    again: bool = False


class Watch:
    """Compares snapshots with its own position, and moves that past what was told once that is safe."""

    def __init__(self, interest: Interest, ledger: Ledger) -> None:
        self._interest = interest
        self._ledger = ledger
        self._position: Position | None = None
        self._seen: Snapshot | None = None
        self._left: deque[Change] = deque()
        self._again: list[Change] = []
        self._taken: list[Change] = []
        self._stored = True

    async def look(self, snapshot: Snapshot, most: int) -> Batch:
        """Return what is to be told next, in the order of keys; :meth:`take` says that it is being told.

        :param most: how many at most.
        """
        # What an empty one knows is nothing, and that is known.
        position = await self._begin(snapshot) if self._position is None else self._position
        if self._again:
            told = [change for change in self._again if change.kind in self._interest.kinds]
            return Batch(self._again, told, more=True, again=True)
        if snapshot is not self._seen:
            self._left = await asyncio.to_thread(self._compare, position, snapshot)
            self._seen = snapshot
        batch = self._first(most)
        while not fits(batch.told):
            batch = self._first(len(batch.told) // 2)
        return batch

    async def take(self, batch: Batch) -> None:
        """Take note that a batch is being told from now on.

        :raises Exception: that can't be written down; it must not be told then.
        """
        if batch.told:
            await self._ledger.intend(batch.told)
        self._taken += batch.changes
        if batch.again:
            self._again = []
        else:
            self._left = deque(islice(self._left, len(batch.changes), None))

    async def settle(self) -> None:
        """Move the position past all that was taken, since it is safe now, and store it.

        If that fails, the next call stores it.
        """
        if self._position is None:
            return
        if self._taken:
            self._stored = False
            await asyncio.to_thread(self._position.move, self._taken)
            self._taken = []
        if not self._stored:
            await self._store(self._position)

    async def _store(self, position: Position) -> None:
        try:
            await self._ledger.save(position)
        except DisplacedError as error:
            log.warning("Position %s has been stored by somebody else, or cleared: it is read again", error)
            self._position = self._seen = None
            self._again = []
        self._stored = True

    async def _begin(self, snapshot: Snapshot) -> Position:
        position, self._again = await self._ledger.load()
        if position is None:
            self._stored = False
            is_meant, known = self._interest.is_meant, snapshot.objects
            if self._interest.existing:
                known = ()
            elif is_meant:
                known = await asyncio.to_thread(lambda: tuple(each for each in known if is_meant(each.key)))
            position = self._position = Position(known)
            log.info("The watch begins with %d known objects", len(known))
            await self._store(position)
        else:
            await asyncio.to_thread(position.share, snapshot)
            self._position = position
        return position

    def _first(self, most: int) -> Batch:
        changes: list[Change] = []
        told: list[Change] = []
        for change in self._left:
            if change.kind in self._interest.kinds:
                if len(told) == most:
                    break
                told.append(change)
            changes.append(change)
        return Batch(changes, told, more=len(changes) < len(self._left))

    def _compare(self, position: Position, snapshot: Snapshot) -> deque[Change]:
        return deque(differences(position.objects(), snapshot.objects, self._interest.is_meant))
