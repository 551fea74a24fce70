# SPDX-License-Identifier: Apache-2.0
"""The same works by each client, a module for each: every function prepares one work, and returns what is timed.

Run as ``python -m benchmarks.clients.ours '["put", "get"]' '{"address": ..., ...}'``; prints the figures of each work.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SMALL = bytes(4096)
KEYS = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the work is done.

    :param ca_bundle: what to trust; None: HTTP.
    :param count: of how many objects the work is; of a large one, its mebibytes.
    :param folder: holds files.
    """

    address: str
    ca_bundle: str | None
    count: int
    folder: str

    @property
    def names(self) -> list[str]:
        """The keys of small objects."""
        return [f"work/{number:05}" for number in range(self.count)]

    @property
    def large_file(self) -> Path:
        """What is sent."""
        return Path(self.folder, "large")

    @property
    def received_file(self) -> Path:
        """Where it is received."""
        return Path(self.folder, "received")

    def expect_large(self) -> None:
        """Check what was received, and remove it."""
        expect(self.received_file.stat().st_size, self.count << 20)
        self.received_file.unlink()


Work = Callable[[Place], Callable[[], object]]


def run(works: dict[str, Work]) -> None:
    """Do the works that the command line names, each once, and print what each cost."""
    names, place = json.loads(sys.argv[1]), Place(**json.loads(sys.argv[2]))
    figures = {}
    for name in names:
        work = works[name](place)
        gc.collect()
        cpu, peak, began = _cpu(), _peak(), time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        figures[name] = {"seconds": seconds, "cpu": _cpu() - cpu, "mebibytes": _peak() - peak}
    print(json.dumps(figures))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak() -> float:
    """Return the most memory so far, in mebibytes, of this process and the largest of its children."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def expect(found: object, wanted: object) -> None:
    """Check a result of what was measured.

    :raises ValueError: it is wrong, so that its time is worth nothing.
    """
    if found != wanted:
        raise ValueError(f"{found!r:.200} instead of {wanted!r:.200}")
