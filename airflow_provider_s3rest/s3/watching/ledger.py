# SPDX-License-Identifier: Apache-2.0
"""Where a position is stored: in the state of every asset that the watcher stands for."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_s3rest.s3.watching.intent import read_intent, write_intent
from airflow_provider_s3rest.s3.watching.position import Head, Position, PositionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.watching.model import Change
    from airflow_provider_s3rest.s3.watching.position import Writes

log = logging.getLogger(__name__)


class DisplacedError(Exception):
    """Somebody else has stored another position since, or has deleted it."""


class StateStore(Protocol):
    """Small values by their names."""

    async def aget(self, key: str) -> Any:
        """Return a value; None where there is none."""

    async def aset(self, key: str, value: Any) -> None:
        """Store a value for JSON."""

    async def adelete(self, key: str) -> None:
        """Delete a value; what is not there counts as deleted."""


class Ledger:
    """Stores one position, in any number of stores alike; in none, it lives as long as this object.

    :param name: of the position; several may be in one store.
    """

    def __init__(self, stores: Sequence[StateStore], name: str) -> None:
        self._stores = stores
        self._name = name
        self._expected: list[Any] = [None] * len(stores)
        self._stored: list[Head | None] = [None] * len(stores)
        self._everything = False

    async def load(self) -> tuple[Position | None, list[Change]]:
        """Read the position; of several, the latest. What is damaged is reported, and is not known then.

        :returns: None if there is none yet; and what was about to be told then.
        :raises PositionError: it was stored by a newer version of this provider.
        """
        self._expected = [await store.aget(self._name) for store in self._stores]
        heads = [(_read_head(stored), number) for number, stored in enumerate(self._expected) if stored is not None]
        if not heads:
            return None, []
        latest, number = max(heads, key=lambda head: (head[0].at, head[0].commits))
        texts = {piece: await self._stores[number].aget(self._piece(piece)) for piece, _ in latest.pieces}
        position, damaged = await asyncio.to_thread(Position.read, latest, texts)
        for piece in damaged:
            log.error("Piece %s of position %s is damaged: what it knew will be told again", piece, self._name)
        # Stores that differ are made alike by writing everything anew, under numbers that none of them has had.
        self._everything = any(stored != self._expected[number] for stored in self._expected)
        for other, _ in heads:
            position.skip(other)
        self._stored = [latest] * len(self._stores)
        return position, await self._intended(latest, number)

    async def intend(self, changes: Sequence[Change]) -> None:
        """Write down what is about to be told, until the position is stored next."""
        for store, head in zip(self._stores, self._stored, strict=True):
            if head:
                await store.aset(f"{self._name}.next", write_intent(head, changes))

    async def save(self, position: Position) -> None:
        """Store what has changed.

        :raises DisplacedError: another position has been stored there meanwhile.
        """
        writes = await asyncio.to_thread(position.to_write, everything=self._everything)
        try:
            for number in range(len(self._stores)):
                await self._save(number, writes)
        except BaseException:
            position.not_written(writes)
            raise
        position.written(writes)
        self._everything = False

    async def _save(self, number: int, writes: Writes) -> None:
        store, head = self._stores[number], writes.head.as_dict()
        stored = await store.aget(self._name)
        is_ours = isinstance(stored, dict) and stored.get("writer") == writes.head.writer
        if not is_ours and stored != self._expected[number]:
            raise DisplacedError(self._name)
        for piece, text in writes.texts.items():
            await store.aset(self._piece(piece), text)
        await store.aset(self._name, head)
        self._expected[number], self._stored[number] = head, writes.head
        for piece in writes.head.old:
            await store.adelete(self._piece(piece))

    async def _intended(self, head: Head, number: int) -> list[Change]:
        stored = await self._stores[number].aget(f"{self._name}.next")
        try:
            return read_intent(head, stored)
        except ValueError as error:
            log.error("Position %s: %s, and may not be told", self._name, error)  # noqa: TRY400 - its text says it all
            return []

    def _piece(self, number: int) -> str:
        return f"{self._name}.{number}"


def _read_head(stored: Any) -> Head:
    try:
        return Head.from_dict(stored)
    except PositionError as error:
        if error.newer:
            raise
        log.error("%s: everything will be told again", error)  # noqa: TRY400 - its text says it all
        return Head()
