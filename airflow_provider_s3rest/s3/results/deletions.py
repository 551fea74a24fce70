# SPDX-License-Identifier: Apache-2.0
"""What deletions tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.results import ObjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFailure:
    """A key that S3 did not delete, and S3's own words why.

    :param version_id: where one version was to be deleted.
    """

    key: str
    code: str
    message: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """What a deletion did; S3 counts an absent key as deleted.

    :param bucket_name: None where no key named a bucket, since there was none.
    :param deleted: how many keys or versions are gone; of a dry run, how many would be.
    :param delete_markers: how many of them S3 hid behind a new delete marker, since the bucket keeps versions; None
        where S3 did not say, as for a key that no batch can name.
    :param size: the bytes of what was deleted, where a listing told them.
    :param failures: how many S3 refused to delete.
    :param failed: the first 1,000 of these.
    :param dry_run: whether nothing was deleted.
    :param planned: of a dry run, the first 1,000 that would be.
    """

    bucket_name: str | None
    deleted: int
    delete_markers: int | None = None
    size: int | None = None
    failures: int = 0
    failed: tuple[DeleteFailure, ...] = ()
    dry_run: bool = False
    planned: tuple[ObjectId, ...] = ()
