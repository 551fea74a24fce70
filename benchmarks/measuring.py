# SPDX-License-Identifier: Apache-2.0
"""Runs pieces of code in fresh interpreters and keeps what they measured."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The times of one thing, in milliseconds, and the limit that its median must keep."""

    name: str
    times_ms: tuple[float, ...]
    limit_ms: float | None = None

    @property
    def median_ms(self) -> float:
        """The middle of the times."""
        return statistics.median(self.times_ms)

    @property
    def is_good(self) -> bool:
        """Whether the median keeps the limit."""
        return self.limit_ms is None or self.median_ms < self.limit_ms

    def __str__(self) -> str:
        spread = f"{min(self.times_ms):9.3f} {self.median_ms:9.3f} {max(self.times_ms):9.3f}"
        limit = "" if self.limit_ms is None else f"under {self.limit_ms:g}: {'yes' if self.is_good else 'NO'}"
        return f"{self.name:44} {spread}  {limit}".rstrip()


HEADING = f"{'milliseconds, fresh processes':44} {'least':>9} {'median':>9} {'most':>9}"


def fresh(code: str, *arguments: str, rounds: int, **env: str) -> list[dict[str, float]]:
    """Run code that prints a JSON object of milliseconds, each time in a new interpreter."""
    results = []
    for _ in range(rounds):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
    return results


def measured(name: str, results: list[dict[str, float]], key: str, limit_ms: float | None = None) -> Measurement:
    """Collect one figure of all rounds."""
    return Measurement(name=name, times_ms=tuple(result[key] for result in results), limit_ms=limit_ms)
