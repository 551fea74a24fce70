# SPDX-License-Identifier: Apache-2.0
"""The hook of an ``s3rest`` connection."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.buckets import BucketMethods
from airflow_provider_s3rest.hooks.presigning import PresigningMethods
from airflow_provider_s3rest.hooks.syncing import SyncMethods

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.hooks.copying import CopyOptions, CopyPrefixOptions
    from airflow_provider_s3rest.s3.deletion import Deleter
    from airflow_provider_s3rest.s3.filters import Filter, ObjectFilters
    from airflow_provider_s3rest.s3.identities import Keys
    from airflow_provider_s3rest.s3.options import Read, ReadOptions, Write, WriteOptions
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import (
        CommonPrefix,
        CopyPrefixResult,
        CopyResult,
        DeleteFailure,
        DeleteResult,
        ObjectHead,
        ObjectSummary,
        ObjectVersion,
        UpsertResult,
    )
    from airflow_provider_s3rest.s3.select import Selection, SelectOptions
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.stream import ObjectStream
    from airflow_provider_s3rest.s3.upload import Data


class S3RestHook(PresigningMethods, SyncMethods, BucketMethods):
    """Amazon S3 by a connection of type ``s3rest``.

    Every operation may raise :class:`~airflow_provider_s3rest.exceptions.S3RestConnectionError` for a connection that
    can't work, :class:`~airflow_provider_s3rest.exceptions.S3RestCredentialError` where Roles Anywhere gives no
    credentials, and ``botocore.exceptions.ClientError`` with the words of S3. What is temporary has then been retried
    by the delays of the connection.

    :param s3rest_conn_id: the connection.
    :param region_name: the region of the buckets; default: the connection's, or else each bucket's own.
    """

    conn_name_attr = "s3rest_conn_id"
    default_conn_name = "s3rest_default"
    conn_type = "s3rest"
    hook_name = "Amazon S3 (s3rest)"

    def __init__(self, s3rest_conn_id: str = default_conn_name, region_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def connection(self) -> S3RestConnection:
        """The connection as Airflow has it, read and checked."""
        from airflow_provider_s3rest.hooks.airflow import read_connection

        return read_connection(self.get_connection(self.s3rest_conn_id))

    @cached_property
    def store(self) -> S3:
        """The engines behind every operation."""
        from airflow_provider_s3rest.s3.store import S3

        return S3(self.connection, self._source, self.region_name)

    @cached_property
    def _source(self) -> CredentialSource:
        from airflow_provider_s3rest.auth.credentials import credential_source
        from airflow_provider_s3rest.hooks.airflow import cache_options, mask

        return credential_source(self.connection, mask=mask, **cache_options())

    def get_conn(self) -> Any:
        """A boto3 S3 client, for the rest of the API; its credentials renew themselves."""
        return self.store.client()

    def get_credentials(self) -> Credentials:
        """Live credentials, from the cache if it has any; temporary ones have at least 60 s of life."""
        return self._source.current()

    def test_connection(self) -> tuple[bool, str]:
        """Make the calls that the connection is for, past every cache and without retries.

        :returns: whether all went well, and who we are, or which stage failed and the service's own words.
        """
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.hooks.diagnosis import diagnose

        return diagnose(lambda: self.connection, region_name=self.region_name, mask=mask)

    def head_object(
        self,
        bucket_name: str | None,
        key: str,
        *,
        sse_customer_key: str | bytes | None = None,
        **options: Unpack[ReadOptions],
    ) -> ObjectHead:
        """Ask about an object without its bytes.

        :raises S3RestNotFoundError: it does not exist.
        """
        return self.store.head_object(bucket_name, key, self._read(options, sse_customer_key))

    def get_object(
        self,
        bucket_name: str | None,
        key: str,
        *,
        sse_customer_key: str | bytes | None = None,
        **options: Unpack[ReadOptions],
    ) -> ObjectStream:
        """Open an object: iterate over its bytes, ``read()`` them all, ``save()`` them, or have them as a ``file()``.

        :param bucket_name: the bucket; None where ``key`` is an ``s3://`` URL, here and in every other method.
        :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C): 32 bytes, or their
            Base64.
        :param options: see :class:`~airflow_provider_s3rest.s3.options.ReadOptions`.
        :raises S3RestNotFoundError: it does not exist.
        :raises S3RestPreconditionError: a condition of the options does not hold.
        """
        return self.store.get_object(bucket_name, key, self._read(options, sse_customer_key))

    def upsert_object(
        self,
        bucket_name: str | None,
        key: str,
        data: Data,
        *,
        sse_customer_key: str | bytes | None = None,
        skip_unchanged: bool = False,
        **options: Unpack[WriteOptions],
    ) -> UpsertResult:
        """Create or replace an object.

        :param data: its bytes, a text (stored as UTF-8), the path of a file, an open binary file, or pieces of bytes;
            the last three may be of any size.
        :param sse_customer_key: a key of your own to encrypt it by (SSE-C): 32 bytes, or their Base64.
        :param skip_unchanged: send nothing where the object is there with these bytes, metadata and content type.
        :param options: see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
        :raises S3RestPreconditionError: a condition of the options does not hold.
        """
        write = self._write(options, sse_customer_key)
        progress = self.progress(f"Writing {key!r}")
        return self.store.upsert_object(bucket_name, key, data, write, skip_unchanged=skip_unchanged, progress=progress)

    def copy_object(
        self,
        source_bucket_name: str | None,
        source_key: str,
        bucket_name: str | None,
        key: str | None = None,
        **options: Unpack[CopyOptions],
    ) -> CopyResult:
        """Copy an object of any size with its content headers, metadata and tags: inside S3, or between connections.

        :param key: the key of the copy; default: that of the source.
        :param options: see :class:`~airflow_provider_s3rest.hooks.copying.CopyOptions`.
        :raises S3RestNotFoundError: it does not exist.
        :raises S3RestPreconditionError: a condition of the options does not hold.
        """
        from airflow_provider_s3rest.hooks.copying import read_options
        from airflow_provider_s3rest.s3.copying import copy_object
        from airflow_provider_s3rest.s3.keys import locate_copy

        places = locate_copy((source_bucket_name, source_key), (bucket_name, key), "key")
        source, target, rules = read_options(self, *places, options)
        return copy_object(source, target, rules, progress=self.progress(f"Copying {source.key!r}"))

    def copy_prefix(
        self,
        source_bucket_name: str | None,
        source_prefix: str,
        bucket_name: str | None,
        prefix: str | None = None,
        **options: Unpack[CopyPrefixOptions],
    ) -> CopyPrefixResult:
        """Copy all objects whose key begins with ``source_prefix``, many at once; in their keys it becomes ``prefix``.

        :param source_prefix: an empty one means all of the bucket.
        :param prefix: default: the same.
        :param options: see :class:`~airflow_provider_s3rest.hooks.copying.CopyPrefixOptions`.
        :raises S3RestError: some were not copied; all others were. The log names each.
        """
        from airflow_provider_s3rest.hooks.copying import read_choice, read_options
        from airflow_provider_s3rest.s3.copying import copy_prefix
        from airflow_provider_s3rest.s3.keys import locate_copy

        choice, rest = read_choice(options)
        places = locate_copy((source_bucket_name, source_prefix), (bucket_name, prefix), "prefix")
        source, target, rules = read_options(self, *places, rest)
        progress = self.progress(f"Copying {source.key!r}", unit="objects")
        return copy_prefix(source, target, rules, choice, log=self.log, progress=progress)

    def delete_objects(self, bucket_name: str | None, keys: Keys, *, dry_run: bool = False) -> DeleteResult:
        """Delete objects; an absent one counts as deleted, as S3 has it. Refusals are logged.

        :param keys: one key or any number of them, as texts, as tuples with a version id, as rows or items of a query;
            see :func:`~airflow_provider_s3rest.s3.identities.read_identities`.
        :param dry_run: delete nothing, and tell what would be deleted.
        :returns: how many are gone, and which ones S3 refused to delete, and why.
        """
        return self._deleter(dry_run=dry_run).delete_keys(bucket_name, keys)

    def delete_prefix(
        self,
        bucket_name: str | None,
        prefix: str,
        *,
        versions: bool = False,
        allow_all: bool = False,
        dry_run: bool = False,
        **filters: Unpack[ObjectFilters],
    ) -> DeleteResult:
        """Delete the objects whose keys begin so, while they are being listed. Refusals are logged.

        :param versions: delete every version and delete marker, for good.
        :param allow_all: let an empty prefix mean the whole bucket; otherwise it is an error.
        :param dry_run: delete nothing, and tell what would be deleted.
        :param filters: see :class:`~airflow_provider_s3rest.s3.filters.ObjectFilters`.
        """
        where = self._filter(filters, strict=True)
        deleter = self._deleter(dry_run=dry_run)
        return deleter.delete_prefix(bucket_name, prefix, where, versions=versions, allow_all=allow_all)

    def query_objects(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        limit: int | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectSummary]:
        """The objects of a bucket in the order of their keys, page by page as they are asked for.

        :param prefix: only keys that begin so.
        :param start_after: only keys after this one.
        :param limit: the most to give.
        :param filters: see :class:`~airflow_provider_s3rest.s3.filters.ObjectFilters`.
        """
        from airflow_provider_s3rest.s3.listing import list_objects

        where, progress = self._filter(filters), self.progress("Listing", unit="objects")
        return list_objects(
            self.store, bucket_name, prefix, start_after=start_after, limit=limit, where=where, progress=progress
        )

    def query_folder(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        delimiter: str = "/",
        limit: int | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectSummary | CommonPrefix]:
        """What is directly below a prefix: objects, and the common prefixes of what is deeper; else as query_objects.

        :param delimiter: what ends a common prefix. It has a name only: filters by anything else leave it out.
        """
        from airflow_provider_s3rest.s3.listing import list_folder

        where = self._filter(filters)
        return list_folder(
            self.store, bucket_name, prefix, delimiter=delimiter, start_after=start_after, limit=limit, where=where
        )

    def query_versions(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        limit: int | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectVersion]:
        """The versions and delete markers of a bucket, the newest of each key first; else as query_objects."""
        from airflow_provider_s3rest.s3.listing import list_versions

        where, progress = self._filter(filters), self.progress("Listing", unit="versions")
        return list_versions(
            self.store, bucket_name, prefix, start_after=start_after, limit=limit, where=where, progress=progress
        )

    def _deleter(self, *, dry_run: bool) -> Deleter:
        from airflow_provider_s3rest.s3.deletion import Deleter

        def refused(failure: DeleteFailure) -> None:
            version = f" version {failure.version_id}" if failure.version_id else ""
            self.log.error("Not deleted: %s%s (%s: %s)", failure.key, version, failure.code, failure.message)

        progress = self.progress("Deleting", unit="objects")
        return Deleter(s3=self.store, dry_run=dry_run, refused=refused, progress=progress)

    def _filter(self, filters: ObjectFilters, *, strict: bool = False) -> Filter:
        from airflow_provider_s3rest.s3.filters import Filter

        return Filter.parse(filters, now=datetime.now(UTC), strict=strict)

    def select_object(
        self,
        bucket_name: str | None,
        key: str,
        expression: str,
        *,
        sse_customer_key: str | bytes | None = None,
        **options: Unpack[SelectOptions],
    ) -> Selection:
        """Run SQL over an object; iterate over what is returned for the bytes of the result, whatever its size.

        :param expression: one SELECT from ``S3Object``, at most 256 KB.
        :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C).
        :param options: see :class:`~airflow_provider_s3rest.s3.select.SelectOptions`.
        :raises ValueError: the SQL, or the form of the object, is refused; the message has the engine's own words.
        """
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.s3.select import Select, select_object

        select = Select.parse(key, expression, options, sse_customer_key)
        if select.customer_key:
            mask([select.customer_key.base64])
        return select_object(self.store, bucket_name, key, select, self.progress(f"Reading {key!r}"))

    def _read(self, options: ReadOptions, sse_customer_key: str | bytes | None) -> Read:
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.s3.options import Read

        read = Read.parse(options, sse_customer_key)
        if read.customer_key:
            mask([read.customer_key.base64])
        return read

    def _write(self, options: WriteOptions, sse_customer_key: str | bytes | None) -> Write:
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.s3.options import Write

        write = Write.parse(options, sse_customer_key)
        if write.customer_key:
            mask([write.customer_key.base64])
        return write

    def progress(self, what: str, total: int | None = None, unit: str = "bytes") -> Progress:
        """Tell the task's log every 10 seconds how far some long work is.

        :param total: how much there is to do, if that is known.
        """
        from airflow_provider_s3rest.s3.progress import Progress

        return Progress(what, self.log.info, total=total, unit=unit)
