# SPDX-License-Identifier: Apache-2.0
"""Tests of the server that benchmarks measure clients by: it answers as S3 does, over HTTP and over TLS."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import obstore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.store import S3Store

from benchmarks.server import Options, figures, refill, serve
from benchmarks.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS: Any = {"aws_access_key_id": "AK", "aws_secret_access_key": "SK", "region_name": "us-east-1"}
STORE_KEYS: Any = {"access_key_id": "AK", "secret_access_key": "SK", "region": "us-east-1"}
LARGE = 20 << 20


@pytest.fixture(scope="module", params=[False, True], ids=["http", "tls"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str | None]]:
    """Its address, and what to trust."""
    bundle = str(tmp_path_factory.mktemp("trust") / "ca.pem") if request.param else None
    with serving(serve, Options(ca_bundle=bundle, keys=2500, large_bytes=LARGE)) as address:
        yield address, bundle


@pytest.fixture(scope="module")
def client(server: tuple[str, str | None]) -> Any:
    """boto3's client, which sends its checksums as trailers over TLS."""
    style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=server[0], verify=server[1], config=style, **KEYS)


@pytest.mark.parametrize("key", ["a", "a b/ключ", "//a/../b+%20"])
@pytest.mark.parametrize("data", [b"", b"\r\n0\r\n\r\n" * 9, bytes(100_000)])
def test_an_object_is_kept(client: Any, key: str, data: bytes) -> None:
    """Byte by byte, with the MD5 of S3."""
    client.put_object(Bucket="b", Key=key, Body=data, ContentType="text/x")
    found = client.get_object(Bucket="b", Key=key)
    assert (found["Body"].read(), found["ContentType"]) == (data, "text/x")
    assert (
        client.head_object(Bucket="b", Key=key)["ETag"] == f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
    )


def test_a_copy_and_a_deletion(client: Any) -> None:
    """One object becomes two, and both go."""
    client.put_object(Bucket="b", Key="from", Body=b"data")
    client.copy_object(Bucket="c", Key="to <&>", CopySource={"Bucket": "b", "Key": "from"})
    assert client.get_object(Bucket="c", Key="to <&>")["Body"].read() == b"data"
    client.delete_objects(Bucket="c", Delete={"Objects": [{"Key": "to <&>"}]})
    client.delete_object(Bucket="b", Key="from")
    for bucket, key in (("c", "to <&>"), ("b", "from")):
        with pytest.raises(ClientError, match="404"):
            client.head_object(Bucket=bucket, Key=key)


def test_an_absent_object(client: Any) -> None:
    """Is told as S3 tells it."""
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket="b", Key="absent")


def test_a_listing_has_pages(client: Any) -> None:
    """Every key once, in order, from where it is to begin."""
    pages = list(client.get_paginator("list_objects_v2").paginate(Bucket="listed", Prefix="data/"))
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert (len(pages), len(keys), keys) == (3, 2500, sorted(set(keys)))
    rest = client.list_objects_v2(Bucket="listed", StartAfter=keys[-3])
    assert [item["Key"] for item in rest["Contents"]] == keys[-2:]


def test_a_listing_of_a_folder(client: Any) -> None:
    """Folders stand for what is in them."""
    page = client.list_objects_v2(Bucket="listed", Prefix="data/", Delimiter="/", MaxKeys=2)
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["data/0000/", "data/0001/"]
    page = client.list_objects_v2(
        Bucket="listed", Prefix="data/", Delimiter="/", ContinuationToken=page["NextContinuationToken"]
    )
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["data/0002/"]
    assert not page["IsTruncated"]


def test_a_large_object_has_a_true_etag(client: Any) -> None:
    """Whole, or in parts of 8 MiB."""
    data = client.get_object(Bucket="large", Key="whole")["Body"].read()
    assert len(data) == LARGE
    parts = [data[at : at + (8 << 20)] for at in range(0, LARGE, 8 << 20)]
    digests = [hashlib.md5(part, usedforsecurity=False) for part in (data, *parts)]
    assert client.head_object(Bucket="large", Key="whole")["ETag"] == f'"{digests[0].hexdigest()}"'
    joined = hashlib.md5(b"".join(digest.digest() for digest in digests[1:]), usedforsecurity=False)
    assert client.head_object(Bucket="large", Key="parts")["ETag"] == f'"{joined.hexdigest()}-3"'
    some = client.get_object(Bucket="large", Key="parts", Range="bytes=1048570-1048579")
    assert some["Body"].read() == data[1048570:1048580]
    assert some["ContentRange"] == f"bytes 1048570-1048579/{LARGE}"


def test_an_upload_in_parts(server: tuple[str, str | None]) -> None:
    """Only its size is kept."""
    address, bundle = server
    options: Any = {"root_certificate": Path(bundle).read_bytes()} if bundle else {"allow_http": True}
    store = S3Store("b", endpoint=address, client_options=options, **STORE_KEYS)
    obstore.put(store, "large", bytes(12 << 20), use_multipart=True, chunk_size=5 << 20)
    assert obstore.head(store, "large")["size"] == 12 << 20


def test_what_was_asked_is_counted(server: tuple[str, str | None], client: Any) -> None:
    """Since the last time."""
    figures(*server)
    client.list_objects_v2(Bucket="listed", MaxKeys=1)
    told = figures(*server)
    assert told["requests"] == {"ListObjectsV2": 1}
    assert told["cpu"] > 0


def test_an_answer_can_be_late() -> None:
    """As far as it is told."""
    with serving(serve, Options(latency_ms=100)) as address:
        began = time.perf_counter()
        boto3.client("s3", endpoint_url=address, **KEYS).head_bucket(Bucket="b")
        assert time.perf_counter() - began > 0.1


def test_the_part_of_a_large_object(client: Any) -> None:
    """A look at a part tells its size, and how many there are."""
    found = client.head_object(Bucket="large", Key="parts", PartNumber=3)
    assert (found["ContentLength"], found["PartsCount"]) == (LARGE - (16 << 20), 3)


def test_what_was_deleted_comes_back(client: Any, server: tuple[str, str | None]) -> None:
    """When it is wanted for the next to delete."""
    key = "data/0000/part-00000000.parquet"
    client.delete_object(Bucket="listed", Key=key)
    refill(*server)
    assert client.head_object(Bucket="listed", Key=key)["ContentLength"] == 4
