# SPDX-License-Identifier: Apache-2.0
"""Buckets, tags and open uploads against real servers."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError
from airflow_provider_s3rest.s3.buckets import BucketTerms, create_bucket, delete_bucket
from airflow_provider_s3rest.s3.deletion import Deleter
from airflow_provider_s3rest.s3.tags import Tags
from airflow_provider_s3rest.s3.uploads import abort_uploads, list_uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

both_servers = pytest.mark.parametrize("server", ["moto", "seaweedfs"])


@both_servers
def test_a_bucket_comes_and_goes(open_s3: Callable[[str], S3], server: str) -> None:
    """Created, created again, deleted, deleted again."""
    s3 = open_s3(server)
    name = f"test-{uuid.uuid4().hex}"
    assert create_bucket(s3, name, BucketTerms.parse({"tags": {"a": "1"}})).created
    again = create_bucket(s3, name, BucketTerms.parse({"tags": {"b": "2"}, "versioning": True}), exist_ok=True)
    assert not again.created
    assert Tags.of_bucket(s3, name).get() == {"a": "1", "b": "2"}
    assert s3.client(name).get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    with pytest.raises(S3RestError, match="exists already"):
        create_bucket(s3, name)
    assert delete_bucket(s3, name).deleted
    assert not delete_bucket(s3, name, missing_ok=True).deleted
    with pytest.raises(S3RestNotFoundError):
        delete_bucket(s3, name)


def test_a_full_bucket_stays(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """In S3's own words; SeaweedFS would delete it."""
    s3 = open_s3("moto")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        delete_bucket(s3, bucket)


@both_servers
def test_tags_come_and_go(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str) -> None:
    """Of a bucket and of an object alike."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "a b", b"")
    for tags in (Tags.of_bucket(s3, bucket), Tags.of_object(s3, bucket, "a b")):
        assert tags.get() == {}
        assert tags.put({"a": "1", "b": "é + ü"}) == {"a": "1", "b": "é + ü"}
        assert tags.put({"c": ""}, remove=["a"]) == tags.get() == {"b": "é + ü", "c": ""}
        assert tags.put({}, merge=False) == tags.get() == {}


@both_servers
def test_open_uploads_are_found_and_aborted(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str
) -> None:
    """Those below the prefix; the others stay, until it is their turn.

    SeaweedFS says that it encodes keys, and does not: none here may hold what is encoded.
    """
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    client = s3.client(bucket)
    for key in ("in/a/b", "in/é", "out"):
        upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"data")
    assert {upload.key for upload in list_uploads(s3, bucket)} == {"in/a/b", "in/é", "out"}
    planned = abort_uploads(s3, bucket, "in/", older_than=timedelta(), dry_run=True)
    assert {upload.key for upload in planned.uploads} == {"in/a/b", "in/é"}
    assert len(abort_uploads(s3, bucket, "in/", older_than=timedelta()).uploads) == 2
    assert [upload.key for upload in list_uploads(s3, bucket)] == ["out"]
    assert not abort_uploads(s3, bucket, older_than=timedelta(days=36500)).uploads
    assert [upload.key for upload in abort_uploads(s3, bucket, older_than=timedelta()).uploads] == ["out"]


@both_servers
def test_a_full_bucket_goes_by_force(open_s3: Callable[[str], S3], server: str) -> None:
    """With its versions, its delete markers and its open uploads."""
    s3 = open_s3(server)
    name = f"test-{uuid.uuid4().hex}"
    create_bucket(s3, name, BucketTerms.parse({"versioning": True}))
    for data in (b"1", b"2"):
        s3.upsert_object(name, "a/é", data)
    s3.upsert_object(name, "b", b"")
    client = s3.client(name)
    client.delete_object(Bucket=name, Key="b")
    client.create_multipart_upload(Bucket=name, Key="c")
    result = delete_bucket(s3, name, emptier=Deleter(s3=s3))
    assert (result.deleted, result.objects, result.uploads) == (True, 4, 1)
    assert name not in s3.list_buckets().names
