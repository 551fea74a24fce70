# SPDX-License-Identifier: Apache-2.0
"""boto3 alone; for large objects with larger parts and without the checksums that it adds by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from benchmarks.clients import KEYS, REGION, SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.clients import Work

_TUNED = TransferConfig(multipart_chunksize=16 << 20, max_concurrency=16)


def _client(place: Place, **config: Any) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=place.address,
        verify=place.ca_bundle or True,
        region_name=REGION,
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=32, **config),
    )
    client.put_object(Bucket="small", Key="first", Body=SMALL)
    return client


def _tuned(place: Place) -> Any:
    return _client(place, request_checksum_calculation="when_required", response_checksum_validation="when_required")


def put(place: Place) -> Callable[[], object]:
    """Write small objects."""
    client = _client(place)
    return lambda: [client.put_object(Bucket="small", Key=name, Body=SMALL) for name in place.names]


def get(place: Place) -> Callable[[], object]:
    """Read small objects."""
    client = _client(place)
    return lambda: expect(
        {client.get_object(Bucket="small", Key=name)["Body"].read() for name in place.names}, {SMALL}
    )


def head(place: Place) -> Callable[[], object]:
    """Ask about small objects."""
    client = _client(place)
    return lambda: [client.head_object(Bucket="small", Key=name) for name in place.names]


def copy(place: Place) -> Callable[[], object]:
    """Copy small objects inside S3."""
    client = _client(place)
    return lambda: [
        client.copy_object(Bucket="small", Key=f"copy/{name}", CopySource={"Bucket": "small", "Key": name})
        for name in place.names
    ]


def delete(place: Place) -> Callable[[], object]:
    """Delete small objects."""
    client = _client(place)

    def work() -> None:
        for start in range(0, place.count, 1000):
            objects = [{"Key": name} for name in place.names[start : start + 1000]]
            client.delete_objects(Bucket="small", Delete={"Objects": objects})

    return work


def list_all(place: Place) -> Callable[[], object]:
    """List objects."""
    pages = _client(place).get_paginator("list_objects_v2").paginate(Bucket="listed", Prefix="data/")
    return lambda: expect(sum(len(page["Contents"]) for page in pages), place.count)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    client = _tuned(place)
    return lambda: client.upload_file(str(place.large_file), "large", "sent", Config=_TUNED)


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file."""
    client = _tuned(place)

    def work() -> None:
        client.download_file("large", "parts", str(place.received_file), Config=_TUNED)
        place.expect_large()

    return work


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
