# SPDX-License-Identifier: Apache-2.0
"""The part of the hook for single objects, and for copies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airflow_provider_s3rest.hooks.base import S3RestBaseHook
from airflow_provider_s3rest.s3.keys import S3Url, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Unpack

    from airflow_provider_s3rest.hooks.copying import CopyOptions, CopyPrefixOptions
    from airflow_provider_s3rest.s3.bulk import Objects
    from airflow_provider_s3rest.s3.options import ReadOptions, WriteOptions
    from airflow_provider_s3rest.s3.results import CopyPrefixResult, CopyResult, ObjectHead, UpsertResult
    from airflow_provider_s3rest.s3.select import Selection, SelectOptions
    from airflow_provider_s3rest.s3.stream import ObjectStream
    from airflow_provider_s3rest.s3.upload import Data


class ObjectMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that read, write and copy objects."""

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
        stream = self.store.get_object(bucket_name, key, self._read(options, sse_customer_key))
        self._record(inputs=[S3Url(stream.head.bucket_name, stream.head.key)])
        return stream

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
        result = self.store.upsert_object(
            bucket_name, key, data, write, skip_unchanged=skip_unchanged, progress=progress
        )
        read = [data] if isinstance(data, os.PathLike) else []
        self._record(inputs=read, outputs=[S3Url(result.bucket_name, result.key)])
        return result

    def head_objects(
        self, bucket_name: str | None, keys: Iterable[str], **options: Unpack[ReadOptions]
    ) -> list[ObjectHead]:
        """Ask about many objects, as many at once as the connection allows; the first failure ends it.

        :returns: the heads in the order of the keys.
        :raises S3RestNotFoundError: one of them does not exist.
        """
        from airflow_provider_s3rest.s3.bulk import head_objects

        return head_objects(self.store, bucket_name, keys, self._read(options, None))

    def get_objects(
        self, bucket_name: str | None, keys: Iterable[str], **options: Unpack[ReadOptions]
    ) -> Iterator[tuple[str, bytes]]:
        """Read many small objects, as many at once as the connection allows; the first failure ends it.

        :returns: each key and the object's bytes, in the order of the keys; memory holds those in flight.
        :raises S3RestNotFoundError: one of them does not exist.
        """
        from airflow_provider_s3rest.s3.bulk import get_objects

        for key, data in get_objects(self.store, bucket_name, keys, self._read(options, None)):
            self._record(inputs=[S3Url(*locate(bucket_name, key))])
            yield key, data

    def upsert_objects(
        self, bucket_name: str | None, objects: Objects, **options: Unpack[WriteOptions]
    ) -> list[UpsertResult]:
        """Create or replace many objects, as many at once as the connection allows; the first failure ends it.

        :param objects: the data by key, or pairs of both, asked for only when a request is free for them.
        :returns: the results in the order of the objects.
        """
        from airflow_provider_s3rest.s3.bulk import upsert_objects

        results = upsert_objects(self.store, bucket_name, objects, self._write(options, None))
        self._record(outputs=[S3Url(result.bucket_name, result.key) for result in results])
        return results

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
        result = copy_object(source, target, rules, progress=self.progress(f"Copying {source.key!r}"))
        self._record(inputs=places[:1], outputs=places[1:])
        return result

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
        from airflow_provider_s3rest.hooks.lineage import folder
        from airflow_provider_s3rest.s3.copying import copy_prefix
        from airflow_provider_s3rest.s3.keys import locate_copy

        choice, rest = read_choice(options)
        places = locate_copy((source_bucket_name, source_prefix), (bucket_name, prefix), "prefix")
        source, target, rules = read_options(self, *places, rest)
        progress = self.progress(f"Copying {source.key!r}", unit="objects")
        result = copy_prefix(source, target, rules, choice, log=self.log, progress=progress)
        if not choice.dry_run:
            self._record(inputs=[folder(*places[0])], outputs=[folder(*places[1])])
        return result

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
        from airflow_provider_s3rest.hooks.airflow import mask_key
        from airflow_provider_s3rest.s3.select import Select, select_object

        select = Select.parse(key, expression, options, sse_customer_key)
        mask_key(select.customer_key)
        selection = select_object(self.store, bucket_name, key, select, self.progress(f"Reading {key!r}"))
        self._record(inputs=[S3Url(selection.bucket_name, selection.key)])
        return selection
