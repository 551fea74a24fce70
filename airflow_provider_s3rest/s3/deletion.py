# SPDX-License-Identifier: Apache-2.0
"""Deleting objects, versions and delete markers, in batches of 1,000 at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.engine import MAX_BATCH
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.identities import read_identities
from airflow_provider_s3rest.s3.keys import fits_xml, locate_prefix
from airflow_provider_s3rest.s3.listing import list_objects, list_versions
from airflow_provider_s3rest.s3.pool import for_each
from airflow_provider_s3rest.s3.results import DeleteFailure, DeleteResult, ObjectId
from airflow_provider_s3rest.s3.retry import is_transient

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from airflow_provider_s3rest.s3.engine import Deletion
    from airflow_provider_s3rest.s3.identities import Keys
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.store import S3

MAX_TOLD = 1000
"""How many keys a result names at most."""

_EVERYTHING = Filter()


@dataclass(frozen=True, kw_only=True)
class Deleter:
    """How to delete.

    :param dry_run: whether to tell only what would be deleted.
    :param refused: is told of each key that S3 refuses to delete, on any thread.
    :param progress: is told of what is gone.
    """

    s3: S3
    dry_run: bool = False
    refused: Callable[[DeleteFailure], object] = lambda _: None
    progress: Progress | None = None

    def delete_keys(self, bucket_name: str | None, keys: Keys) -> DeleteResult:
        """Delete objects; an absent one counts as deleted, as S3 counts it.

        :param bucket_name: None where the keys name it.
        :param keys: see :func:`~airflow_provider_s3rest.s3.identities.read_identities`.
        :raises S3RestNotFoundError: there is no such bucket.
        """
        bucket_name, identities = read_identities(bucket_name, keys)
        if bucket_name is None:
            return DeleteResult(bucket_name=None, deleted=0, dry_run=self.dry_run)
        tally = _Tally(bucket_name=bucket_name, dry_run=self.dry_run)
        self._delete(zip(identities, repeat(0)), tally)
        return tally.result()

    def delete_prefix(
        self,
        bucket_name: str | None,
        prefix: str,
        where: Filter = _EVERYTHING,
        *,
        versions: bool = False,
        allow_all: bool = False,
    ) -> DeleteResult:
        """Delete the objects whose keys begin so, while they are being listed.

        :param where: which of them are meant.
        :param versions: whether to delete every version and delete marker, for good.
        :param allow_all: whether an empty prefix means the whole bucket, rather than a mistake.
        :raises S3RestNotFoundError: there is no such bucket.
        """
        bucket_name, prefix = locate_prefix(bucket_name, prefix)
        if not prefix and not allow_all:
            raise ValueError(
                f"prefix: is empty, which means all of bucket {bucket_name!r}; nothing was deleted: give a prefix, or "
                "allow_all=True if all is meant"
            )
        lists = list_versions if versions else list_objects
        found = (
            (ObjectId(item.key, getattr(item, "version_id", None)), item.size or 0)
            for item in lists(self.s3, bucket_name, prefix, where=where)
        )
        tally = _Tally(bucket_name=bucket_name, dry_run=self.dry_run, size=0)
        self._delete(found, tally)
        return tally.result()

    def _delete(self, found: Iterable[tuple[ObjectId, int]], tally: _Tally) -> None:
        if self.dry_run:
            for batch in _batches(found):
                tally.plan(batch)
        else:
            for_each(lambda batch: self._delete_batch(batch, tally), _batches(found), self.s3.workers)

    def _delete_batch(self, batch: dict[ObjectId, int], tally: _Tally) -> None:
        engine = self.s3.engines.deleting(tally.bucket_name)
        attempts = self.s3.policy.attempts()
        todo = list(batch)
        while todo:
            answer = engine.delete(tally.bucket_name, todo)
            failures = _failures(todo, answer)
            again = [identity for identity, told in failures.items() if is_transient(200, told.code)]
            if again and not attempts.wait():
                again = []
            gone = [identity for identity in todo if identity not in failures] if failures else todo
            refused = [told for identity, told in failures.items() if identity not in again]
            tally.count(gone, sum(batch[identity] for identity in gone), answer.markers, refused)
            for told in refused:
                self.refused(told)
            if self.progress:
                self.progress.add(len(gone))
            todo = again


@dataclass(kw_only=True)
class _Tally:
    """Counts what is done, on any thread."""

    bucket_name: str
    dry_run: bool
    size: int | None = None
    deleted: int = 0
    markers: int | None = 0
    failures: int = 0
    failed: list[DeleteFailure] = field(default_factory=list)
    planned: list[ObjectId] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, batch: dict[ObjectId, int]) -> None:
        """Count what would be deleted."""
        self.count(batch, sum(batch.values()), 0, ())
        self.planned += islice(batch, MAX_TOLD - len(self.planned))

    def count(
        self, gone: Collection[ObjectId], size: int, markers: int | None, refused: Sequence[DeleteFailure]
    ) -> None:
        """Count what one request did."""
        with self.lock:
            self.deleted += len(gone)
            self.markers = None if self.markers is None or markers is None else self.markers + markers
            self.size = None if self.size is None else self.size + size
            self.failures += len(refused)
            self.failed += refused[: MAX_TOLD - len(self.failed)]

    def result(self) -> DeleteResult:
        """Return what was counted."""
        return DeleteResult(
            bucket_name=self.bucket_name,
            deleted=self.deleted,
            delete_markers=self.markers,
            size=self.size,
            failures=self.failures,
            failed=tuple(self.failed),
            dry_run=self.dry_run,
            planned=tuple(self.planned),
        )


def _failures(todo: Sequence[ObjectId], answer: Deletion) -> dict[ObjectId, DeleteFailure]:
    """Return which of the objects were not deleted, and why."""
    if not answer.failures:
        return {}
    told = {ObjectId(failure.key, failure.version_id): failure for failure in answer.failures}
    # Some services leave the version out of their answer.
    found = {identity: told.get(identity) or told.get(ObjectId(identity.key)) for identity in todo}
    return {identity: failure for identity, failure in found.items() if failure}


def _batches(found: Iterable[tuple[ObjectId, int]]) -> Iterator[dict[ObjectId, int]]:
    """Group objects, with their sizes, by 1,000; those that no batch can name stand alone."""
    rest = iter(found)
    while batch := dict(islice(rest, MAX_BATCH)):
        if not fits_xml("".join([identity.key for identity in batch])):
            alone = [identity for identity in batch if not fits_xml(identity.key)]
            yield from ({identity: batch.pop(identity)} for identity in alone)
        if batch:
            yield batch
