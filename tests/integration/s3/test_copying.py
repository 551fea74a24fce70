# SPDX-License-Identifier: Apache-2.0
"""Copies by servers that are not ours, with bytes that are compared."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.s3.copying import Rules, Source, Target, copy_object, copy_prefix
from airflow_provider_s3rest.s3.copying.prefix import Choice
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

MIB = 1024**2
DESCRIBED = Write.parse(
    {
        "content_type": "text/csv",
        "content_encoding": "gzip",
        "cache_control": "no-cache",
        "metadata": {"a": "1"},
        "tags": {"team": "a b"},
    }
)


def described(s3: S3, bucket: str, key: str) -> list[Any]:
    """Everything of an object but its bytes."""
    answer = s3.client(bucket).head_object(Bucket=bucket, Key=key)
    names = ("ContentLength", "ContentType", "ContentEncoding", "CacheControl", "Metadata")
    return [*(answer.get(name) for name in names), s3.get_tags(bucket, key)]


def content(s3: S3, bucket: str, key: str) -> bytes:
    """The bytes of an object."""
    with s3.get_object(bucket, key) as opened:
        return opened.read()


@pytest.mark.parametrize(("source", "target"), [("moto", "moto"), ("seaweedfs", "seaweedfs"), ("moto", "seaweedfs")])
def test_a_small_object(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], source: str, target: str
) -> None:
    """Arrives with everything, inside a server and from one to the other."""
    reads = open_s3(source)
    writes = reads if source == target else open_s3(target)
    origin, bucket = make_bucket(reads), make_bucket(writes)
    reads.upsert_object(origin, "key", b"content", DESCRIBED)
    result = copy_object(
        Source(s3=reads, bucket_name=origin, key="key"), Target(s3=writes, bucket_name=bucket, key="copy")
    )
    assert content(writes, bucket, "copy") == b"content"
    assert described(writes, bucket, "copy") == described(reads, origin, "key")
    # S3 does not tell the size of what it copies itself.
    assert result.size == (None if reads is writes else 7)
    assert result.etag == writes.head_object(bucket, "copy").etag


@pytest.mark.parametrize(("source", "target"), [("moto", "moto"), ("seaweedfs", "seaweedfs"), ("seaweedfs", "moto")])
def test_an_object_above_the_limit(
    open_s3: Callable[[str], S3],
    make_bucket: Callable[[S3], str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    source: str,
    target: str,
) -> None:
    """Is copied in parts, here of 8 MiB each above 16 MiB; it is the same byte by byte, and no upload stays open."""
    monkeypatch.setattr("airflow_provider_s3rest.s3.copying.objects.SINGLE_COPY_BYTES", 16 * MIB)
    monkeypatch.setattr("airflow_provider_s3rest.s3.copying.serverside.COPY_PART_BYTES", 8 * MIB)
    data = os.urandom(MIB) * 20 + b"end"
    reads = open_s3(source)
    writes = reads if source == target else open_s3(target)
    origin, bucket = make_bucket(reads), make_bucket(writes)
    reads.upsert_object(origin, "key", data, DESCRIBED)
    (known,) = reads.query_objects(origin)
    result = copy_object(
        Source(s3=reads, bucket_name=origin, key="key"),
        Target(s3=writes, bucket_name=bucket, key="copy"),
        known=known,
    )
    assert result.size == len(data)
    assert (result.etag or "").endswith("-3")
    assert content(writes, bucket, "copy") == data
    assert described(writes, bucket, "copy") == described(reads, origin, "key")
    assert "Uploads" not in writes.client(bucket).list_multipart_uploads(Bucket=bucket)


def test_what_is_given_goes_over_what_is_there(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """Onto itself too."""
    s3 = open_s3("moto")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", b"content", DESCRIBED)
    source = Source(s3=s3, bucket_name=bucket, key="key")
    write = Write(metadata={"b": "2"}, storage_class="STANDARD_IA")
    copy_object(source, Target(s3=s3, bucket_name=bucket, key="key", write=write))
    head = s3.client(bucket).head_object(Bucket=bucket, Key="key")
    assert (head["StorageClass"], head["Metadata"], head["ContentType"]) == (
        "STANDARD_IA",
        {"a": "1", "b": "2"},
        "text/csv",
    )
    copy_object(source, Target(s3=s3, bucket_name=bucket, key="new"), Rules(copy_tags=False))
    assert s3.get_tags(bucket, "new") == {}


def test_an_older_version_is_restored(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """By copying it onto the current one."""
    s3 = open_s3("moto")
    bucket = make_bucket(s3)
    s3.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.upsert_object(bucket, "key", b"old")
    s3.upsert_object(bucket, "key", b"newer")
    source = Source(s3=s3, bucket_name=bucket, key="key", read=Read(version_id=old.version_id))
    result = copy_object(source, Target(s3=s3, bucket_name=bucket, key="key"))
    assert content(s3, bucket, "key") == b"old"
    assert (result.source_version_id, result.version_id) == (
        old.version_id,
        s3.head_object(bucket, "key").version_id,
    )
    for version in s3.client().list_object_versions(Bucket=bucket)["Versions"]:
        s3.client().delete_object(Bucket=bucket, Key="key", VersionId=version["VersionId"])


def test_conditions(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """On the source and on the target."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    etag = s3.upsert_object(bucket, "key", b"content").etag
    target = Target(s3=s3, bucket_name=bucket, key="new")
    with pytest.raises(S3RestPreconditionError, match="'key'"):
        copy_object(Source(s3=s3, bucket_name=bucket, key="key", read=Read(if_match="other")), target)
    copy_object(Source(s3=s3, bucket_name=bucket, key="key", read=Read(if_match=etag)), target)
    with pytest.raises(S3RestNotFoundError, match="no object 'absent'"):
        copy_object(Source(s3=s3, bucket_name=bucket, key="absent"), target)


@pytest.mark.parametrize(("source", "target"), [("seaweedfs", "seaweedfs"), ("moto", "seaweedfs")])
def test_a_prefix(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], source: str, target: str) -> None:
    """Inside a server and from one to the other; again, it only does the rest."""
    reads = open_s3(source)
    writes = reads if source == target else open_s3(target)
    origin, bucket = make_bucket(reads), make_bucket(writes)
    count = 30
    for number in range(count):
        reads.upsert_object(origin, f"a/{number:04}", b"x" * (number % 7))
    reads.upsert_object(origin, "b", b"")
    sides = Source(s3=reads, bucket_name=origin, key="a/"), Target(s3=writes, bucket_name=bucket, key="to/")
    log: Any = None
    result = copy_prefix(*sides, Rules(), Choice(), log=log)
    assert result.copied == count
    found = {item.key: item.size for item in writes.query_objects(bucket)}
    assert found == {f"to/{number:04}": number % 7 for number in range(count)}
    reads.upsert_object(origin, "a/late", b"x")
    again = copy_prefix(*sides, Rules(), Choice(skip_existing=True), log=log)
    assert (again.copied, again.skipped) == (1, count)
