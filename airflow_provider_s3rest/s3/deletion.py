# SPDX-License-Identifier: Apache-2.0
"""Deleting objects, in batches of 1,000 at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.engine import MAX_BATCH
from airflow_provider_s3rest.s3.keys import check_key, fits_xml, sends_verbatim
from airflow_provider_s3rest.s3.pool import concurrently
from airflow_provider_s3rest.s3.results import DeleteResult
from airflow_provider_s3rest.s3.retry import is_transient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_s3rest.s3.results import DeleteFailure
    from airflow_provider_s3rest.s3.store import S3


def delete_keys(s3: S3, bucket_name: str, keys: Iterable[str]) -> DeleteResult:
    """See :meth:`airflow_provider_s3rest.s3.store.S3.delete_objects`."""
    batches = _batches(check_key(key, "keys") for key in keys)
    outcomes = concurrently(lambda batch: _delete_batch(s3, bucket_name, batch), batches, s3.workers)
    return DeleteResult(
        bucket_name=bucket_name,
        deleted=sum(deleted for deleted, _ in outcomes),
        failed=tuple(failure for _, failures in outcomes for failure in failures),
    )


def _delete_batch(s3: S3, bucket_name: str, keys: list[str]) -> tuple[int, list[DeleteFailure]]:
    engine = s3.engines.choose(*keys)
    attempts = s3.policy.attempts()
    refused: list[DeleteFailure] = []
    todo = keys
    while True:
        failures = engine.delete(bucket_name, todo)
        passing = [failure for failure in failures if is_transient(200, failure.code)]
        refused += [failure for failure in failures if failure not in passing]
        if not passing or not attempts.wait():
            refused += passing
            return len(keys) - len(refused), refused
        todo = [failure.key for failure in passing]


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """Group keys by 1,000, those that only the complete engine can delete apart from the others."""
    plain: list[str] = []
    awkward: list[str] = []
    for key in keys:
        group = plain if sends_verbatim(key) and fits_xml(key) else awkward
        group.append(key)
        if len(group) == MAX_BATCH:
            yield list(group)
            group.clear()
    yield from (group for group in (plain, awkward) if group)
