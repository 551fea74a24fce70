# SPDX-License-Identifier: Apache-2.0
"""boto3 alone: by threads where there is latency, and large objects in larger parts, without its own checksums."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from benchmarks.clients import KEYS, REGION, SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.clients import Work

_TUNED = TransferConfig(multipart_chunksize=16 << 20, max_concurrency=16)
_THREADS = 32


def _client(place: Place, **config: Any) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=place.address,
        verify=place.ca_bundle or True,
        region_name=REGION,
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=_THREADS, **config),
    )
    client.put_object(Bucket="small", Key="first", Body=SMALL)
    client.get_object(Bucket="small", Key="first")["Body"].read()
    client.head_object(Bucket="small", Key="first")
    client.copy_object(Bucket="small", Key="again", CopySource={"Bucket": "small", "Key": "first"})
    client.delete_objects(Bucket="small", Delete={"Objects": [{"Key": "again"}]})
    return client


def _tuned(place: Place) -> Any:
    return _client(place, request_checksum_calculation="when_required", response_checksum_validation="when_required")


def _each(call: Callable[[str], Any], place: Place) -> list[Any]:
    # Without latency, threads make it slower.
    with ThreadPoolExecutor(_THREADS if place.latency else 1) as pool:
        return list(pool.map(call, place.names))


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    client = _client(place)
    yield
    _each(lambda name: client.put_object(Bucket="small", Key=name, Body=SMALL), place)
    yield


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    client = _client(place)
    yield
    found = _each(lambda name: client.get_object(Bucket="small", Key=name)["Body"].read(), place)
    yield
    expect(set(found), {SMALL})


def head(place: Place) -> Iterator[None]:
    """Ask about small objects."""
    client = _client(place)
    yield
    found = _each(lambda name: client.head_object(Bucket="small", Key=name)["ContentLength"], place)
    yield
    expect(set(found), {len(SMALL)})


def copy(place: Place) -> Iterator[None]:
    """Copy small objects inside S3."""
    client = _client(place)
    yield
    _each(
        lambda name: client.copy_object(
            Bucket="small", Key=f"copy/{name}", CopySource={"Bucket": "small", "Key": name}
        ),
        place,
    )
    yield


def delete(place: Place) -> Iterator[None]:
    """Delete objects."""
    client, names = _client(place), place.listed_names
    yield
    for start in range(0, place.count, 1000):
        objects = [{"Key": name} for name in names[start : start + 1000]]
        client.delete_objects(Bucket="listed", Delete={"Objects": objects})
    yield


def list_all(place: Place) -> Iterator[None]:
    """List objects."""
    pages = _client(place).get_paginator("list_objects_v2").paginate(Bucket="listed", Prefix="data/")
    yield
    found = [item["Key"] for page in pages for item in page["Contents"]]
    yield
    expect(found, place.listed_names)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    client = _tuned(place)
    yield
    client.upload_file(str(place.large_file), "large", "sent", Config=_TUNED)
    yield


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file."""
    client = _tuned(place)
    yield
    client.download_file("large", "parts", str(place.received_file), Config=_TUNED)
    yield
    place.expect_large()


WORKS: dict[str, Work] = {
    "put": put,
    "get": get,
    "head": head,
    "copy": copy,
    "delete": delete,
    "list": list_all,
    "up": up,
    "down": down,
}

if __name__ == "__main__":
    run(WORKS)
