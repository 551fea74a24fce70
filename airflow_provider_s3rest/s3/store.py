# SPDX-License-Identifier: Apache-2.0
"""S3 by way of one connection: its operations on objects, and which engine does each of them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.engines import Engines
from airflow_provider_s3rest.s3.keys import check_bucket_name, locate
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.retry import RetryPolicy
from airflow_provider_s3rest.s3.stream import ObjectStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.engine import OpenObject
    from airflow_provider_s3rest.s3.identities import Keys
    from airflow_provider_s3rest.s3.options import Write
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import BucketList, DeleteResult, ObjectHead, ObjectSummary, UpsertResult
    from airflow_provider_s3rest.s3.upload import Data

# More in flight gains nothing on one object, and each costs a part's memory.
_TRANSFER_WORKERS = 8


class S3:
    """The objects of one account. Safe for threads, and for processes that fork.

    Errors: ``S3RestNotFoundError``, ``S3RestPreconditionError``, ``S3RestIntegrityError``, what the credential source
    raises, and otherwise those of ``botocore.exceptions``. What may pass by itself has been tried again before,
    as the connection says.

    :param credentials: asked at each request anew.
    :param region_name: the region of every bucket; overrides the connection's.
    :param sleep: waits before a retry; tests give another.
    """

    def __init__(
        self,
        connection: S3RestConnection,
        credentials: CredentialSource,
        region_name: str | None = None,
        *,
        sleep: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        self.connection = connection
        self.credentials = credentials
        self._region_name = region_name
        self.policy = RetryPolicy(delays_seconds=connection.retry_delays_seconds, sleep=sleep)
        self.workers = min(connection.max_concurrency, _TRANSFER_WORKERS)
        self._engines = self._new_engines()

    def region_of(self, bucket_name: str) -> str:
        """Return the region of a bucket."""
        return self.engines.region_of(check_bucket_name(bucket_name))

    def client(self, bucket_name: str | None = None) -> Any:
        """Return the boto3 client for the region of a bucket; without one, for what belongs to no bucket."""
        if bucket_name is None:
            return self.engines.home_client()
        return self.engines.client_of(check_bucket_name(bucket_name))

    def get_object(self, bucket_name: str | None, key: str, read: Read | None = None) -> ObjectStream:
        """Open an object; its bytes come when they are asked for.

        :param bucket_name: the bucket; None where ``key`` is an ``s3://`` URL, here and in every other method.
        :raises S3RestNotFoundError: there is no such object, or no such bucket.
        :raises S3RestPreconditionError: a condition of ``read`` does not hold.
        """
        bucket_name, key = locate(bucket_name, key)
        read = read or Read()
        engines = self.engines

        def open_object(read: Read) -> OpenObject:
            return engines.choose(bucket_name, key, plain=read.is_plain).get(bucket_name, key, read)

        return ObjectStream(
            open_object,
            self.policy,
            read=read,
            workers=self.workers,
            encoding_of=lambda number: engines.encoding_of(bucket_name, key, read, number),
        )

    def head_object(self, bucket_name: str | None, key: str, read: Read | None = None) -> ObjectHead:
        """Ask about an object without opening it.

        :raises S3RestNotFoundError: there is no such object, or no such bucket.
        """
        bucket_name, key = locate(bucket_name, key)
        read = read or Read()
        return self.engines.choose(bucket_name, key, plain=read.is_plain).head(bucket_name, key, read)

    def find_object(self, bucket_name: str, key: str) -> ObjectHead | None:
        """Ask about an object that may well not exist, as cheaply as possible.

        :returns: None if there is no such object, or no such bucket.
        """
        return self.engines.choose(bucket_name, key).find(bucket_name, key)

    def get_tags(self, bucket_name: str | None, key: str, version_id: str | None = None) -> dict[str, str]:
        """Return the tags of an object."""
        from airflow_provider_s3rest.s3.tags import Tags

        return Tags.of_object(self, bucket_name, key, version_id).get()

    def upsert_object(
        self,
        bucket_name: str | None,
        key: str,
        data: Data,
        write: Write | None = None,
        *,
        skip_unchanged: bool = False,
        progress: Progress | None = None,
    ) -> UpsertResult:
        """Create an object, or replace it as a whole.

        Up to 16 MiB go in one request, more in parts that are retried alone; a failure leaves the bucket as it was.

        :param data: bytes; text, sent as UTF-8; the path of a file; a binary file, read from where it stands; or an
            iterable of bytes. Only a few parts of it are in memory at once.
        :param skip_unchanged: send nothing where the object is there with these bytes, metadata and content type.
        :param progress: is told of the bytes that S3 has taken.
        :raises S3RestPreconditionError: a condition of ``write`` does not hold.
        """
        from airflow_provider_s3rest.s3.options import Write
        from airflow_provider_s3rest.s3.upsert import upsert

        bucket_name, key = locate(bucket_name, key)
        return upsert(self, bucket_name, key, data, write or Write(), skip_unchanged=skip_unchanged, progress=progress)

    def delete_objects(self, bucket_name: str | None, keys: Keys) -> DeleteResult:
        """Delete objects; an absent one counts as deleted, as S3 counts it.

        :param keys: one key, or any number of them.
        :returns: how many are gone, and those that S3 refused with its reasons.
        :raises S3RestNotFoundError: there is no such bucket.
        """
        from airflow_provider_s3rest.s3.deletion import Deleter

        return Deleter(s3=self).delete_keys(bucket_name, keys)

    def query_objects(
        self, bucket_name: str | None, prefix: str = "", start_after: str = ""
    ) -> Iterator[ObjectSummary]:
        """List objects in the order of their keys' bytes; one page of 1,000 is in memory at a time.

        :param prefix: only keys that begin with it.
        :param start_after: only keys that come after it; it need not exist.
        :raises S3RestNotFoundError: at the first object: there is no such bucket.
        """
        from airflow_provider_s3rest.s3.listing import list_objects

        return list_objects(self, bucket_name, prefix, start_after=start_after)

    def list_buckets(self, prefix: str = "") -> BucketList:
        """List the account's buckets.

        :param prefix: only names that begin so, where the service knows how to choose.
        """
        from airflow_provider_s3rest.s3.results import BucketList

        client = self.engines.home_client()
        names: list[str] = []
        chosen = {"Prefix": prefix} if prefix else {}
        answer: dict[str, Any] = client.list_buckets(**chosen)
        names += [bucket["Name"] for bucket in answer.get("Buckets", ())]
        while token := answer.get("ContinuationToken"):
            answer = client.list_buckets(ContinuationToken=token, **chosen)
            names += [bucket["Name"] for bucket in answer.get("Buckets", ())]
        owner = answer.get("Owner", {})
        return BucketList(names=tuple(names), owner=owner.get("DisplayName") or owner.get("ID"))

    @property
    def engines(self) -> Engines:
        """The engines of this process: none of their connections or threads would survive a fork."""
        if self._engines.process_id != os.getpid():
            self._engines = self._new_engines()
        return self._engines

    def _new_engines(self) -> Engines:
        return Engines(self.connection, self.credentials, self._region_name, self.policy)
