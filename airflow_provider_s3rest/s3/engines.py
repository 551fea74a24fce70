# SPDX-License-Identifier: Apache-2.0
"""The engines of a connection, and which of them a request takes."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_s3rest.s3.clock import Clock
from airflow_provider_s3rest.s3.engine import UNSIGNED_BYTES
from airflow_provider_s3rest.s3.keys import sends_verbatim
from airflow_provider_s3rest.s3.regions import Regions

if TYPE_CHECKING:
    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.boto3_engine import Boto3Engine
    from airflow_provider_s3rest.s3.client import Clients
    from airflow_provider_s3rest.s3.engine import Deleting, Engine
    from airflow_provider_s3rest.s3.etags import Encoding
    from airflow_provider_s3rest.s3.obstore_engine import ObstoreEngine
    from airflow_provider_s3rest.s3.options import Read
    from airflow_provider_s3rest.s3.plain.client import PlainClient
    from airflow_provider_s3rest.s3.plain.engine import PlainEngine
    from airflow_provider_s3rest.s3.retry import RetryPolicy


class Engines:
    """The engines of one process, each made when it is first needed."""

    forced: Literal["plain", "obstore", "boto3"] | None = None
    """For tests of the engines themselves: the one to use for every key."""

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
        self.clock = Clock()

    def choose(
        self, bucket_name: str, key: str, *, plain: bool = True, complete: bool = False, size: int = 0
    ) -> Engine:
        """Return the fastest engine that sends a request on an object, and this connection's terms, as they are.

        In the main thread there is one request at a time, and what is ready at once is the fastest. Threads would wait
        for each other in it, as they do for Python's lock; not so in obstore, which must sign all that it sends.

        :param plain: whether the options of the request are such that every engine knows them.
        :param complete: whether only boto3 knows them.
        :param size: of what is sent, in bytes.
        """
        at_once = None if complete else self._at_once_for(bucket_name)
        alone = threading.current_thread() is threading.main_thread()
        if at_once and (alone or (size >= UNSIGNED_BYTES and self._is_secure)):
            return at_once
        return self.fast_for(key, plain=plain) or at_once or self.boto3

    def fast_for(self, *keys: str, plain: bool = True) -> ObstoreEngine | None:
        """Return the fast engine, if it can be chosen.

        :param plain: whether the options of the request are such that every engine knows them.
        """
        if self.forced:
            return self.obstore if self.forced == "obstore" else None
        # obstore signs no header of ours, and S3 refuses an unsigned x-amz-expected-bucket-owner; nor by another clock.
        needs_more = not plain or self._connection.expected_bucket_owner or self.clock.is_wrong
        if needs_more or not all(map(sends_verbatim, keys)):
            return None
        return self.obstore if self._may_be_fast else None

    def _at_once_for(self, bucket_name: str) -> PlainEngine | None:
        return self._at_once if self.forced != "obstore" and self.plain_for(bucket_name) else None

    @cached_property
    def _at_once(self) -> PlainEngine:
        from airflow_provider_s3rest.s3.plain.engine import PlainEngine

        return PlainEngine(self.plain)

    @cached_property
    def _is_secure(self) -> bool:
        return not (self._connection.endpoint_url or "").startswith("http:")

    @cached_property
    def _may_be_fast(self) -> bool:
        from airflow_provider_s3rest.s3.obstore_engine import usable_here

        return usable_here()

    @cached_property
    def obstore(self) -> ObstoreEngine:
        """The one for many at once."""
        from airflow_provider_s3rest.s3.obstore_engine import ObstoreEngine

        return ObstoreEngine(
            self._connection,
            self._credentials,
            self._regions,
            self._policy,
            fallback=lambda bucket_name: self._at_once_for(bucket_name) or self.boto3,
        )

    @cached_property
    def boto3(self) -> Boto3Engine:
        """The complete one."""
        from airflow_provider_s3rest.s3.boto3_engine import Boto3Engine

        return Boto3Engine(self.client_of)

    def plain_for(self, bucket_name: str) -> PlainClient | None:
        """Return what sends plain requests about a bucket; None where only boto3 can."""
        usable = self.forced != "boto3" and self.plain.reaches(bucket_name)
        return self.plain if usable else None

    def encoding_of(self, bucket_name: str, key: str, read: Read, part_number: int = 1) -> Encoding:
        """Ask how an object's ETag came about.

        :param part_number: the part whose size is to be told; ``WHOLE``, for its checksum.
        """
        client = self.plain_for(bucket_name)
        if client is None:
            return self.boto3.encoding_of(bucket_name, key, read, part_number)
        from airflow_provider_s3rest.s3.errors import translated
        from airflow_provider_s3rest.s3.etags import asking, read_encoding
        from airflow_provider_s3rest.s3.plain.operations import Object

        with translated(bucket_name, key):
            return read_encoding(Object(client, bucket_name, key).head(read.whole().terms() | asking(part_number)))

    def deleting(self, bucket_name: str) -> Deleting:
        """Return what deletes objects of a bucket."""
        client = self.plain_for(bucket_name)
        if client is None:
            return self.boto3
        from airflow_provider_s3rest.s3.plain.deletions import PlainDeleter

        return PlainDeleter(client)

    @cached_property
    def plain(self) -> PlainClient:
        """What sends the plainest requests of the rest of the API, without boto3."""
        from airflow_provider_s3rest.s3.plain.client import PlainClient

        return PlainClient(self._connection, self._credentials, self._regions, self.clock, self._policy)

    def region_of(self, bucket_name: str) -> str:
        """Return the region of a bucket."""
        return self._regions.of(bucket_name)

    @property
    def home_region(self) -> str:
        """The region for what belongs to no bucket, and for new buckets."""
        return self._regions.home

    @property
    def given_region(self) -> str | None:
        """The region that somebody said is that of every bucket."""
        return self._regions.given

    def know_region(self, bucket_name: str, region: str) -> None:
        """Remember the region of a bucket that is known from elsewhere."""
        self._regions.know(bucket_name, region)

    def forget_region(self, bucket_name: str) -> None:
        """Forget the region of a bucket that is no more."""
        self._regions.forget(bucket_name)

    def client_of(self, bucket_name: str) -> Any:
        """Return the boto3 client for a bucket's region."""
        return self._clients.of(self.region_of(bucket_name))

    def home_client(self) -> Any:
        """Return the boto3 client for what belongs to no bucket."""
        return self._clients.of(self._regions.home)

    def queue_client(self, region: str | None, endpoint_url: str) -> Any:
        """Return the boto3 client of SQS at one of its endpoints; without a region, for the connection's own."""
        return self._clients.of_queues(region or self._regions.home, endpoint_url)

    @cached_property
    def _clients(self) -> Clients:
        from airflow_provider_s3rest.s3.client import Clients

        return Clients(self._connection, self._credentials, self._policy, self.clock)
