# SPDX-License-Identifier: Apache-2.0
"""The same works by each client, a module for each.

A work is a generator: it prepares, yields, does what is timed, yields, and may check what came of it.
``python -m benchmarks.clients.ours '["put", "get"]' '{"address": ..., ...}'`` prints the figures of each work.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMALL = bytes(range(256)) * 16
KEYS = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the work is done.

    :param ca_bundle: what to trust; None: HTTP.
    :param count: of how many objects the work is; of a large one, its mebibytes.
    :param folder: holds files.
    :param latency: whether answers take a while, so that threads pay.
    :param tells: whether the server tells what it was asked.
    """

    address: str
    ca_bundle: str | None
    count: int
    folder: str
    latency: bool
    tells: bool

    @property
    def names(self) -> list[str]:
        """The keys of small objects."""
        return [f"work/{number:05}" for number in range(self.count)]

    @property
    def listed_names(self) -> list[str]:
        """The keys of what is there to be listed or deleted."""
        return [f"data/{number // 1000:04}/part-{number:08}.parquet" for number in range(self.count)]

    @property
    def large_file(self) -> Path:
        """What is sent."""
        return Path(self.folder, "large")

    @property
    def received_file(self) -> Path:
        """Where it is received."""
        return Path(self.folder, "received")

    @property
    def tree(self) -> Path:
        """Small files, a hundred in a folder."""
        root = Path(self.folder, "tree")
        if not root.exists():
            for number in range(self.count):
                file = root / f"{number // 100:03}" / f"{number:05}"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(SMALL)
        return root

    def change_tree(self) -> int:
        """Change one of a hundred files; return how many these are."""
        changed = [self.tree / f"{number // 100:03}" / f"{number:05}" for number in range(0, self.count, 100)]
        for file in changed:
            with file.open("ab") as appended:
                appended.write(b"x")
        return len(changed)

    def expect_large(self) -> None:
        """Check what was received, by the bytes that the server repeats, and remove it."""
        expect(self.received_file.stat().st_size, self.count << 20)
        with self.received_file.open("rb") as file:
            first = file.read(1 << 20)
            while data := file.read(1 << 20):
                expect(data == first, wanted=True)
        self.received_file.unlink()


Work = Callable[[Place], Iterator[None]]


def run(works: dict[str, Work], memory: Callable[[], float] | None = None, *, fresh: bool = False) -> None:
    """Do the works that the command line names, as far as they are known, each once, and print what each cost.

    :param memory: tells how many mebibytes a work took; default: what this process did above what it had before.
    :param fresh: whether the garbage of what was loaded is left, as in a process that has just begun.
    """
    names, place = json.loads(sys.argv[1]), Place(**json.loads(sys.argv[2]))
    print(
        json.dumps({name: _measure(works[name](place), place, memory, fresh=fresh) for name in names if name in works})
    )


def _measure(
    work: Iterator[None], place: Place, memory: Callable[[], float] | None, *, fresh: bool
) -> dict[str, float]:
    next(work)
    if not fresh:
        gc.collect()
    if place.tells:
        _told(place)
    cpu, before, began = _cpu(), _memory(), time.perf_counter()
    next(work)
    seconds = time.perf_counter() - began
    figures = {"seconds": seconds, "cpu": _cpu() - cpu, "mebibytes": memory() if memory else _peak() - before}
    if place.tells:
        told = _told(place)
        figures |= {"requests": sum(told["requests"].values()), "server_cpu": told["cpu"]}
    next(work, None)
    return {name: round(value, 6) for name, value in figures.items()}


def _told(place: Place) -> dict[str, Any]:
    from benchmarks.server import figures

    return figures(place.address, place.ca_bundle)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _memory() -> float:
    """Return how much memory this process has now, in mebibytes, and forget how much it had before."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def expect(found: object, wanted: object) -> None:
    """Check a result of what was measured.

    :raises ValueError: it is wrong, so that its time is worth nothing.
    """
    if found != wanted:
        raise ValueError(f"{found!r:.200} instead of {wanted!r:.200}")
