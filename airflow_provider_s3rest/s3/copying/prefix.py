# SPDX-License-Identifier: Apache-2.0
"""Copying all objects of a prefix, many at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import (
    S3RestError,
    S3RestIntegrityError,
    S3RestNotFoundError,
    S3RestPreconditionError,
)
from airflow_provider_s3rest.s3.copying.model import Source, Target, check, is_itself, same_account, same_bucket
from airflow_provider_s3rest.s3.copying.objects import SINGLE_COPY_BYTES, copy_listed
from airflow_provider_s3rest.s3.copying.serverside import takes_conditions
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.keys import check_key
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.pool import for_each
from airflow_provider_s3rest.s3.results import CopyPrefixResult
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.copying.model import Rules
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import ObjectSummary


class Log(Protocol):
    """A log, as ``logging`` and Airflow have them."""

    def info(self, words: str, /, *args: object) -> object:
        """Tell something."""

    def error(self, words: str, /, *args: object) -> object:
        """Tell of a failure."""


_HOPELESS = 100
"""So many failures and no success: the others would fail alike, and each would cost a request."""

_FAILURES = (ClientError, S3RestIntegrityError, S3RestNotFoundError, S3RestPreconditionError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which objects of a prefix are copied, and whether at all.

    :param only: those that are meant.
    :param skip_existing: leave alone those whose key the target has already, whatever is there.
    :param dry_run: copy none.
    """

    only: Filter = field(default_factory=Filter)
    skip_existing: bool = False
    dry_run: bool = False


def copy_prefix(
    source: Source,
    target: Target,
    rules: Rules,
    choice: Choice,
    *,
    log: Log,
    progress: Progress | None = None,
) -> CopyPrefixResult:
    """Copy every object whose key begins with a prefix; the rest of its key is put after the target's prefix, verbatim.

    :param source: its key is the prefix; an empty one means all of the bucket.
    :param target: its key is what the keys of the copies begin with.
    :param log: is told of each failure, and in a dry run of each copy.
    :param progress: is told of each object that is done.
    :raises ValueError: an option can't be honoured, nothing would change, or the copies would be copied again.
    :raises S3RestError: some objects were not copied; all others were.
    """
    check(source, target, rules)
    _check(source, target)
    # The listing tells what is there; the condition is for what appears meanwhile.
    if choice.skip_existing and _takes_conditions(source, target):
        target = replace(target, write=replace(target.write, if_none_match="*"))
    work = _Work(source, target, rules, choice, log, progress)
    work.run()
    return work.result()


def _takes_conditions(source: Source, target: Target) -> bool:
    return not same_account(source, target) or takes_conditions(target)


def _check(source: Source, target: Target) -> None:
    if source.read != Read(customer_key=source.read.customer_key):
        raise ValueError(
            "source options: a version and conditions are for one object; choose those of a prefix by filters"
        )
    if target.write.if_match:
        raise ValueError("if_match: is for one object; leave it out, or copy a key")
    if same_bucket(source, target) and target.key != source.key and target.key.startswith(source.key):
        raise ValueError(
            f"prefix: {target.key!r} is inside of what is copied ({source.key!r}), so that the copies would be copied "
            "again; choose one outside, or another bucket"
        )


class _Work:
    """One copy of a prefix."""

    def __init__(
        self,
        source: Source,
        target: Target,
        rules: Rules,
        choice: Choice,
        log: Log,
        progress: Progress | None,
    ) -> None:
        self._source = source
        self._target = target
        self._rules = rules
        self._choice = choice
        self._log = log
        self._progress = progress
        self._lock = threading.Lock()
        self._copied = self._size = self._skipped = self._failed = 0
        self._first: tuple[str, Exception] | None = None

    def run(self) -> None:
        """Copy all that are meant."""
        inside = same_account(self._source, self._target)
        workers = self._target.s3.connection.max_concurrency if inside else self._target.s3.workers
        for_each(self._copy, self._small_ones(SINGLE_COPY_BYTES if inside else SINGLE_PUT_BYTES), workers)

    def result(self) -> CopyPrefixResult:
        """Return what has been done.

        :raises S3RestError: that was not all.
        """
        if self._first:
            key, error = self._first
            raise S3RestError(
                f"{self._failed} objects of bucket {self._source.bucket_name!r} were not copied, {self._copied} were; "
                f"the first is {key!r} ({error}), the task log names all"
            ) from error
        return CopyPrefixResult(
            bucket_name=self._target.bucket_name,
            prefix=self._target.key,
            source_bucket_name=self._source.bucket_name,
            source_prefix=self._source.key,
            copied=self._copied,
            size=self._size,
            skipped=self._skipped,
            dry_run=self._choice.dry_run,
        )

    def _small_ones(self, largest: int) -> Iterator[ObjectSummary]:
        """Hand out the objects that are copied at once, and copy the others here: each has many parts in flight."""
        for item in self._missing() if self._choice.skip_existing else self._listed():
            if item.size > largest:
                self._copy(item)
            else:
                yield item

    def _listed(self) -> Iterator[ObjectSummary]:
        found = self._source.s3.query_objects(self._source.bucket_name, self._source.key)
        return filter(self._choice.only.matches, found)

    def _missing(self) -> Iterator[ObjectSummary]:
        """Compare the listings of both sides, which are in the same order."""
        there = self._target.s3.query_objects(self._target.bucket_name, self._target.key)
        existing = (item.key for item in there)
        reached = next(existing, None)
        for item in self._listed():
            wanted = self._key_of(item)
            while reached is not None and reached.encode() < wanted.encode():
                reached = next(existing, None)
            if reached == wanted:
                self._count(skipped=1)
            else:
                yield item

    def _key_of(self, item: ObjectSummary) -> str:
        return self._target.key + item.key[len(self._source.key) :]

    def _copy(self, item: ObjectSummary) -> None:
        try:
            self._count(copied=1, size=self._copy_one(item))
        except S3RestPreconditionError as error:
            if self._choice.skip_existing:
                self._count(skipped=1)
            else:
                self._fail(item, error)
        except _FAILURES as error:
            self._fail(item, error)

    def _copy_one(self, item: ObjectSummary) -> int:
        origin, place = self._source, self._target
        source = Source(s3=origin.s3, bucket_name=origin.bucket_name, key=item.key, read=origin.read)
        key = check_key(self._key_of(item))
        target = Target(s3=place.s3, bucket_name=place.bucket_name, key=key, write=place.write)
        if same_bucket(source, target) and target.key.startswith(self._source.key) and not is_itself(source, target):
            raise ValueError(f"its copy {target.key!r} would be among the objects that are copied")
        if not self._choice.dry_run:
            return copy_listed(source, target, self._rules, item)
        self._log.info(
            "Would copy s3://%s/%s to s3://%s/%s", source.bucket_name, source.key, target.bucket_name, target.key
        )
        return item.size

    def _count(self, copied: int = 0, size: int = 0, skipped: int = 0) -> None:
        with self._lock:
            self._copied += copied
            self._size += size
            self._skipped += skipped
        if self._progress:
            self._progress.add(1)

    def _fail(self, item: ObjectSummary, error: Exception) -> None:
        self._log.error("Not copied: s3://%s/%s (%s)", self._source.bucket_name, item.key, error)
        with self._lock:
            self._failed += 1
            self._first = self._first or (item.key, error)
            hopeless = self._failed >= _HOPELESS and not self._copied
        if hopeless:
            raise S3RestError(
                f"The first {_HOPELESS} objects of bucket {self._source.bucket_name!r} could not be copied, so that no "
                f"other was tried; the last is {item.key!r} ({error})"
            ) from error
