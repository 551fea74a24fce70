# SPDX-License-Identifier: Apache-2.0
"""What listings tell of objects, versions and buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
class BucketList:
    """The buckets of the account.

    :param owner: the canonical id of the account's owner, or its name where the service gives one.
    """

    names: tuple[str, ...]
    owner: str | None
