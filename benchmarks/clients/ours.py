# SPDX-License-Identifier: Apache-2.0
"""This provider's hook: many objects at once where it can, and one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import airflow.sdk  # noqa: F401 - as every task has it

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from benchmarks.clients import SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.clients import Work

LISTED = "data/"


def _used_hook() -> S3RestHook:
    """Open a hook as it is in the midst of a task."""
    hook = S3RestHook()
    hook.upsert_object("small", "first", SMALL)
    return hook


def put(place: Place) -> Callable[[], object]:
    """Write small objects."""
    hook = _used_hook()
    return lambda: expect(len(hook.upsert_objects("small", ((name, SMALL) for name in place.names))), place.count)


def put_alone(place: Place) -> Callable[[], object]:
    """Write small objects, one by one."""
    hook = _used_hook()
    return lambda: [hook.upsert_object("small", name, SMALL) for name in place.names]


def get(place: Place) -> Callable[[], object]:
    """Read small objects."""
    hook = _used_hook()
    return lambda: expect(sum(len(data) for _, data in hook.get_objects("small", place.names)), place.count * 4096)


def get_alone(place: Place) -> Callable[[], object]:
    """Read small objects, one by one."""
    hook = _used_hook()
    return lambda: expect({hook.get_object("small", name).read() for name in place.names}, {SMALL})


def head(place: Place) -> Callable[[], object]:
    """Ask about small objects."""
    hook = _used_hook()
    return lambda: expect({found.size for found in hook.head_objects("small", place.names)}, {4096})


def head_alone(place: Place) -> Callable[[], object]:
    """Ask about small objects, one by one."""
    hook = _used_hook()
    return lambda: expect({hook.head_object("small", name).size for name in place.names}, {4096})


def copy(place: Place) -> Callable[[], object]:
    """Copy small objects inside S3."""
    hook = _used_hook()
    return lambda: expect(hook.copy_prefix("small", "work/", "small", "copy/").copied, place.count)


def copy_alone(place: Place) -> Callable[[], object]:
    """Copy small objects inside S3, one by one."""
    hook = _used_hook()
    return lambda: [hook.copy_object("small", name, "small", f"copy/{name}") for name in place.names]


def delete(place: Place) -> Callable[[], object]:
    """Delete small objects."""
    hook = _used_hook()
    return lambda: expect(hook.delete_objects("small", place.names).deleted, place.count)


def list_all(place: Place) -> Callable[[], object]:
    """List objects."""
    hook = _used_hook()
    return lambda: expect(sum(1 for _ in hook.query_objects("listed", LISTED)), place.count)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    hook = _used_hook()
    return lambda: expect(hook.upload_file(place.large_file, "large", "sent").size, place.count << 20)


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file, and check it by its ETag."""
    hook = _used_hook()

    def work() -> None:
        hook.download_file("large", "parts", place.received_file)
        place.expect_large()

    return work


def sync(place: Place) -> Callable[[], object]:
    """Bring a bucket up to date with a folder."""
    hook = _used_hook()
    return lambda: hook.sync(f"{place.folder}/tree", "s3://small/ours/")


WORKS: dict[str, Work] = {
    "put": put,
    "put, one by one": put_alone,
    "get": get,
    "get, one by one": get_alone,
    "head": head,
    "head, one by one": head_alone,
    "copy": copy,
    "copy, one by one": copy_alone,
    "delete": delete,
    "list": list_all,
    "up": up,
    "down": down,
    "sync": sync,
}

if __name__ == "__main__":
    run(WORKS)
