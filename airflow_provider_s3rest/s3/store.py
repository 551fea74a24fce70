# SPDX-License-Identifier: Apache-2.0
"""S3 by way of one connection: its operations on objects, and which engine does each of them."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.engine import MAX_BATCH
from airflow_provider_s3rest.s3.keys import check_bucket_name, check_key, fits_xml, sends_verbatim
from airflow_provider_s3rest.s3.pool import concurrently
from airflow_provider_s3rest.s3.regions import Regions
from airflow_provider_s3rest.s3.results import BucketList, DeleteResult, UpsertResult
from airflow_provider_s3rest.s3.retry import RetryPolicy, is_transient
from airflow_provider_s3rest.s3.stream import ObjectStream
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES, parts, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.boto3_engine import Boto3Engine
    from airflow_provider_s3rest.s3.client import Clients
    from airflow_provider_s3rest.s3.engine import Engine, Written
    from airflow_provider_s3rest.s3.results import DeleteFailure, ObjectHead, ObjectSummary
    from airflow_provider_s3rest.s3.upload import Data

DEFAULT_CONTENT_TYPE = "application/octet-stream"

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
        self._connection = connection
        self._credentials = credentials
        self._region_name = region_name
        self._policy = RetryPolicy(delays_seconds=connection.retry_delays_seconds, sleep=sleep)
        self._workers = min(connection.max_concurrency, _TRANSFER_WORKERS)
        self._engines = self._new_engines()

    def client(self, bucket_name: str | None = None) -> Any:
        """Return the boto3 client for the region of a bucket; without one, for what belongs to no bucket."""
        if bucket_name is None:
            return self._here.home_client()
        return self._here.client_of(check_bucket_name(bucket_name))

    def get_object(self, bucket_name: str, key: str) -> ObjectStream:
        """Open an object; its bytes come when they are asked for.

        :raises S3RestNotFoundError: there is no such object, or no such bucket.
        """
        _check(bucket_name, key)
        engines = self._here
        engine = engines.choose(key)
        return ObjectStream(
            engine,
            engine.get(bucket_name, key),
            self._policy,
            workers=self._workers,
            etag_is_md5=lambda: engines.boto3.etag_is_md5(bucket_name, key),
        )

    def head_object(self, bucket_name: str, key: str) -> ObjectHead:
        """Ask about an object without opening it.

        :raises S3RestNotFoundError: there is no such object, or no such bucket.
        """
        _check(bucket_name, key)
        return self._here.choose(key).head(bucket_name, key)

    def upsert_object(self, bucket_name: str, key: str, data: Data, content_type: str | None = None) -> UpsertResult:
        """Create an object, or replace it as a whole.

        Up to 16 MiB go in one request, more in parts that are retried alone; a failure leaves the bucket as it was.

        :param data: bytes; text, sent as UTF-8; the path of a file; a binary file, read from where it stands; or an
            iterable of bytes. Only a few parts of it are in memory at once.
        :param content_type: ``application/octet-stream`` if none is given.
        """
        _check(bucket_name, key)
        kind = content_type or DEFAULT_CONTENT_TYPE
        with reading(data) as (read, size):
            first = read(SINGLE_PUT_BYTES + 1)
            if len(first) <= SINGLE_PUT_BYTES:
                sent = len(first)
                written = self._here.choose(key).put(bucket_name, key, first, kind)
            else:
                written, sent = self._upload_parts(bucket_name, key, parts(first, read, size), kind)
        return UpsertResult(
            bucket_name=bucket_name, key=key, etag=written.etag, version_id=written.version_id, size=sent
        )

    def delete_objects(self, bucket_name: str, keys: str | Iterable[str]) -> DeleteResult:
        """Delete objects; an absent one counts as deleted, as S3 counts it.

        :param keys: one key, or any number of them.
        :returns: how many are gone, and those that S3 refused with its reasons.
        :raises S3RestNotFoundError: there is no such bucket.
        """
        check_bucket_name(bucket_name)
        wanted = [keys] if isinstance(keys, str) else keys
        batches = _batches(check_key(key, "keys") for key in wanted)
        outcomes = concurrently(lambda batch: self._delete_batch(bucket_name, batch), batches, self._workers)
        return DeleteResult(
            bucket_name=bucket_name,
            deleted=sum(deleted for deleted, _ in outcomes),
            failed=tuple(failure for _, failures in outcomes for failure in failures),
        )

    def query_objects(self, bucket_name: str, prefix: str = "", start_after: str = "") -> Iterator[ObjectSummary]:
        """List objects in the order of their keys' bytes; one page of 1,000 is in memory at a time.

        :param prefix: only keys that begin with it.
        :param start_after: only keys that come after it; it need not exist.
        :raises S3RestNotFoundError: at the first object: there is no such bucket.
        """
        check_bucket_name(bucket_name)
        return self._here.boto3.list(bucket_name, prefix, start_after)

    def list_buckets(self) -> BucketList:
        """List the account's buckets."""
        client = self._here.home_client()
        names: list[str] = []
        answer: dict[str, Any] = client.list_buckets()
        names += [bucket["Name"] for bucket in answer.get("Buckets", ())]
        while token := answer.get("ContinuationToken"):
            answer = client.list_buckets(ContinuationToken=token)
            names += [bucket["Name"] for bucket in answer.get("Buckets", ())]
        owner = answer.get("Owner", {})
        return BucketList(names=tuple(names), owner=owner.get("DisplayName") or owner.get("ID"))

    @property
    def _here(self) -> _Engines:
        """The engines of this process: none of their connections or threads would survive a fork."""
        if self._engines.process_id != os.getpid():
            self._engines = self._new_engines()
        return self._engines

    def _new_engines(self) -> _Engines:
        return _Engines(self._connection, self._credentials, self._region_name, self._policy)

    def _upload_parts(
        self, bucket_name: str, key: str, pieces: Iterator[bytes], content_type: str
    ) -> tuple[Written, int]:
        from airflow_provider_s3rest.s3.multipart import MultipartUpload

        sent = 0

        def counted() -> Iterator[bytes]:
            nonlocal sent
            for piece in pieces:
                sent += len(piece)
                yield piece

        upload = MultipartUpload(self.client(bucket_name), bucket_name, key)
        written = upload.run(counted(), content_type, self._workers)
        return written, sent

    def _delete_batch(self, bucket_name: str, keys: list[str]) -> tuple[int, list[DeleteFailure]]:
        engine = self._here.choose(*keys)
        attempts = self._policy.attempts()
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


class _Engines:
    """The engines of one process, each made when it is first needed."""

    forced: str | None = None
    """For tests of the engines themselves: the name of the one to use for every key."""

    def __init__(
        self,
        connection: S3RestConnection,
        credentials: CredentialSource,
        region_name: str | None,
        policy: RetryPolicy,
    ) -> None:
        self.process_id = os.getpid()
        self._connection = connection
        self._credentials = credentials
        self._policy = policy
        self._regions = Regions(connection, region_name, policy)

    def choose(self, *keys: str) -> Engine:
        """Return the fastest engine that sends every one of these keys, and this connection's terms, as they are."""
        if self.forced:
            engine: Engine = getattr(self, self.forced)
            return engine
        # obstore signs no header of ours, and S3 refuses an unsigned x-amz-expected-bucket-owner.
        if self._connection.expected_bucket_owner or not all(map(sends_verbatim, keys)):
            return self.boto3
        from airflow_provider_s3rest.s3.obstore_engine import usable_here

        return self.obstore if usable_here() else self.boto3

    @cached_property
    def obstore(self) -> Engine:
        """The fast one."""
        from airflow_provider_s3rest.s3.obstore_engine import ObstoreEngine

        return ObstoreEngine(
            self._connection, self._credentials, self._regions, self._policy, fallback=lambda: self.boto3
        )

    @cached_property
    def boto3(self) -> Boto3Engine:
        """The complete one."""
        from airflow_provider_s3rest.s3.boto3_engine import Boto3Engine

        return Boto3Engine(self.client_of)

    def client_of(self, bucket_name: str) -> Any:
        """Return the boto3 client for a bucket's region."""
        return self._clients.of(self._regions.of(bucket_name))

    def home_client(self) -> Any:
        """Return the boto3 client for what belongs to no bucket."""
        return self._clients.of(self._regions.home)

    @cached_property
    def _clients(self) -> Clients:
        from airflow_provider_s3rest.s3.client import Clients

        return Clients(self._connection, self._credentials, self._policy)


def _check(bucket_name: str, key: str) -> None:
    check_bucket_name(bucket_name)
    check_key(key)


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
