# SPDX-License-Identifier: Apache-2.0
"""What a wait looks at, what it finds, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.values import known, read_duration, read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.filters import Listed, ObjectFilters

MOST_FOUND = 1000
"""How many objects a wait gives at most; they pass through Airflow's database."""

_AGES = ("older_than", "newer_than")


@dataclass(frozen=True, slots=True)
class Target:
    """What one look asks the service about.

    :param name: a key, or what keys begin with.
    :param exact: whether it is one key.
    """

    bucket_name: str
    name: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Which objects of a target are meant. Equal ones need to be gathered once.

    :param source: the filters as they were given, in the order of their names.
    """

    source: tuple[tuple[str, Any], ...] = ()
    timeless: Filter = field(default=Filter(), compare=False, repr=False)
    older_than: timedelta | None = field(default=None, compare=False, repr=False)
    newer_than: timedelta | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, filters: ObjectFilters | Mapping[str, Any] | None = None) -> Self:
        """Check the filters of a caller.

        :raises ValueError: one of them is unknown or can't be, or two leave nothing together; it is named.
        """
        now = datetime.now(UTC)
        given = dict(filters or {})
        ages = {name: given.pop(name) for name in _AGES if name in given}
        # Not together: what is too young at first need not be so for ever.
        timeless = Filter.parse(given, now=now, strict=True)  # type: ignore[arg-type]
        if any(age is not None for age in ages.values()):
            Filter.parse(ages, now=now, strict=True)  # type: ignore[arg-type]
        durations = {name: read_duration(age, name) for name, age in ages.items() if age is not None}
        source = known(filters, {**given, **ages})
        return cls(tuple(sorted((name, _hashable(value)) for name, value in source.items())), timeless, **durations)

    @property
    def is_timeless(self) -> bool:
        """Whether an object that is meant stays so until it is written again."""
        return self.older_than is None and self.newer_than is None

    def at(self, now: datetime) -> Filter:
        """Return the filter at some time, which ages are measured against."""
        if self.is_timeless:
            return self.timeless
        begin, end = self.timeless.modified_after, self.timeless.modified_before
        if self.newer_than is not None:
            begin = max(filter(None, (begin, now - self.newer_than)))
        if self.older_than is not None:
            # What is exactly so old is meant.
            end = min(filter(None, (end, now - self.older_than + timedelta.resolution)))
        return replace(self.timeless, modified_after=begin, modified_before=end)

    def changes_in(self, item: Listed, now: datetime) -> timedelta | None:
        """Return after what time an object will begin or cease to be meant by its age alone; None if it will not."""
        if self.is_timeless or not self.timeless.matches(item):
            return None
        age = now - item.last_modified
        left = [limit - age for limit in (self.older_than, self.newer_than) if limit is not None and limit > age]
        return min(left, default=None)


@dataclass(frozen=True, slots=True)
class Look:
    """One fold of one target."""

    target: Target
    fold: Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObject:
    """An object that was waited for.

    :param size: in bytes.
    :param version_id: None where the bucket keeps no versions, and where it was found by a listing, which has none.
    """

    bucket_name: str
    key: str
    size: int
    etag: str
    last_modified: datetime
    version_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a look found by one fold.

    :param count: how many objects are meant.
    :param size: in bytes, of all of them.
    :param found: the first 1,000 of them, in the order of their keys.
    :param fingerprint: differs as soon as one of them is written, deleted, or written again.
    :param at: when this was so, by the service's clock as far as it is known.
    :param changes_in: after what time the tally will be another by the age of objects alone; None if it will not.
    """

    count: int
    size: int
    found: tuple[FoundObject, ...]
    fingerprint: str
    at: datetime
    changes_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Since when nothing has changed: all that a wait has to remember.

    :param fingerprint: of the objects since then.
    """

    fingerprint: str
    since: datetime

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON can hold it."""
        return {"fingerprint": self.fingerprint, "since": self.since.isoformat()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, str] | None) -> Self | None:
        """Read what :meth:`as_dict` made; None stays None.

        :raises ValueError: it is something else.
        """
        if stored is None:
            return None
        try:
            return cls(str(stored["fingerprint"]), read_time(stored["since"], "since"))
        except (KeyError, TypeError):
            raise ValueError("memory: is not what an earlier look remembered") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one look at everything means for a wait.

    :param done: whether it is over.
    :param found: the objects that ended it, at most 1,000.
    :param total: how many there are.
    :param reason: what is there and what is not, for the log.
    :param memory: what the next decision needs to know.
    :param again_in: after what time it may be over though nothing is written or deleted; None if it can't.
    """

    done: bool
    found: tuple[FoundObject, ...] = ()
    total: int = 0
    reason: str
    memory: Quiet | None = None
    again_in: timedelta | None = None


def _hashable(value: object) -> object:
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else tuple(value)
