# SPDX-License-Identifier: Apache-2.0
"""What is picked of logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.logs import TOLD_LINES, faults

if TYPE_CHECKING:
    from pathlib import Path

ERROR = "[2026-11-26T10:47:09.529+0000] {local_executor.py:96} ERROR - uhoh"
RAISED = "airflow.sdk.api.client.ServerResponseError: Server returned error"
WARNING = "2026-11-26 10:47:09 [warning  ] Server error                   [airflow.sdk.api.client]"
USUAL = "2026-11-26 10:47:09 [info     ] Task finished   [supervisor] exit_code=0 final_state=success"


def test_both_ways_of_writing_a_level_and_what_was_raised_are_faults(tmp_path: Path) -> None:
    """Airflow's own formatter, structlog's, and the end of a traceback."""
    log = tmp_path / "scheduler.log"
    log.write_text(f"{USUAL}\n{ERROR}\nTraceback (most recent call last):\n{RAISED}\n{WARNING}\n{USUAL}\n")
    assert faults(log) == [ERROR, RAISED, WARNING]


def test_only_the_last_faults_are_told(tmp_path: Path) -> None:
    """However many there are."""
    log = tmp_path / "scheduler.log"
    log.write_text("\n".join(f"{ERROR} {number}" for number in range(TOLD_LINES + 1)))
    assert faults(log) == [f"{ERROR} {number}" for number in range(1, TOLD_LINES + 1)]
