# SPDX-License-Identifier: Apache-2.0
"""What the operations on S3 answer: frozen values, ETags without their quotes, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSummary:
    """One object of a listing.

    :param size: in bytes.
    :param etag: changes whenever the object's bytes do; not always their MD5.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    storage_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """One version of an object, or one delete marker.

    :param version_id: ``null`` for what was written while the bucket kept no versions.
    :param is_latest: whether it is the current version.
    :param is_delete_marker: whether it says that the object is gone; such a one has no size, ETag and storage class.
    :param size: in bytes.
    """

    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    size: int | None
    etag: str | None
    last_modified: datetime
    storage_class: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonPrefix:
    """Stands for all keys that begin so, as a folder does; it ends with the delimiter."""

    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHead:
    """Everything about one object but its bytes.

    :param size: in bytes, of the whole object.
    :param version_id: None where the bucket keeps no versions.
    :param region_name: the region in which the object is.
    :param metadata: the user metadata, names in lower case and without ``x-amz-meta-``.
    """

    bucket_name: str
    key: str
    size: int
    etag: str | None
    last_modified: datetime
    content_type: str | None
    version_id: str | None
    region_name: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertResult:
    """An object that was created or replaced.

    :param size: in bytes.
    :param version_id: None where the bucket keeps no versions.
    :param region_name: the region in which the object is.
    :param unchanged: whether nothing was sent, because the object was there already.
    """

    bucket_name: str
    key: str
    etag: str | None
    version_id: str | None
    size: int
    region_name: str
    unchanged: bool = False


class ObjectId(NamedTuple):
    """An object, or one version of it.

    :param version_id: None for the object as such.
    """

    key: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """An object that was copied.

    :param size: in bytes, where it is known: S3 does not tell it of a copy, and a question for it is another request.
    :param version_id: of the copy; None where its bucket keeps no versions.
    :param region_name: the region in which the copy is.
    :param source_version_id: the version that was copied, where it is known.
    """

    bucket_name: str
    key: str
    etag: str | None
    version_id: str | None
    size: int | None
    region_name: str
    source_bucket_name: str
    source_key: str
    source_version_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPrefixResult:
    """The objects of a prefix that were copied.

    :param copied: how many there are; of a dry run, how many there would be.
    :param size: in bytes, of all of them.
    :param skipped: how many were left alone, because the target had an object of that key already.
    """

    bucket_name: str
    prefix: str
    source_bucket_name: str
    source_prefix: str
    copied: int
    size: int
    skipped: int
    dry_run: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketList:
    """The buckets of the account.

    :param owner: the canonical id of the account's owner, or its name where the service gives one.
    """

    names: tuple[str, ...]
    owner: str | None


def unquote_etag(etag: str | None) -> str | None:
    """Take the quotes of HTTP off an ETag; a weak one (``W/"..."``) stays whole."""
    if etag and len(etag) > 1 and etag[0] == etag[-1] == '"':
        return etag[1:-1]
    return etag or None
