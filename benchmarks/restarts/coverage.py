# SPDX-License-Identifier: Apache-2.0
"""Compares the asset events with the objects that arrived, and explains the events that are there twice."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Version = tuple[str, str]
"""Key and ETag of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of ``asset_event``."""

    at: datetime
    event_id: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the metadata database shows after all kills.

    :param kills: when each life was ended.
    :param objects: what arrived: keys with their ETags.
    """

    objects: Mapping[str, str]
    events: Sequence[Event]
    kills: Sequence[datetime]
    _first: dict[str, Event] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for event in self.events:
            self._first.setdefault(event.event_id, event)

    @property
    def lost(self) -> list[Version]:
        """Objects that no event tells of."""
        told = {event.version for event in self.events}
        return [version for version in self.objects.items() if version not in told]

    @property
    def invented(self) -> list[Event]:
        """Events of nothing that arrived."""
        return [event for event in self.events if self.objects.get(event.version[0]) != event.version[1]]

    @property
    def renamed(self) -> list[Event]:
        """Events that tell once more of what an event with another id has told."""
        ids: dict[Version, str] = {}
        return [event for event in self.events if ids.setdefault(event.version, event.event_id) != event.event_id]

    @property
    def doubles(self) -> list[Event]:
        """Events whose id is there already."""
        return [event for event in self.events if self._first[event.event_id] is not event]

    @property
    def unexplained(self) -> list[Event]:
        """Doubles without a kill between them and the event before them: no replay of Airflow's."""
        last: dict[str, Event] = {}
        found = []
        for event in self.events:
            before = last.get(event.event_id)
            if before is not None and self._life(before.at) == self._life(event.at):
                found.append(event)
            last[event.event_id] = event
        return found

    @property
    def ages(self) -> list[float]:
        """For each double, how many seconds the event before it had been stored when the kill came."""
        last: dict[str, Event] = {}
        ages = []
        for event in self.events:
            before = last.get(event.event_id)
            if before is not None and self._life(before.at) < len(self.kills):
                ages.append((self.kills[self._life(before.at)] - before.at).total_seconds())
            last[event.event_id] = event
        return ages

    def figures(self) -> dict[str, Any]:
        """Count all of it."""
        return {
            "kills": len(self.kills),
            "objects": len(self.objects),
            "events": len(self.events),
            "lives that told something": len({self._life(event.at) for event in self.events}),
            "lost": len(self.lost),
            "invented": len(self.invented),
            "told under two ids": len(self.renamed),
            "doubled": len(self.doubles),
            "kills that doubled something": len({self._life(event.at) for event in self.doubles}),
            "doubled without a kill between": len(self.unexplained),
            "seconds between event and kill, at most": round(max(self.ages, default=0.0), 1),
        }

    def problems(self) -> list[str]:
        """What must not be."""
        must_be_none = {
            "lost": self.lost,
            "of nothing that arrived": self.invented,
            "under a second id": self.renamed,
            "doubled without a kill between": self.unexplained,
        }
        return [f"{len(found)} {what}, such as {found[0]}" for what, found in must_be_none.items() if found]

    def _life(self, moment: datetime) -> int:
        return bisect_right(self.kills, moment)
