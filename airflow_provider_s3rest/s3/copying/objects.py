# SPDX-License-Identifier: Apache-2.0
"""Copying one object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestPreconditionError
from airflow_provider_s3rest.s3.copying.model import Found, Rules, check, inherit, is_itself, same_account
from airflow_provider_s3rest.s3.copying.serverside import (
    copy_at_once,
    copy_in_parts,
    copy_quickly,
    describe,
    may_be_too_large,
)
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.results import CopyResult
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES, part_bytes

if TYPE_CHECKING:
    from collections.abc import Generator

    from airflow_provider_s3rest.s3.copying.model import Source, Target
    from airflow_provider_s3rest.s3.engine import Written
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import ObjectSummary, UpsertResult

SINGLE_COPY_BYTES = 5 * 1024**3
"""Objects up to this size are copied by one request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""


def copy_object(
    source: Source,
    target: Target,
    rules: Rules | None = None,
    *,
    known: ObjectSummary | None = None,
    progress: Progress | None = None,
) -> CopyResult:
    """Copy an object of any size, with its content headers, metadata and tags; a failure leaves the target as it was.

    Where one connection reads and writes, S3 does it: above 5 GiB in parts, which are retried alone. Between two
    connections the bytes stream through this process, of which memory holds a few parts.

    :param known: the object as a listing tells of it: spares the question for it, where nothing else must be known.
    :param progress: is told of the bytes that have been copied.
    :raises ValueError: an option can't be honoured, or the copy would change nothing.
    :raises S3RestNotFoundError: there is no such object, or one of the buckets does not exist.
    :raises S3RestPreconditionError: a condition of the source or the target does not hold.
    :raises S3RestIntegrityError: the source was replaced while it was being copied, or its bytes did not arrive.
    """
    rules = rules or Rules()
    check(source, target, rules)
    written: Written | UpsertResult
    if same_account(source, target):
        found, written = _inside(source, target, rules, known, progress)
    else:
        found, written = _streamed(source, target, rules, progress)
    return CopyResult(
        bucket_name=target.bucket_name,
        key=target.key,
        etag=written.etag,
        version_id=written.version_id,
        size=found.size,
        region_name=written.region_name,
        source_bucket_name=source.bucket_name,
        source_key=source.key,
        source_version_id=source.read.version_id or found.version_id,
    )


def copy_listed(
    source: Source, target: Target, rules: Rules, known: ObjectSummary, *, progress: Progress | None = None
) -> int:
    """Copy an object as :func:`copy_object` does, where nothing but its size is to be told of it.

    :param known: the object as a listing tells of it.
    :returns: its size in bytes.
    """
    as_it_is = (source.read, target.write, rules) == (Read(), Write(), Rules()) and known.size <= SINGLE_COPY_BYTES
    if as_it_is and same_account(source, target) and not is_itself(source, target) and copy_quickly(source, target):
        if progress:
            progress.add(known.size)
        return known.size
    return copy_object(source, target, rules, known=known, progress=progress).size or 0


def _inside(
    source: Source, target: Target, rules: Rules, known: ObjectSummary | None, progress: Progress | None
) -> tuple[Found, Written]:
    # S3 takes all of the caller's description or nothing of it, and copies nothing onto itself without any.
    spelled = target.is_described or rules.metadata_directive == "REPLACE" or is_itself(source, target)
    found = Found(size=known.size, etag=known.etag) if known else Found()
    if spelled or (known and known.size > SINGLE_COPY_BYTES):
        found = describe(source)
    if found.size and found.size > SINGLE_COPY_BYTES:
        return _in_parts(source, target, found, rules, progress)
    whole = replace(target, write=inherit(source, target, found, rules)) if spelled else target
    try:
        found, written = copy_at_once(source, whole, found, spelled=spelled, copy_tags=rules.copy_tags)
    except Exception as error:
        if found.size is None and may_be_too_large(error):
            described = describe(source)
            if described.size and described.size > SINGLE_COPY_BYTES:
                return _in_parts(source, target, described, rules, progress)
        raise
    if progress:
        progress.add(found.size or 0)
    return found, written


def _in_parts(
    source: Source, target: Target, found: Found, rules: Rules, progress: Progress | None
) -> tuple[Found, Written]:
    whole = replace(target, write=_complete(source, target, found, rules))
    return found, copy_in_parts(source, whole, found, progress)


def _streamed(source: Source, target: Target, rules: Rules, progress: Progress | None) -> tuple[Found, UpsertResult]:
    found = describe(source)
    write = _complete(source, target, found, rules)
    if found.size and found.size > SINGLE_PUT_BYTES:
        write = replace(write, part_bytes=part_bytes(0, found.size, write.part_bytes))
    with closing(_bytes_of(source, found)) as data:
        written = target.s3.upsert_object(target.bucket_name, target.key, data, write, progress=progress)
    return found, written


def _bytes_of(source: Source, found: Found) -> Generator[bytes]:
    try:
        with source.s3.get_object(source.bucket_name, source.key, found.pin(source.read)) as opened:
            yield from opened.verified()
    except S3RestPreconditionError as error:
        raise S3RestIntegrityError(f"Object {source.key!r} was replaced while it was being copied") from error


def _complete(source: Source, target: Target, found: Found, rules: Rules) -> Write:
    """Return how to write a new object that lacks nothing of the source."""
    write = inherit(source, target, found, rules)
    if write.tags or not rules.copy_tags:
        return write
    try:
        return replace(write, tags=source.s3.get_tags(source.bucket_name, source.key, source.read.version_id))
    except Exception as error:
        error.add_note("The tags of the source could not be read; give copy_tags=False to copy without them")
        raise
