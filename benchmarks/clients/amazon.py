# SPDX-License-Identifier: Apache-2.0
"""The hook of Airflow's amazon provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import airflow.sdk  # noqa: F401 - as every task has it
from airflow.providers.amazon.aws.hooks.s3 import S3Hook

from benchmarks.clients import SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.clients import Work


def _used_hook() -> S3Hook:
    hook = S3Hook()
    hook.load_bytes(SMALL, "first", "small", replace=True)
    return hook


def put(place: Place) -> Callable[[], object]:
    """Write small objects."""
    hook = _used_hook()
    return lambda: [hook.load_bytes(SMALL, name, "small", replace=True) for name in place.names]


def get(place: Place) -> Callable[[], object]:
    """Read small objects."""
    hook = _used_hook()
    return lambda: expect({hook.get_key(name, "small").get()["Body"].read() for name in place.names}, {SMALL})


def head(place: Place) -> Callable[[], object]:
    """Ask about small objects."""
    hook = _used_hook()
    return lambda: expect({hook.head_object(name, "small")["ContentLength"] for name in place.names}, {4096})


def copy(place: Place) -> Callable[[], object]:
    """Copy small objects inside S3."""
    hook = _used_hook()
    return lambda: [hook.copy_object(name, f"copy/{name}", "small", "small") for name in place.names]


def delete(place: Place) -> Callable[[], object]:
    """Delete small objects."""
    hook = _used_hook()
    return lambda: hook.delete_objects("small", place.names)


def list_all(place: Place) -> Callable[[], object]:
    """List objects."""
    hook = _used_hook()
    return lambda: expect(len(hook.list_keys("listed", "data/")), place.count)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    hook = _used_hook()
    return lambda: hook.load_file(str(place.large_file), "sent", "large", replace=True)


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file."""
    hook = _used_hook()

    def work() -> None:
        hook.get_key("parts", "large").download_file(str(place.received_file))
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
