# SPDX-License-Identifier: Apache-2.0
"""What can be waited for: keys that are there, a prefix that has enough, one that is quiet, keys that are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, Self

from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.values import choice, read_count, read_duration
from airflow_provider_s3rest.s3.waiting.model import MOST_FOUND, Fold, Look, Quiet, Target, Verdict
from airflow_provider_s3rest.s3.waiting.wishes import looks_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_provider_s3rest.s3.filters import ObjectFilters
    from airflow_provider_s3rest.s3.waiting.model import Tally
    from airflow_provider_s3rest.s3.waiting.wishes import Wishes

_MOST_NAMED = 3


class Condition(Protocol):
    """What a wait is for; hashable."""

    @property
    def looks(self) -> tuple[Look, ...]:
        """What has to be looked at to decide."""

    def decide(self, tallies: Sequence[Tally], memory: Quiet | None = None) -> Verdict:
        """Decide whether the wait is over.

        :param tallies: one for each of :attr:`looks`, in their order.
        :param memory: of the verdict before this one; None at the first.
        """


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """Keys are there, each by its name, or any that fits a pattern.

    :param looks: one for each key and each pattern.
    :param wait_for: whether all of them must be there, or any will do.
    """

    looks: tuple[Look, ...]
    wait_for: str

    @classmethod
    def parse(
        cls,
        bucket_name: str | None,
        wishes: Wishes,
        *,
        wait_for: Literal["all", "any"] = "all",
        filters: ObjectFilters | None = None,
    ) -> Self:
        """Check the arguments of a caller.

        :param filters: hold for each object beside its key, such as its age and size.
        :raises ValueError: one of them can't be; it is named.
        """
        choice(wait_for, "wait_for", ("all", "any"))
        return cls(looks_for(bucket_name, wishes, filters), wait_for)

    def decide(self, tallies: Sequence[Tally], memory: Quiet | None = None) -> Verdict:  # noqa: ARG002
        """Decide; see :class:`Condition`."""
        there = [tally for tally in tallies if tally.count]
        missing = [look for look, tally in zip(self.looks, tallies, strict=True) if not tally.count]
        done = bool(there) if self.wait_for == "any" else not missing
        reason = f"{len(there)} of {len(tallies)} are there"
        if missing:
            reason += f"; not yet: {_names(missing)}"
        found = tuple({(item.bucket_name, item.key): item for tally in there for item in tally.found}.values())
        more = sum(tally.count - len(tally.found) for tally in there)
        return Verdict(
            done=done,
            found=found[:MOST_FOUND],
            total=len(found) + more,
            reason=reason,
            again_in=_soonest(tallies),
        )


@dataclass(frozen=True, slots=True)
class PrefixCondition:
    """There are enough objects that begin with a prefix.

    :param at_least_bytes: in all of them together.
    """

    looks: tuple[Look, ...]
    at_least_objects: int
    at_least_bytes: int

    @classmethod
    def parse(
        cls,
        bucket_name: str | None,
        prefix: str,
        *,
        at_least_objects: int | str | None = 1,
        at_least_bytes: int | str | None = None,
        filters: ObjectFilters | None = None,
    ) -> Self:
        """Check the arguments of a caller.

        :raises ValueError: one of them can't be; it is named.
        """
        objects = read_count(at_least_objects, "at_least_objects")
        size = read_count(at_least_bytes, "at_least_bytes")
        return cls(_below(bucket_name, prefix, filters), objects or 1, size or 0)

    def decide(self, tallies: Sequence[Tally], memory: Quiet | None = None) -> Verdict:  # noqa: ARG002
        """Decide; see :class:`Condition`."""
        (tally,) = tallies
        reason = f"{tally.count} of {self.at_least_objects} objects are there"
        if self.at_least_bytes:
            reason += f", and {tally.size} of {self.at_least_bytes} bytes"
        return Verdict(
            done=tally.count >= self.at_least_objects and tally.size >= self.at_least_bytes,
            found=tally.found,
            total=tally.count,
            reason=reason,
            again_in=tally.changes_in,
        )


@dataclass(frozen=True, slots=True)
class UnchangedCondition:
    """Nothing below a prefix has been written, written again or deleted for some time, counted from the first look.

    :param quiet_for: by the service's clock.
    """

    looks: tuple[Look, ...]
    quiet_for: timedelta
    at_least_objects: int

    @classmethod
    def parse(
        cls,
        bucket_name: str | None,
        prefix: str,
        *,
        quiet_for: timedelta | float | str,
        at_least_objects: int | str | None = 1,
        filters: ObjectFilters | None = None,
    ) -> Self:
        """Check the arguments of a caller.

        :param at_least_objects: 0 if a prefix without any may be quiet too.
        :raises ValueError: one of them can't be; it is named.
        """
        period = read_duration(quiet_for, "quiet_for")
        if not period:
            raise ValueError("quiet_for: must be longer than 0 seconds")
        looks = _below(bucket_name, prefix, filters)
        if not looks[0].fold.is_timeless:
            raise ValueError("older_than, newer_than: objects that grow older are no change; leave them out")
        objects = read_count(at_least_objects, "at_least_objects", least=0)
        return cls(looks, period, 1 if objects is None else objects)

    def decide(self, tallies: Sequence[Tally], memory: Quiet | None = None) -> Verdict:
        """Decide; see :class:`Condition`."""
        (tally,) = tallies
        same = memory is not None and memory.fingerprint == tally.fingerprint
        # A service whose clock was set back must not make a wait longer than the period.
        quiet = Quiet(tally.fingerprint, min(memory.since, tally.at) if memory and same else tally.at)
        so_far = tally.at - quiet.since
        enough = tally.count >= self.at_least_objects
        reason = f"{tally.count} objects, unchanged for {so_far.total_seconds():g} s"
        if not enough:
            reason += f"; there must be {self.at_least_objects}"
        return Verdict(
            done=enough and so_far >= self.quiet_for,
            found=tally.found,
            total=tally.count,
            reason=reason,
            memory=quiet,
            again_in=max(self.quiet_for - so_far, timedelta()) if enough else None,
        )


@dataclass(frozen=True, slots=True)
class AbsentCondition:
    """None of some keys is there, and none that fits a pattern or begins with a prefix.

    :param looks: one for each of them.
    """

    looks: tuple[Look, ...]

    @classmethod
    def parse(cls, bucket_name: str | None, wishes: Wishes, *, filters: ObjectFilters | None = None) -> Self:
        """Check the arguments of a caller; a prefix may stand alone.

        :param filters: an object beyond them is as good as absent.
        :raises ValueError: one of them can't be; it is named.
        """
        if wishes.prefix and not (wishes.key or wishes.glob or wishes.regex):
            return cls(_below(bucket_name, wishes.prefix, filters))
        return cls(looks_for(bucket_name, wishes, filters))

    def decide(self, tallies: Sequence[Tally], memory: Quiet | None = None) -> Verdict:  # noqa: ARG002
        """Decide; see :class:`Condition`. What is found are the objects that are still there."""
        left = sum(tally.count for tally in tallies)
        named = _shown(item.key for tally in tallies for item in tally.found[:_MOST_NAMED])
        return Verdict(
            done=not left,
            reason=f"{left} objects are still there: {named}" if left else "None is there",
            again_in=_soonest(tallies),
        )


def _below(bucket_name: str | None, prefix: str, filters: ObjectFilters | None) -> tuple[Look, ...]:
    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    return (Look(Target(bucket_name, prefix, exact=False), Fold.parse(filters)),)


def _soonest(tallies: Sequence[Tally]) -> timedelta | None:
    return min((tally.changes_in for tally in tallies if tally.changes_in is not None), default=None)


def _names(looks: Sequence[Look]) -> str:
    return _shown(str(dict(look.fold.source).get("glob") or look.target.name) for look in looks)


def _shown(names: Iterable[str]) -> str:
    named = list(names)
    return ", ".join(map(repr, named[:_MOST_NAMED])) + (", ..." if len(named) > _MOST_NAMED else "")
