# SPDX-License-Identifier: Apache-2.0
"""The requests by which S3 copies an object itself."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestPreconditionError
from airflow_provider_s3rest.s3.copying.model import Found, found_in
from airflow_provider_s3rest.s3.engine import Written
from airflow_provider_s3rest.s3.errors import translate, translated
from airflow_provider_s3rest.s3.etags import parts_of
from airflow_provider_s3rest.s3.options import ByteRange, Read
from airflow_provider_s3rest.s3.plain.operations import Object
from airflow_provider_s3rest.s3.results import unquote_etag
from airflow_provider_s3rest.s3.upload import part_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.copying.model import Source, Target
    from airflow_provider_s3rest.s3.progress import Progress

COPY_PART_BYTES = 128 * 1024 * 1024
"""The size of a part, unless the caller or the number of parts asks for another: the bytes stay inside S3."""

_TOO_LARGE_CODES = frozenset({"EntityTooLarge", "InvalidRequest"})
_SOURCE_CODES = frozenset({"NoSuchKey", "NoSuchVersion"})


def copy_at_once(
    source: Source, target: Target, found: Found, *, spelled: bool, copy_tags: bool
) -> tuple[Found, Written]:
    """Copy an object by one request.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

    :param spelled: whether the target's options describe the content as a whole.
    :returns: what was copied as far as it is known, and the copy.
    """
    terms = target.write.terms() | found.pin(source.read).copy_source_terms()
    if spelled:
        terms["MetadataDirective"] = "REPLACE"
    if target.write.tags or not copy_tags:
        terms["TaggingDirective"] = "REPLACE"
    try:
        with _translated(source, target, found):
            answer = _copy(source, target, terms)
    except S3RestPreconditionError as error:
        return found, _ours(source, target, found, error)
    copied = Written(
        etag=unquote_etag(answer["CopyObjectResult"].get("ETag")),
        version_id=answer.get("VersionId"),
        region_name=target.s3.engines.region_of(target.bucket_name),
    )
    return replace(found, version_id=answer.get("CopySourceVersionId") or found.version_id), copied


def copy_quickly(source: Source, target: Target) -> bool:
    """Copy an object of at most 5 GiB as it is, many times faster than :func:`copy_at_once`, and learn nothing of it.

    :returns: False where that can't be done, and nothing was.
    """
    fast = target.s3.engines.fast_for(source.key, target.key)
    if fast is None:
        return False
    with _translated(source, target, Found()):
        return fast.copy(source.bucket_name, source.key, target.bucket_name, target.key)


def describe(source: Source) -> Found:
    """Ask for everything but the bytes; the conditions of the caller are judged here."""
    plain = source.s3.engines.plain_for(source.bucket_name)
    terms = source.read.terms()
    with translated(source.bucket_name, source.key):
        if plain:
            return found_in(Object(plain, source.bucket_name, source.key).head(terms))
        from airflow_provider_s3rest.s3.client import call

        client = source.s3.client(source.bucket_name)
        return found_in(call(client, "head_object", terms, Bucket=source.bucket_name, Key=source.key))


def _copy(source: Source, target: Target, terms: dict[str, Any]) -> dict[str, Any]:
    plain = target.s3.engines.plain_for(target.bucket_name)
    if plain:
        return Object(plain, target.bucket_name, target.key).copy(terms, source.copy_source)
    from airflow_provider_s3rest.s3.client import call

    _check_conditions(target)
    client = target.s3.client(target.bucket_name)
    where = {"Bucket": target.bucket_name, "Key": target.key, "CopySource": source.copy_source}
    answer: dict[str, Any] = call(client, "copy_object", terms, **where)
    return answer


def copy_in_parts(source: Source, target: Target, found: Found, progress: Progress | None) -> Written:
    """Copy an object in parts, each of them from the object that was found.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html

    :param target: with the whole description: S3 takes none from the source here.
    """
    # Like all of boto3, imported only to be used.
    from airflow_provider_s3rest.s3.client import call
    from airflow_provider_s3rest.s3.multipart import MultipartUpload, sent_part

    size = found.size or 0
    client = target.s3.client(target.bucket_name)
    terms = target.write.terms()
    part_terms = terms | found.pin(source.read).copy_source_terms()
    step = part_bytes(0, size, target.write.part_bytes or COPY_PART_BYTES)
    ranges = (ByteRange(start=at, end=min(at + step, size)) for at in range(0, size, step))

    def send(upload_id: str, number: int, byte_range: ByteRange) -> dict[str, Any]:
        upload = {"Bucket": target.bucket_name, "Key": target.key, "UploadId": upload_id, "PartNumber": number}
        where = {"CopySource": source.copy_source, "CopySourceRange": str(byte_range)}
        with _translated(source, target, found):
            answer = call(client, "upload_part_copy", part_terms, **upload, **where)
        if progress:
            progress.add(min(step, size - byte_range.start))
        return sent_part(number, answer["CopyPartResult"])

    upload = MultipartUpload(target.s3, target.bucket_name, target.key, terms)
    return upload.assemble(ranges, send, target.s3.connection.max_concurrency)


def may_be_too_large(error: Exception) -> bool:
    """Whether S3 refused a copy as it refuses those of objects above 5 GiB; services call it this or that."""
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in _TOO_LARGE_CODES


def takes_conditions(target: Target) -> bool:
    """Whether a copy can be made conditional on its target: not by a boto3 that is old, where only that can send it."""
    if target.s3.engines.plain_for(target.bucket_name):
        return True
    client = target.s3.client(target.bucket_name)
    known = client.meta.service_model.operation_model("CopyObject").input_shape.members
    return "IfMatch" in known and "IfNoneMatch" in known


def _check_conditions(target: Target) -> None:
    if (target.write.if_match or target.write.if_none_match) and not takes_conditions(target):
        raise ValueError(
            "if_match, if_none_match: the installed boto3 is too old to make a copy conditional; update it"
        )


def _ours(source: Source, target: Target, found: Found, error: S3RestPreconditionError) -> Written:
    """Return the object that is in the way, if it is this copy: the answer to an earlier try may have been lost."""
    if not error.retried:
        raise error
    etag = found.etag or describe(source).etag
    there = target.s3.head_object(target.bucket_name, target.key, Read(customer_key=target.write.customer_key))
    if parts_of(etag) != 0 or there.etag != etag:
        raise error
    return Written(etag=there.etag, version_id=there.version_id, region_name=there.region_name)


@contextmanager
def _translated(source: Source, target: Target, found: Found) -> Iterator[None]:
    """Give errors the types that callers catch, and the name of the side that they are about."""
    try:
        yield
    except ClientError as error:
        of_source = _is_of_source(error, source, target)
        side = source if of_source else target
        public = translate(error, side.bucket_name, side.key)
        if of_source and found.described and isinstance(public, S3RestPreconditionError):
            public = S3RestIntegrityError(f"Object {source.key!r} was replaced while it was being copied")
        if public is error:
            raise
        raise public from None


def _is_of_source(error: ClientError, source: Source, target: Target) -> bool:
    said = error.response["Error"]
    if said.get("Code") == "PreconditionFailed":
        conditional = target.write.if_match or target.write.if_none_match
        return not conditional or said.get("Condition", "").lower().startswith("x-amz-copy-source")
    if said.get("Code") == "NoSuchBucket":
        return bool(said.get("BucketName") == source.bucket_name)
    return said.get("Code") in _SOURCE_CODES
