# SPDX-License-Identifier: Apache-2.0
"""The services of the demo end with it, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from demo import processes
from demo.processes import all_running

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = ["sleep", "60"]


def test_all_services_end_together(tmp_path: Path) -> None:
    """They run meanwhile, and write what they have to say into a file each."""
    with all_running(
        {"one": SLEEP, "two": ["sh", "-c", "echo told; sleep 60"]}, logs=tmp_path, env=os.environ
    ) as services:
        for service in services:
            service.check()
        assert {path.name for path in tmp_path.iterdir()} == {"one.log", "two.log"}
    assert [service.process.returncode for service in services] == [-signal.SIGTERM] * 2


def test_a_service_that_can_not_start_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before it are ended."""
    started: list[subprocess.Popen[bytes]] = []

    class Popen(subprocess.Popen):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(processes.subprocess, "Popen", Popen)
    with (
        pytest.raises(FileNotFoundError),
        all_running({"one": SLEEP, "two": [str(tmp_path / "absent")]}, logs=tmp_path, env=os.environ),
    ):
        pass
    assert [process.returncode for process in started] == [-signal.SIGTERM]


def test_a_service_that_has_ended_is_told(tmp_path: Path) -> None:
    """With its name and the end of what it said."""
    with all_running({"one": ["sh", "-c", "echo told"]}, logs=tmp_path, env=os.environ) as (service,):
        service.process.wait()
        with pytest.raises(RuntimeError, match="one ended with code 0:\ntold"):
            service.check()
