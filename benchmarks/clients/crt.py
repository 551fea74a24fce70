# SPDX-License-Identifier: Apache-2.0
"""The S3 client of awscrt: many objects at once, and large ones in parts."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import (
    ClientBootstrap,
    ClientTlsContext,
    DefaultHostResolver,
    EventLoopGroup,
    TlsConnectionOptions,
    TlsContextOptions,
)
from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType, create_default_s3_signing_config

from benchmarks.clients import KEYS, REGION, SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work

_PATIENCE_SECONDS = 120


class _Client:
    def __init__(self, place: Place) -> None:
        group = EventLoopGroup()
        provider = AwsCredentialsProvider.new_static(KEYS["access_key_id"], KEYS["secret_access_key"])
        tls: dict[str, Any] = {"tls_mode": S3RequestTlsMode.DISABLED}
        if place.ca_bundle:
            options = TlsContextOptions()
            options.override_default_trust_store_from_path(None, place.ca_bundle)
            trusted = TlsConnectionOptions(ClientTlsContext(options))
            tls = {"tls_mode": S3RequestTlsMode.ENABLED, "tls_connection_options": trusted}
        self._host = urlsplit(place.address).netloc
        self._client = S3Client(
            bootstrap=ClientBootstrap(group, DefaultHostResolver(group)),
            region=REGION,
            signing_config=create_default_s3_signing_config(region=REGION, credential_provider=provider),
            throughput_target_gbps=10,
            part_size=8 << 20,
            **tls,
        )

    def __call__(self, kind: S3RequestType, path: str, size: int | None = None, **how: Any) -> Any:
        """Begin a request; return what ends when it does."""
        headers = HttpHeaders([("Host", self._host)])
        if size is not None:
            headers.add("Content-Length", str(size))
        method = "GET" if size is None else "PUT"
        body = how.pop("body", None)
        request = HttpRequest(method, f"/{path}", headers, BytesIO(body) if body else None)
        return self._client.make_request(request=request, type=kind, **how).finished_future


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    client = _Client(place)
    yield
    sent = [client(S3RequestType.PUT_OBJECT, f"small/{name}", len(SMALL), body=SMALL) for name in place.names]
    for each in sent:
        each.result(_PATIENCE_SECONDS)
    yield


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    client, found = _Client(place), []

    def take(chunk: bytes, **_: object) -> None:
        found.append(bytes(chunk))

    yield
    asked = [client(S3RequestType.GET_OBJECT, f"small/{name}", on_body=take) for name in place.names]
    for each in asked:
        each.result(_PATIENCE_SECONDS)
    yield
    expect(b"".join(found), SMALL * place.count)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    client = _Client(place)
    yield
    sent = client(S3RequestType.PUT_OBJECT, "large/sent", place.count << 20, send_filepath=str(place.large_file))
    sent.result(_PATIENCE_SECONDS)
    yield


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file."""
    client = _Client(place)
    yield
    client(S3RequestType.GET_OBJECT, "large/parts", recv_filepath=str(place.received_file)).result(_PATIENCE_SECONDS)
    yield
    place.expect_large()


WORKS: dict[str, Work] = {"put": put, "get": get, "up": up, "down": down}

if __name__ == "__main__":
    run(WORKS)
