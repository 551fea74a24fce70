# SPDX-License-Identifier: Apache-2.0
"""Which objects of a listing are meant: by key, age, size and storage class."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self, TypedDict

from airflow_provider_s3rest.s3.globs import compile_globs
from airflow_provider_s3rest.s3.values import known, read_count, read_duration, read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ObjectFilters(TypedDict, total=False):
    """Which objects are meant: those for which all of these hold; all are optional, and all may be templates.

    :param glob: the whole key matches the pattern, or one of several; see :mod:`airflow_provider_s3rest.s3.globs`.
    :param regex: the regular expression is found in the key; ``^`` and ``$`` tie it to the key's ends.
    :param modified_after: written at this time or later; a time with its zone, or one in ISO format.
    :param modified_before: written before this time, so that the ends of data intervals count once.
    :param older_than: written at least so long ago; a ``timedelta``, or a number of seconds.
    :param newer_than: written at most so long ago.
    :param min_bytes: at least of this size.
    :param max_bytes: at most of this size.
    :param storage_class: of this storage class, or one of several.
    """

    glob: str | Sequence[str] | None
    regex: str | None
    modified_after: datetime | str | None
    modified_before: datetime | str | None
    older_than: timedelta | float | str | None
    newer_than: timedelta | float | str | None
    min_bytes: int | str | None
    max_bytes: int | str | None
    storage_class: str | Sequence[str] | None


class Listed(Protocol):
    """What a filter looks at; delete markers have neither size nor storage class."""

    @property
    def key(self) -> str:
        """The key."""

    @property
    def size(self) -> int | None:
        """In bytes."""

    @property
    def last_modified(self) -> datetime:
        """When it was written."""

    @property
    def storage_class(self) -> str | None:
        """Such as ``STANDARD``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Filters that have been checked; an age has become a time.

    :param modified_after: the first time that is meant.
    :param modified_before: the first time after those that are meant.
    """

    glob: Callable[[str], bool] | None = None
    regex: re.Pattern[str] | None = None
    modified_after: datetime | None = None
    modified_before: datetime | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    storage_classes: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, filters: ObjectFilters | None, *, now: datetime, strict: bool = False) -> Self:
        """Check the filters of a caller.

        :param now: what ages are measured against.
        :param strict: whether a text that is empty, perhaps by a template's fault, is an error rather than no filter.
        :raises ValueError: one of them is unknown, can't be, or leaves nothing together with another; it is named.
        """
        if strict and (empty := [name for name, value in (filters or {}).items() if value == ""]):
            raise ValueError(f"{empty[0]}: is empty; leave it out if nothing is to be left out by it")
        given = known(filters, ObjectFilters.__annotations__)
        times = [read_time(given[name], name) for name in ("modified_after",) if name in given]
        times += [now - read_duration(given[name], name) for name in ("newer_than",) if name in given]
        ends = [read_time(given[name], name) for name in ("modified_before",) if name in given]
        # Times of S3 are whole seconds or finer: what is exactly so old is meant.
        ends += [
            now - read_duration(given[name], name) + timedelta.resolution for name in ("older_than",) if name in given
        ]
        parsed = cls(
            glob=compile_globs(given["glob"]) if "glob" in given else None,
            regex=_regex(given["regex"]) if "regex" in given else None,
            modified_after=max(times, default=None),
            modified_before=min(ends, default=None),
            min_bytes=read_count(given.get("min_bytes"), "min_bytes", least=0),
            max_bytes=read_count(given.get("max_bytes"), "max_bytes", least=0),
            storage_classes=_names(given.get("storage_class")),
        )
        parsed._check(given)
        return parsed

    def matches(self, item: Listed) -> bool:
        """Tell whether an object is meant."""
        return self.matches_key(item.key) and self._matches_time(item.last_modified) and self._matches_kind(item)

    def matches_key(self, key: str) -> bool:
        """Tell whether an object of that key may be meant."""
        return (self.glob is None or self.glob(key)) and (self.regex is None or bool(self.regex.search(key)))

    def matches_prefix(self, prefix: str) -> bool:
        """Tell whether a common prefix is meant, which has a name and nothing else."""
        return self.matches_key(prefix) and replace(self, glob=None, regex=None).is_empty

    @property
    def is_empty(self) -> bool:
        """Whether every object is meant."""
        return self == type(self)()

    def _matches_time(self, written: datetime) -> bool:
        return (self.modified_after is None or written >= self.modified_after) and (
            self.modified_before is None or written < self.modified_before
        )

    def _matches_kind(self, item: Listed) -> bool:
        if self.storage_classes and item.storage_class not in self.storage_classes:
            return False
        if self.min_bytes is None and self.max_bytes is None:
            return True
        if item.size is None:
            return False
        return (self.min_bytes or 0) <= item.size and (self.max_bytes is None or item.size <= self.max_bytes)

    def _check(self, given: dict[str, Any]) -> None:
        if self.min_bytes is not None and self.max_bytes is not None and self.min_bytes > self.max_bytes:
            raise ValueError(f"min_bytes: {self.min_bytes} is more than max_bytes ({self.max_bytes}): nothing is both")
        if self.modified_after and self.modified_before and self.modified_after >= self.modified_before:
            after, before = (
                " and ".join(name for name in names if name in given)
                for names in (("modified_after", "newer_than"), ("modified_before", "older_than"))
            )
            raise ValueError(
                f"{after}: means from {self.modified_after.isoformat()} on, and {before} before "
                f"{self.modified_before.isoformat()}: nothing is both"
            )


def _regex(pattern: object) -> re.Pattern[str]:
    try:
        return re.compile(pattern)  # type: ignore[call-overload,no-any-return]
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"regex: {pattern!r} is no regular expression: {error}") from None


def _names(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not names or not all(isinstance(n, str) for n in names):
        raise ValueError(f"storage_class: must be one storage class or a list of them, not {value!r}")
    return frozenset(name.upper() for name in names)
