# SPDX-License-Identifier: Apache-2.0
"""obstore alone: at once, one by one, and in ranges."""

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
    from collections.abc import Awaitable, Callable

    from benchmarks.clients import Work

_IN_FLIGHT = 32
_RANGE = 8 << 20


def _store(place: Place, bucket: str = "small", *, unsigned: bool = False) -> S3Store:
    options: Any = {"allow_http": True}
    if place.ca_bundle:
        options = {"root_certificate": Path(place.ca_bundle).read_bytes()}
    store = S3Store(
        bucket,
        endpoint=place.address,
        region=REGION,
        client_options=options,
        unsigned_payload=unsigned,
        **KEYS,  # type: ignore[arg-type]
    )
    obstore.put(store, "first", SMALL)
    return store


def _at_once(work: Callable[[str], Awaitable[object]], names: list[str]) -> None:
    async def main() -> None:
        free = asyncio.Semaphore(_IN_FLIGHT)

        async def one(name: str) -> None:
            async with free:
                await work(name)

        await asyncio.gather(*map(one, names))

    asyncio.run(main())


def put(place: Place) -> Callable[[], object]:
    """Write small objects."""
    store = _store(place)
    return lambda: _at_once(lambda name: obstore.put_async(store, name, SMALL), place.names)


def put_alone(place: Place) -> Callable[[], object]:
    """Write small objects, one by one."""
    store = _store(place)
    return lambda: [obstore.put(store, name, SMALL) for name in place.names]


def get(place: Place) -> Callable[[], object]:
    """Read small objects."""
    store = _store(place)

    async def read(name: str) -> None:
        expect(len(await (await obstore.get_async(store, name)).bytes_async()), 4096)

    return lambda: _at_once(read, place.names)


def get_alone(place: Place) -> Callable[[], object]:
    """Read small objects, one by one."""
    store = _store(place)
    return lambda: expect({bytes(obstore.get(store, name).bytes()) for name in place.names}, {SMALL})


def head(place: Place) -> Callable[[], object]:
    """Ask about small objects."""
    store = _store(place)
    return lambda: _at_once(lambda name: obstore.head_async(store, name), place.names)


def copy(place: Place) -> Callable[[], object]:
    """Copy small objects inside S3."""
    store = _store(place)
    return lambda: _at_once(lambda name: obstore.copy_async(store, name, f"copy/{name}"), place.names)


def delete(place: Place) -> Callable[[], object]:
    """Delete small objects."""
    store = _store(place)
    return lambda: obstore.delete(store, place.names)


def list_all(place: Place) -> Callable[[], object]:
    """List objects."""
    store = _store(place, "listed")
    return lambda: expect(sum(map(len, obstore.list(store, "data", chunk_size=1000))), place.count)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    store = _store(place, "large", unsigned=bool(place.ca_bundle))
    return lambda: obstore.put(store, "sent", place.large_file, chunk_size=16 << 20, max_concurrency=8)


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file, in ranges."""
    store = _store(place, "large")

    def work() -> None:
        size = place.count << 20
        file = os.open(place.received_file, os.O_CREAT | os.O_WRONLY)

        def part(start: int) -> None:
            os.pwrite(file, obstore.get_range(store, "parts", start=start, end=min(start + _RANGE, size)), start)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(part, range(0, size, _RANGE)))
        os.close(file)
        place.expect_large()

    return work


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
