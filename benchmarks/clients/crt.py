# SPDX-License-Identifier: Apache-2.0
"""The S3 client of awscrt: large objects in parts, each of them on many connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup, TlsConnectionOptions, TlsContextOptions
from awscrt.io import ClientTlsContext
from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType, create_default_s3_signing_config

from benchmarks.clients import KEYS, REGION, Place, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.clients import Work


def _client(place: Place) -> S3Client:
    group = EventLoopGroup()
    provider = AwsCredentialsProvider.new_static(KEYS["access_key_id"], KEYS["secret_access_key"])
    tls: dict[str, Any] = {"tls_mode": S3RequestTlsMode.DISABLED}
    if place.ca_bundle:
        options = TlsContextOptions()
        options.override_default_trust_store_from_path(None, place.ca_bundle)
        tls = {
            "tls_mode": S3RequestTlsMode.ENABLED,
            "tls_connection_options": TlsConnectionOptions(ClientTlsContext(options)),
        }
    return S3Client(
        bootstrap=ClientBootstrap(group, DefaultHostResolver(group)),
        region=REGION,
        signing_config=create_default_s3_signing_config(region=REGION, credential_provider=provider),
        throughput_target_gbps=10,
        part_size=8 << 20,
        **tls,
    )


def _request(place: Place, method: str, key: str) -> HttpRequest:
    headers = HttpHeaders([("Host", urlsplit(place.address).netloc)])
    if method == "PUT":
        headers.add("Content-Length", str(place.count << 20))
    return HttpRequest(method, f"/large/{key}", headers)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    client, request = _client(place), _request(place, "PUT", "sent")

    def work() -> None:
        sent = client.make_request(
            request=request, type=S3RequestType.PUT_OBJECT, send_filepath=str(place.large_file)
        )
        sent.finished_future.result(120)

    return work


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file."""
    client, request = _client(place), _request(place, "GET", "parts")

    def work() -> None:
        got = client.make_request(
            request=request, type=S3RequestType.GET_OBJECT, recv_filepath=str(place.received_file)
        )
        got.finished_future.result(120)
        place.expect_large()

    return work


WORKS: dict[str, Work] = {"up": up, "down": down}

if __name__ == "__main__":
    run(WORKS)
