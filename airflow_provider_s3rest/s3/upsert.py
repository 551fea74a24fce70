# SPDX-License-Identifier: Apache-2.0
"""Creating or replacing one object, and knowing afterwards whether it was us."""

from __future__ import annotations

import io
import mimetypes
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.s3 import etags
from airflow_provider_s3rest.s3.engine import Written
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.results import UpsertResult
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES, part_bytes, parts, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from airflow_provider_s3rest.s3.multipart import MultipartUpload
    from airflow_provider_s3rest.s3.options import Write
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import ObjectHead
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.upload import Data

DEFAULT_CONTENT_TYPE = "application/octet-stream"

# The files of the machine would make it guess differently on each worker.
_TYPES = mimetypes.MimeTypes(filenames=())
_COMPRESSED_TYPES = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_MEMORY_BYTES = 128 * 1024 * 1024


def guess_content_type(name: str) -> str:
    """Return the content type that the end of a name tells; that of a compressed file is the compression's."""
    kind, compression = _TYPES.guess_type(f"/{name}")
    if compression:
        return _COMPRESSED_TYPES.get(compression, DEFAULT_CONTENT_TYPE)
    return kind or DEFAULT_CONTENT_TYPE


def upsert(
    s3: S3,
    bucket_name: str,
    key: str,
    data: Data,
    write: Write,
    *,
    skip_unchanged: bool,
    progress: Progress | None,
) -> UpsertResult:
    """See :meth:`airflow_provider_s3rest.s3.store.S3.upsert_object`."""
    if skip_unchanged and (found := _unchanged(s3, bucket_name, key, data, write)):
        return UpsertResult(
            bucket_name=bucket_name,
            key=key,
            etag=found.etag,
            version_id=found.version_id,
            size=found.size,
            region_name=found.region_name,
            unchanged=True,
        )
    if not write.content_type:
        write = replace(write, content_type=guess_content_type(key))
    with reading(data) as (read, size):
        first = read(SINGLE_PUT_BYTES + 1)
        if len(first) <= SINGLE_PUT_BYTES:
            sent = len(first)
            written = _put(s3, bucket_name, key, first, write)
            if progress:
                progress.add(sent)
        else:
            pieces = parts(first, read, size, write.part_bytes)
            del first
            # The larger the parts, the fewer are in memory at once.
            workers = max(1, min(s3.workers, _MEMORY_BYTES // part_bytes(0, size, write.part_bytes)))
            upload = _new_upload(s3, bucket_name, key, write)
            written, sent = _put_parts(upload, pieces, workers, progress)
    return UpsertResult(
        bucket_name=bucket_name,
        key=key,
        etag=written.etag,
        version_id=written.version_id,
        size=sent,
        region_name=written.region_name,
    )


def _put(s3: S3, bucket_name: str, key: str, body: bytes, write: Write) -> Written:
    engine = s3.engines.choose(bucket_name, key, plain=write.is_plain, complete=write.needs_boto3, size=len(body))
    try:
        return engine.put(bucket_name, key, body, write)
    except S3RestPreconditionError as error:
        # The answer to an earlier try may have been lost: then the object that is in the way is this one.
        if not error.retried:
            raise
        found = engine.head(bucket_name, key, Read(customer_key=write.customer_key))
        if found.etag != etags.of_file(io.BytesIO(body)):
            raise
        return Written(etag=found.etag, version_id=found.version_id, region_name=found.region_name)


def _new_upload(s3: S3, bucket_name: str, key: str, write: Write) -> MultipartUpload:
    from airflow_provider_s3rest.s3.multipart import MultipartUpload

    return MultipartUpload(s3, bucket_name, key, write.terms())


def _put_parts(
    upload: MultipartUpload, pieces: Iterator[bytes], workers: int, progress: Progress | None
) -> tuple[Written, int]:
    sent = 0

    def counted() -> Iterator[bytes]:
        nonlocal sent
        for piece in pieces:
            sent += len(piece)
            yield piece

    return upload.run(counted(), workers, progress), sent


def _unchanged(s3: S3, bucket_name: str, key: str, data: Data, write: Write) -> ObjectHead | None:
    """Return the object if it is there already as it would be written."""
    with _readable_twice(data) as file:
        try:
            found = s3.head_object(bucket_name, key, Read(customer_key=write.customer_key))
        except S3RestNotFoundError:
            return None
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        count = etags.parts_of(found.etag)
        described = dict(write.metadata) == dict(found.metadata) and write.content_type in {None, found.content_type}
        if not described or size != found.size or count is None:
            return None
        part = part_bytes(0, size, write.part_bytes) if count else None
        return found if etags.of_file(file, part) == found.etag else None


def _readable_twice(data: Data) -> BinaryIO:
    """Open data that can be read once to be compared and once to be sent."""
    if isinstance(data, str):
        data = data.encode()
    if isinstance(data, bytes | bytearray | memoryview):
        return io.BytesIO(data)
    if isinstance(data, os.PathLike):
        return Path(data).open("rb")
    raise ValueError("skip_unchanged: needs data that can be read twice: bytes, a text, or the path of a file")
