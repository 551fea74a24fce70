# SPDX-License-Identifier: Apache-2.0
"""This provider's hook: many objects at once where it can, and one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import airflow.sdk  # noqa: F401 - as every task has it

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from benchmarks.clients import SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work


def _used_hook() -> S3RestHook:
    """Open a hook as it is in the midst of a task: each of its works has been done once."""
    hook = S3RestHook()
    hook.upsert_objects("small", {"first": SMALL})
    list(hook.get_objects("small", ["first"]))
    hook.head_objects("small", ["first"])
    hook.copy_prefix("small", "first", "small", "again")
    hook.delete_objects("small", ["again"])
    return hook


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    hook = _used_hook()
    yield
    found = hook.upsert_objects("small", ((name, SMALL) for name in place.names))
    yield
    expect([each.key for each in found], place.names)


def put_alone(place: Place) -> Iterator[None]:
    """Write small objects, one by one."""
    hook = _used_hook()
    yield
    for name in place.names:
        hook.upsert_object("small", name, SMALL)
    yield


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    hook = _used_hook()
    yield
    found = list(hook.get_objects("small", place.names))
    yield
    expect(found, [(name, SMALL) for name in place.names])


def get_alone(place: Place) -> Iterator[None]:
    """Read small objects, one by one."""
    hook = _used_hook()
    yield
    found = [hook.get_object("small", name).read() for name in place.names]
    yield
    expect(set(found), {SMALL})


def head(place: Place) -> Iterator[None]:
    """Ask about small objects."""
    hook = _used_hook()
    yield
    found = hook.head_objects("small", place.names)
    yield
    expect({each.size for each in found}, {len(SMALL)})


def head_alone(place: Place) -> Iterator[None]:
    """Ask about small objects, one by one."""
    hook = _used_hook()
    yield
    found = [hook.head_object("small", name) for name in place.names]
    yield
    expect({each.size for each in found}, {len(SMALL)})


def copy(place: Place) -> Iterator[None]:
    """Copy small objects inside S3."""
    hook = _used_hook()
    yield
    found = hook.copy_prefix("small", "work/", "small", "copy/work/")
    yield
    expect(found.copied, place.count)


def copy_alone(place: Place) -> Iterator[None]:
    """Copy small objects inside S3, one by one."""
    hook = _used_hook()
    yield
    for name in place.names:
        hook.copy_object("small", name, "small", f"copy/{name}")
    yield


def delete(place: Place) -> Iterator[None]:
    """Delete objects."""
    hook = _used_hook()
    yield
    found = hook.delete_objects("listed", place.listed_names)
    yield
    expect(found.deleted, place.count)
    expect(list(hook.query_objects("listed", "data/")), [])


def list_all(place: Place) -> Iterator[None]:
    """List objects, and hold none of them."""
    hook, names = _used_hook(), place.listed_names
    yield
    same = sum(found.key == name for found, name in zip(hook.query_objects("listed", "data/"), names, strict=True))
    yield
    expect(same, place.count)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    hook = _used_hook()
    yield
    hook.upload_file(place.large_file, "large", "sent")
    yield
    expect(hook.head_object("large", "sent").size, place.count << 20)


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file, and check it by its ETag."""
    hook = _used_hook()
    yield
    hook.download_file("large", "parts", place.received_file)
    yield
    place.expect_large()


def up_from_iterable(place: Place) -> Iterator[None]:
    """Write a large object of which the length is not known."""
    hook = _used_hook()
    yield
    hook.upsert_object("large", "sent", (SMALL * 256 for _ in range(place.count)))
    yield
    expect(hook.head_object("large", "sent").size, place.count << 20)


def down_in_chunks(place: Place) -> Iterator[None]:
    """Read a large object, chunk by chunk."""
    hook = _used_hook()
    yield
    size = sum(map(len, hook.get_object("large", "parts")))
    yield
    expect(size, place.count << 20)


def sync(place: Place) -> Iterator[None]:
    """Bring a bucket up to date with a folder."""
    hook = _used_hook()
    hook.sync(place.tree, "s3://small/ours")
    changed = place.change_tree()
    yield
    found = hook.sync(place.tree, "s3://small/ours")
    yield
    expect(found.uploaded, changed)


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
    "up, from an iterable": up_from_iterable,
    "down, in chunks": down_in_chunks,
    "sync": sync,
}

if __name__ == "__main__":
    run(WORKS)
