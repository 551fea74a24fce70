# SPDX-License-Identifier: Apache-2.0
"""What a fresh process pays for this provider, when it has loaded ``airflow.sdk``."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import airflow.sdk

from benchmarks.clients import Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work

# What any DAG file and any task has loaded.
airflow.sdk.BaseHook, airflow.sdk.BaseOperator, airflow.sdk.BaseSensorOperator  # noqa: B018
_FACE = ("operators.s3rest", "sensors.s3rest", "transfers.local_to_s3rest", "transfers.s3rest_to_local")


def imports(_: Place) -> Iterator[None]:
    """Import every operator and sensor."""
    yield
    for name in _FACE:
        importlib.import_module(f"airflow_provider_s3rest.{name}")
    yield


def first(_: Place, conn_id: str = "s3rest_default") -> Iterator[None]:
    """Read an object; a process before it has left its credentials in the cache."""
    yield
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

    found = S3RestHook(conn_id).get_object("small", "first").read()
    yield
    expect(found, b"data")


def first_rsa(place: Place) -> Iterator[None]:
    """Do the same with an RSA key of 2,048 bits, which has more lines to be masked."""
    return first(place, "s3rest_rsa")


def cold(place: Place, conn_id: str = "s3rest_default") -> Iterator[None]:
    """Read an object, with a session that Roles Anywhere gives at once."""
    os.environ["AIRFLOW__S3REST__CACHE_DIR"] = str(Path(place.folder, str(time.time_ns())))
    return first(place, conn_id)


def cold_rsa(place: Place) -> Iterator[None]:
    """Do the same with the RSA key."""
    return cold(place, "s3rest_rsa")


def hit(_: Place) -> Iterator[None]:
    """Take credentials from the cache, where another process has left them."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from airflow_provider_s3rest.auth.credentials import credential_source
    from airflow_provider_s3rest.hooks.airflow import cache_options
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

    hook = S3RestHook()
    connection, options = hook.connection, cache_options()
    AESGCM(bytes(32))  # OpenSSL sets itself up at its first use in a process, whoever makes it
    yield
    found = credential_source(connection, mask=lambda _: None, **options).current()
    yield
    expect(found.access_key_id[:4], "ASIA")


def next_hit(place: Place) -> Iterator[None]:
    """Take them once more, by another connection's source: Python and OpenSSL have done all of it once."""
    for _ in hit(place):
        pass
    return hit(place)


def sync(place: Place) -> Iterator[None]:
    """Bring a bucket up to date with a folder; a process before it has done so too."""
    program = "import sys; from airflow_provider_s3rest.hooks.s3rest import S3RestHook as H; H().sync(*sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", program, place.tree, "s3://small/ours"], check=True, stdout=subprocess.DEVNULL
    )
    changed = place.change_tree()
    yield
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

    found = S3RestHook().sync(place.tree, "s3://small/ours")
    yield
    expect(found.uploaded, changed)


WORKS: dict[str, Work] = {
    "import": imports,
    "first byte": first,
    "first byte, RSA": first_rsa,
    "cold, P-256": cold,
    "cold, RSA": cold_rsa,
    "sync, the first of a process": sync,
    "cache hit": hit,
    "cache hit, the next one": next_hit,
}

if __name__ == "__main__":
    run(WORKS, fresh=True)
