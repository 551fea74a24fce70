# SPDX-License-Identifier: Apache-2.0
"""The hook of Airflow's amazon provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import airflow.sdk  # noqa: F401 - as every task has it
from airflow.providers.amazon.aws.hooks.s3 import S3Hook

from benchmarks.clients import SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work


def _used_hook() -> S3Hook:
    hook = S3Hook()
    hook.load_bytes(SMALL, "first", "small", replace=True)
    hook.get_key("first", "small").get()["Body"].read()
    hook.copy_object("first", "again", "small", "small")
    hook.delete_objects("small", ["again"])
    return hook


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    hook = _used_hook()
    yield
    for name in place.names:
        hook.load_bytes(SMALL, name, "small", replace=True)
    yield


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    hook = _used_hook()
    yield
    found = [hook.get_key(name, "small").get()["Body"].read() for name in place.names]
    yield
    expect(set(found), {SMALL})


def head(place: Place) -> Iterator[None]:
    """Ask about small objects."""
    hook = _used_hook()
    yield
    found = [hook.head_object(name, "small")["ContentLength"] for name in place.names]
    yield
    expect(set(found), {len(SMALL)})


def copy(place: Place) -> Iterator[None]:
    """Copy small objects inside S3."""
    hook = _used_hook()
    yield
    for name in place.names:
        hook.copy_object(name, f"copy/{name}", "small", "small")
    yield


def delete(place: Place) -> Iterator[None]:
    """Delete objects."""
    hook = _used_hook()
    yield
    hook.delete_objects("listed", place.listed_names)
    yield
    expect(hook.list_keys("listed", "data/"), [])


def list_all(place: Place) -> Iterator[None]:
    """List objects."""
    hook = _used_hook()
    yield
    found = hook.list_keys("listed", "data/")
    yield
    expect(found, place.listed_names)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    hook = _used_hook()
    yield
    hook.load_file(str(place.large_file), "sent", "large", replace=True)
    yield
    expect(hook.head_object("sent", "large")["ContentLength"], place.count << 20)


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file."""
    hook = _used_hook()
    yield
    hook.get_key("parts", "large").download_file(str(place.received_file))
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
