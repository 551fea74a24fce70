# SPDX-License-Identifier: Apache-2.0
"""What the logs of Airflow's services and tasks say, in as few lines as tell it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TOLD_LINES = 20
"""How much of a log a message holds."""

# Both ways in which Airflow's services write a level, and the last line of a traceback, which says what was raised.
_FAULT = re.compile(r"\[(warning|error|critical) *\]|\b(WARNING|ERROR|CRITICAL) - |^\w[\w.]*(Error|Exception)\b")


def tail(path: Path, lines: int = 30) -> str:
    """Return the last lines of a text file."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def faults(path: Path) -> list[str]:
    """Return the last lines of a service's log that tell of something wrong."""
    return [line for line in path.read_text(errors="replace").splitlines() if _FAULT.search(line)][-TOLD_LINES:]


def readable(line: str) -> str:
    """Shorten a line of a task's log, a JSON object, to what happened."""
    try:
        record = json.loads(line)
    except ValueError:
        return line
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in record.get("error_detail", ())]
    return " | ".join([f"{record.get('level')}: {record.get('event')}", *errors])
