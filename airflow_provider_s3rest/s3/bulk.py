# SPDX-License-Identifier: Apache-2.0
"""Many small objects at once: as many requests in flight as the connection allows, ended by the first failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.pool import concurrently, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_s3rest.s3.options import Read, Write
    from airflow_provider_s3rest.s3.results import ObjectHead, UpsertResult
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.upload import Data

    Objects = Mapping[str, Data] | Iterable[tuple[str, Data]]


def upsert_objects(s3: S3, bucket_name: str | None, objects: Objects, write: Write) -> list[UpsertResult]:
    """Create or replace many objects.

    :param objects: the data by key, or pairs of both; a pair is asked for only when a request is free for it.
    :returns: the results in the order of the objects.
    """

    def upsert(pair: tuple[str, Data]) -> UpsertResult:
        return s3.upsert_object(bucket_name, *pair, write)

    pairs = objects.items() if isinstance(objects, Mapping) else objects
    return concurrently(upsert, pairs, s3.connection.max_concurrency)


def head_objects(s3: S3, bucket_name: str | None, keys: Iterable[str], read: Read) -> list[ObjectHead]:
    """Ask about many objects without their bytes.

    :returns: the heads in the order of the keys.
    :raises S3RestNotFoundError: one of them does not exist.
    """
    return concurrently(lambda key: s3.head_object(bucket_name, key, read), keys, s3.connection.max_concurrency)


def get_objects(s3: S3, bucket_name: str | None, keys: Iterable[str], read: Read) -> Iterator[tuple[str, bytes]]:
    """Read many small objects; memory holds as many as may be in flight.

    :returns: each key as it was given, and the object's bytes, in the order of the keys.
    :raises S3RestNotFoundError: one of them does not exist.
    """

    def get(key: str) -> tuple[str, bytes]:
        with s3.get_object(bucket_name, key, read) as stream:
            return key, stream.read()

    return in_order(get, keys, s3.connection.max_concurrency)
