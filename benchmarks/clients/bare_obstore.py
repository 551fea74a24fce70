# SPDX-License-Identifier: Apache-2.0
"""obstore alone: many at once, and large objects in ranges."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.store import S3Store

from benchmarks.clients import KEYS, REGION, SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.clients import Work

_IN_FLIGHT = 32
_RANGE = 8 << 20


def _store(place: Place, bucket: str = "small") -> S3Store:
    options: Any = {"allow_http": True}
    if place.ca_bundle:
        options = {"root_certificate": Path(place.ca_bundle).read_bytes()}
    store = S3Store(
        bucket,
        endpoint=place.address,
        region=REGION,
        client_options=options,
        unsigned_payload=bool(place.ca_bundle),
        **KEYS,  # type: ignore[arg-type]
    )
    obstore.put(store, "first", SMALL)
    return store


def _at_once(work: Callable[[str], Awaitable[Any]], names: list[str]) -> list[Any]:
    async def main() -> list[Any]:
        free = asyncio.Semaphore(_IN_FLIGHT)

        async def one(name: str) -> Any:
            async with free:
                return await work(name)

        return await asyncio.gather(*map(one, names))

    return asyncio.run(main())


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    store = _store(place)
    yield
    _at_once(lambda name: obstore.put_async(store, name, SMALL), place.names)
    yield


def put_alone(place: Place) -> Iterator[None]:
    """Write small objects, one by one."""
    store = _store(place)
    yield
    for name in place.names:
        obstore.put(store, name, SMALL)
    yield


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    store = _store(place)

    async def read(name: str) -> bytes:
        return bytes(await (await obstore.get_async(store, name)).bytes_async())

    yield
    found = _at_once(read, place.names)
    yield
    expect(set(found), {SMALL})


def get_alone(place: Place) -> Iterator[None]:
    """Read small objects, one by one."""
    store = _store(place)
    yield
    found = [bytes(obstore.get(store, name).bytes()) for name in place.names]
    yield
    expect(set(found), {SMALL})


def head(place: Place) -> Iterator[None]:
    """Ask about small objects."""
    store = _store(place)
    yield
    found = _at_once(lambda name: obstore.head_async(store, name), place.names)
    yield
    expect({each["size"] for each in found}, {len(SMALL)})


def copy(place: Place) -> Iterator[None]:
    """Copy small objects inside S3."""
    store = _store(place)
    yield
    _at_once(lambda name: obstore.copy_async(store, name, f"copy/{name}"), place.names)
    yield


def delete(place: Place) -> Iterator[None]:
    """Delete objects."""
    store = _store(place, "listed")
    yield
    obstore.delete(store, place.listed_names)
    yield


def list_all(place: Place) -> Iterator[None]:
    """List objects."""
    store = _store(place, "listed")
    yield
    found = [item["path"] for page in obstore.list(store, "data", chunk_size=1000) for item in page]
    yield
    expect(found, place.listed_names)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    store = _store(place, "large")
    yield
    obstore.put(store, "sent", place.large_file, chunk_size=16 << 20, max_concurrency=8)
    yield


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file, in ranges."""
    store, size = _store(place, "large"), place.count << 20

    def part(start: int) -> None:
        os.pwrite(file, obstore.get_range(store, "parts", start=start, end=min(start + _RANGE, size)), start)

    yield
    file = os.open(place.received_file, os.O_CREAT | os.O_WRONLY)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(part, range(0, size, _RANGE)))
    os.close(file)
    yield
    place.expect_large()


WORKS: dict[str, Work] = {
    "put": put,
    "put, one by one": put_alone,
    "get": get,
    "get, one by one": get_alone,
    "head": head,
    "copy": copy,
    "delete": delete,
    "list": list_all,
    "up": up,
    "down": down,
}

if __name__ == "__main__":
    run(WORKS)
