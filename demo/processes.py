# SPDX-License-Identifier: Apache-2.0
"""Child processes that are surely gone in the end, with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.logs import tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GRACE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A long-lived child and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Make sure that it still runs.

        :raises RuntimeError: with the end of its log if it has ended.
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with code {self.process.returncode}:\n{tail(self.log)}")


@contextlib.contextmanager
def running(name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str]) -> Iterator[Service]:
    """Run a command in a session of its own, and end that whole session afterwards.

    A task of Airflow leaves the process group of its scheduler, but never the session.
    """
    service = _start(name, command, log, env)
    try:
        yield service
    finally:
        _end([service])


@contextlib.contextmanager
def all_running(
    commands: Mapping[str, Sequence[str]], *, logs: Path, env: Mapping[str, str]
) -> Iterator[tuple[Service, ...]]:
    """Run commands as :func:`running` does, and end them all at once, since on a busy machine each takes seconds.

    :param commands: by the names of the services.
    :param logs: the folder for a file of what each writes.
    """
    services: list[Service] = []
    try:
        for name, command in commands.items():
            services.append(_start(name, command, logs / f"{name}.log", env))
        yield tuple(services)
    finally:
        _end(services)


def _start(name: str, command: Sequence[str], log: Path, env: Mapping[str, str]) -> Service:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    return Service(name=name, process=process, log=log)


def _end(services: Sequence[Service]) -> None:
    processes = [service.process for service in services]
    for process in processes:
        process.terminate()
    grace = time.monotonic() + GRACE_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, grace - time.monotonic()))
    deadline = time.monotonic() + GRACE_SECONDS
    while members := [member for process in processes for member in _session_members(process.pid)]:
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise RuntimeError(f"processes that do not end: {members}")
        time.sleep(0.05)
    for process in processes:
        process.wait()


def _session_members(session: int) -> list[int]:
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        # A process may end while it is being read.
        with contextlib.suppress(OSError):
            # After the command's name, which may hold anything: state, parent, group, session.
            state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(sid) == session and state != "Z":
                members.append(int(entry.name))
    return members
