# SPDX-License-Identifier: Apache-2.0
"""The requests by which S3 copies an object itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestPreconditionError
from airflow_provider_s3rest.s3.client import call
from airflow_provider_s3rest.s3.engine import Written
from airflow_provider_s3rest.s3.errors import translate
from airflow_provider_s3rest.s3.etags import parts_of
from airflow_provider_s3rest.s3.multipart import MultipartUpload, sent_part
from airflow_provider_s3rest.s3.options import ByteRange, Read
from airflow_provider_s3rest.s3.results import unquote_etag
from airflow_provider_s3rest.s3.upload import part_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.copying.model import Found, Source, Target
    from airflow_provider_s3rest.s3.progress import Progress

COPY_PART_BYTES = 128 * 1024 * 1024
"""The size of a part, unless the caller or the number of parts asks for another: the bytes stay inside S3."""

_SOURCE_CODES = frozenset({"NoSuchKey", "NoSuchVersion"})


def copy_at_once(source: Source, target: Target, found: Found, *, spelled: bool, copy_tags: bool) -> Written:
    """Copy an object by one request.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

    :param spelled: whether the target's options describe the content as a whole.
    """
    client = target.s3.client(target.bucket_name)
    terms = target.write.terms() | found.pin(source.read).copy_source_terms()
    if spelled:
        terms["MetadataDirective"] = "REPLACE"
    if target.write.tags or not copy_tags:
        terms["TaggingDirective"] = "REPLACE"
    _check_conditions(client, target)
    try:
        with _translated(source, target, found):
            answer = call(
                client,
                "copy_object",
                terms,
                Bucket=target.bucket_name,
                Key=target.key,
                CopySource=source.copy_source,
            )
    except S3RestPreconditionError as error:
        return _ours(target, found, error)
    return Written(
        etag=unquote_etag(answer["CopyObjectResult"].get("ETag")),
        version_id=answer.get("VersionId"),
        region_name=client.meta.region_name,
    )


def copy_in_parts(source: Source, target: Target, found: Found, progress: Progress | None) -> Written:
    """Copy an object in parts, each of them from the object that was found.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html

    :param target: with the whole description: S3 takes none from the source here.
    """
    client = target.s3.client(target.bucket_name)
    terms = target.write.terms()
    part_terms = terms | found.pin(source.read).copy_source_terms()
    step = part_bytes(0, found.size, target.write.part_bytes or COPY_PART_BYTES)
    ranges = (ByteRange(start=at, end=min(at + step, found.size)) for at in range(0, found.size, step))

    def send(upload: dict[str, str], number: int, byte_range: ByteRange) -> dict[str, Any]:
        where = {"PartNumber": number, "CopySource": source.copy_source, "CopySourceRange": str(byte_range)}
        with _translated(source, target, found):
            answer = call(client, "upload_part_copy", part_terms, **upload, **where)
        if progress:
            progress.add(min(step, found.size - byte_range.start))
        return sent_part(number, answer["CopyPartResult"])

    upload = MultipartUpload(client, target.bucket_name, target.key, terms)
    return upload.assemble(ranges, send, target.s3.connection.max_concurrency)


def takes_conditions(client: Any) -> bool:
    """Whether the installed boto3 can make a copy conditional on its target."""
    known = client.meta.service_model.operation_model("CopyObject").input_shape.members
    return "IfMatch" in known and "IfNoneMatch" in known


def _check_conditions(client: Any, target: Target) -> None:
    if (target.write.if_match or target.write.if_none_match) and not takes_conditions(client):
        raise ValueError(
            "if_match, if_none_match: the installed boto3 is too old to make a copy conditional; update it"
        )


def _ours(target: Target, found: Found, error: S3RestPreconditionError) -> Written:
    """Return the object that is in the way, if it is this copy: the answer to an earlier try may have been lost."""
    if not error.retried or parts_of(found.etag) != 0:
        raise error
    there = target.s3.head_object(target.bucket_name, target.key, Read(customer_key=target.write.customer_key))
    if there.etag != found.etag:
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
