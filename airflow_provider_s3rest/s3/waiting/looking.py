# SPDX-License-Identifier: Apache-2.0
"""One look at the service, and what it found. A look at a prefix streams: memory does not grow with the listing."""

from __future__ import annotations

import hashlib
import os.path
import time
import weakref
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, cast

from airflow_provider_s3rest.exceptions import S3RestNoBucketError, S3RestNotFoundError
from airflow_provider_s3rest.s3.results import ObjectSummary
from airflow_provider_s3rest.s3.waiting.model import MOST_FOUND, FoundObject, Tally

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Fold, Quiet, Target, Verdict

_BUCKET_KNOWN_SECONDS = 600.0
_FORBIDDEN = "403"
_NOTHING = hashlib.blake2b(digest_size=16).hexdigest()
"""The fingerprint of no object."""

_buckets: weakref.WeakKeyDictionary[S3, dict[str, float]] = weakref.WeakKeyDictionary()
"""Until when each bucket is known to exist, by the monotonic clock."""


def impatient(connection: S3RestConnection) -> S3RestConnection:
    """Return the connection with one retry at most: who waits will look again anyway, and wants to know of trouble."""
    return replace(connection, retry_delays_seconds=connection.retry_delays_seconds[:1])


def look_at(s3: S3, condition: Condition, memory: Quiet | None = None) -> Verdict:
    """Look at everything that a condition is about, once, and decide."""
    folds: dict[Target, set[Fold]] = {}
    for each in condition.looks:
        folds.setdefault(each.target, set()).add(each.fold)
    tallies = {target: look(s3, target, wanted) for target, wanted in folds.items()}
    return condition.decide([tallies[each.target][each.fold] for each in condition.looks], memory)


def look(s3: S3, target: Target, folds: Collection[Fold]) -> dict[Fold, Tally]:
    """Ask the service once: by a HEAD about a key, by a listing about a prefix.

    :raises S3RestNotFoundError: there is no such bucket.
    """
    if target.exact:
        return look_at_key(s3, target, folds)
    counts: dict[Fold, _Count] = {}
    from airflow_provider_s3rest.s3.listing import list_pages

    for page in list_pages(s3, target.bucket_name, target.name):
        if not counts:
            at = page.at or s3.engines.clock.now()
            counts = {fold: _Count(target.bucket_name, fold, at) for fold in folds}
        for count in counts.values():
            count.add_all(cast("list[ObjectSummary]", page.items))
    return {fold: count.tally() for fold, count in counts.items()}


def look_at_key(s3: S3, target: Target, folds: Collection[Fold]) -> dict[Fold, Tally]:
    """Ask about one key."""
    try:
        head = s3.find_object(target.bucket_name, target.name)
    except Exception as error:
        # An absent key must not cost the import of botocore, which knows the type of the error.
        if getattr(error, "response", None) is None:
            raise
        raise explained(s3, target, cast("ClientError", error)) from None
    at = s3.engines.clock.now()
    if head is None:
        check_bucket(s3, target)
        return dict.fromkeys(folds, nothing(at))
    # No fold that asks about the storage class looks at a key alone.
    summary = ObjectSummary(
        key=head.key, size=head.size, etag=head.etag or "", last_modified=head.last_modified, storage_class=""
    )
    counts = {fold: _Count(target.bucket_name, fold, at) for fold in folds}
    for count in counts.values():
        count.add(summary, head.version_id)
    return {fold: count.tally() for fold, count in counts.items()}


def absent_keys(s3: S3, *, bucket_name: str, keys: Collection[str], most_pages: int) -> dict[str, datetime]:
    """List what is where keys would be, instead of asking about each of them.

    :returns: when those that are not there were seen to be absent, by the service's clock as far as it is known; none
        of those behind the last page.
    """
    from airflow_provider_s3rest.s3.listing import list_pages

    absent: dict[str, datetime] = {}
    wanted = sorted(keys, key=str.encode)
    prefix = os.path.commonprefix(wanted)  # noqa: RUF071 - character by character
    for page in islice(list_pages(s3, bucket_name, prefix), most_pages):
        there = [item.key for item in cast("list[ObjectSummary]", page.items)]
        seen = len(wanted)
        if page.following:
            end = there[-1].encode() if there else b""
            seen = sum(key.encode() <= end for key in wanted)
        absent |= dict.fromkeys(set(wanted[:seen]).difference(there), page.at or s3.engines.clock.now())
        del wanted[:seen]
        if not wanted:
            break
    return absent


def nothing(at: datetime) -> Tally:
    """Return what a look gives that found nothing."""
    return Tally(count=0, size=0, found=(), fingerprint=_NOTHING, at=at)


def check_bucket(s3: S3, target: Target) -> None:
    """Do nothing if the bucket of an absent object exists: the answer to a HEAD does not tell which of them is missing.

    :raises S3RestNoBucketError: there is none.
    """
    known = _buckets.setdefault(s3, {})
    if known.get(target.bucket_name, 0.0) > time.monotonic():
        return
    try:
        s3.get_object(target.bucket_name, target.name).close()
    except S3RestNotFoundError as error:
        if isinstance(error, S3RestNoBucketError):
            raise
    known[target.bucket_name] = time.monotonic() + _BUCKET_KNOWN_SECONDS


def explained(s3: S3, target: Target, error: ClientError) -> Exception:
    """Return a refusal of a HEAD in the service's own words, which only the answer to a GET holds."""
    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.options import Read

    refusal: Exception = error
    if error.response["Error"].get("Code") != _FORBIDDEN:
        return refusal
    try:
        s3.get_object(target.bucket_name, target.name, Read.parse({"byte_range": "0-0"})).close()
    except ClientError as told:
        said = dict(told.response["Error"])
        hint = "S3 says so of an absent object too, unless s3:ListBucket is allowed"
        said["Message"] = f"{said.get('Message', '').rstrip('.')} ({hint})"
        refusal = ClientError({**told.response, "Error": said}, "HeadObject")
    except S3RestNotFoundError:
        # It has been deleted just now.
        return refusal
    return refusal


class _Count:
    """Gathers the objects of one fold."""

    def __init__(self, bucket_name: str, fold: Fold, at: datetime) -> None:
        self._bucket_name = bucket_name
        self._fold = fold
        self._filter = fold.at(at)
        self._at = at
        self._count = self._size = 0
        self._found: list[FoundObject] = []
        self._digest = hashlib.blake2b(digest_size=16)
        self._changes_in: timedelta | None = None

    def add_all(self, items: list[ObjectSummary]) -> None:
        """Take the objects of a page into account; by its key alone, most patterns do not mean an object."""
        glob = self._filter.glob
        for item in items if glob is None else [item for item in items if glob(item.key)]:
            self.add(item)

    def add(self, item: ObjectSummary, version_id: str | None = None) -> None:
        """Take one more object into account."""
        if not self._fold.is_timeless:
            left = self._fold.changes_in(item, self._at)
            if left is not None and (self._changes_in is None or left < self._changes_in):
                self._changes_in = left
        if not self._filter.matches(item):
            return
        self._count += 1
        self._size += item.size
        self._digest.update(f"{item.key}\0{item.etag}\0{item.size}\0{item.last_modified.timestamp()}\0".encode())
        if len(self._found) < MOST_FOUND:
            found = FoundObject(
                bucket_name=self._bucket_name,
                key=item.key,
                size=item.size,
                etag=item.etag,
                last_modified=item.last_modified,
                version_id=version_id,
            )
            self._found.append(found)

    def tally(self) -> Tally:
        """Return what has been gathered."""
        return Tally(
            count=self._count,
            size=self._size,
            found=tuple(self._found),
            fingerprint=self._digest.hexdigest(),
            at=self._at,
            changes_in=self._changes_in,
        )
