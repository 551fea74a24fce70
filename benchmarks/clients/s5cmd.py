# SPDX-License-Identifier: Apache-2.0
"""s5cmd, a program: its figures are those of the whole process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients import Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.clients import Work


def _command(place: Place, *words: str) -> str:
    program = Path(sys.executable).with_name("s5cmd")
    trust = ["--no-verify-ssl"] if place.ca_bundle else []
    command = [program, *trust, "--endpoint-url", place.address, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def list_all(place: Place) -> Callable[[], object]:
    """List objects."""
    return lambda: expect(_command(place, "ls", "s3://listed/data/*").count("\n"), place.count)


def up(place: Place) -> Callable[[], object]:
    """Write a large object from a file."""
    return lambda: _command(place, "cp", str(place.large_file), "s3://large/sent")


def down(place: Place) -> Callable[[], object]:
    """Read a large object into a file."""

    def work() -> None:
        _command(place, "cp", "s3://large/parts", str(place.received_file))
        place.expect_large()

    return work


def sync(place: Place) -> Callable[[], object]:
    """Bring a bucket up to date with a folder."""
    return lambda: _command(place, "sync", f"{place.folder}/tree/", "s3://small/s5cmd/")


WORKS: dict[str, Work] = {"list": list_all, "up": up, "down": down, "sync": sync}

if __name__ == "__main__":
    run(WORKS)
