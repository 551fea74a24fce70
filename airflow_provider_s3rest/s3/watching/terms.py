# SPDX-License-Identifier: Apache-2.0
"""What a watcher is asked to watch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.notifications.address import queue_of
from airflow_provider_s3rest.s3.values import read_count, read_duration, read_switch
from airflow_provider_s3rest.s3.watching.model import KINDS
from airflow_provider_s3rest.s3.watching.snapshots import MAX_OBJECTS
from airflow_provider_s3rest.s3.watching.watch import Interest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.watching.model import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Arguments that have been checked.

    :param interval: seconds from one look to the next.
    :param queue_url: None where S3 itself is looked at.
    :param pattern: what keys must match, as it was given.
    """

    bucket_name: str
    prefix: str
    interest: Interest
    interval: float
    max_objects: int
    queue_url: str | None
    pattern: tuple[Any, ...]

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Check the arguments of a caller.

        :raises ValueError: one of them can't be; it is named.
        """
        bucket_name, prefix = locate_prefix(given["bucket_name"], given["prefix"] or "")
        pattern = {"glob": given["glob"], "regex": given["regex"]}
        where = Filter.parse(pattern, now=datetime.now(UTC), strict=True)  # type: ignore[arg-type]
        interval = read_duration(given["poll_interval"], "poll_interval").total_seconds()
        if not interval:
            raise ValueError("poll_interval: must be more than 0 seconds")
        interest = Interest(
            kinds=read_kinds(given["events"]),
            is_meant=None if where.is_empty else where.matches_key,
            existing=read_switch(given["existing"], "existing"),
        )
        queue_url = queue_of(given["source"], given["queue_url"])
        if queue_url:
            _check_notified(interest)
        return cls(
            bucket_name=bucket_name,
            prefix=prefix,
            interest=interest,
            interval=interval,
            max_objects=read_count(given["max_objects"], "max_objects") or MAX_OBJECTS,
            queue_url=queue_url,
            pattern=tuple(pattern.values()),
        )

    @property
    def where(self) -> str:
        """What is watched, for logs."""
        return f"s3://{self.bucket_name}/{self.prefix}"

    def position_name(self, account: str) -> str:
        """Return the name of the position: it stays the same as long as the same objects are watched.

        :param account: by which they are watched.
        """
        text = json.dumps([account, self.bucket_name, self.prefix, *self.pattern])
        return f"s3rest-watch-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _check_notified(interest: Interest) -> None:
    if interest.existing:
        raise ValueError('existing: no notification tells of what is there already; leave it out with source="sqs"')
    if "changed" in interest.kinds and "new" not in interest.kinds:
        raise ValueError('events: no notification tells "changed" from "new"; with source="sqs" ask for "new"')


def read_kinds(events: object) -> tuple[Kind, ...]:
    """Read the kinds of events: one, or several.

    :raises ValueError: there is none, or an unknown one.
    """
    names = [events] if isinstance(events, str) else events
    if not isinstance(names, list | tuple | set | frozenset) or not names or not set(names) <= {*KINDS}:
        raise ValueError(f"events: must be some of {', '.join(KINDS)}, not {events!r}")
    return tuple(kind for kind in KINDS if kind in names)
