# SPDX-License-Identifier: Apache-2.0
"""What the operations on S3 answer: frozen values, ETags without their quotes, times in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airflow_provider_s3rest import lazy

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.results.copies import CopyPrefixResult, CopyResult
    from airflow_provider_s3rest.s3.results.deletions import DeleteFailure, DeleteResult
    from airflow_provider_s3rest.s3.results.listings import BucketList, CommonPrefix, ObjectSummary, ObjectVersion
    from airflow_provider_s3rest.s3.results.objects import ObjectHead
    from airflow_provider_s3rest.s3.results.upserts import UpsertResult

__all__ = [
    "BucketList",
    "CommonPrefix",
    "CopyPrefixResult",
    "CopyResult",
    "DeleteFailure",
    "DeleteResult",
    "ObjectHead",
    "ObjectId",
    "ObjectSummary",
    "ObjectVersion",
    "UpsertResult",
    "unquote_etag",
]

__getattr__ = lazy.attributes(
    __name__,
    copies=("CopyPrefixResult", "CopyResult"),
    deletions=("DeleteFailure", "DeleteResult"),
    listings=("BucketList", "CommonPrefix", "ObjectSummary", "ObjectVersion"),
    objects=("ObjectHead",),
    upserts=("UpsertResult",),
)


class ObjectId(NamedTuple):
    """An object, or one version of it.

    :param version_id: None for the object as such.
    """

    key: str
    version_id: str | None = None


def unquote_etag(etag: str | None) -> str | None:
    """Take the quotes of HTTP off an ETag; a weak one (``W/"..."``) stays whole."""
    if etag and len(etag) > 1 and etag[0] == etag[-1] == '"':
        return etag[1:-1]
    return etag or None
