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
    """The figures of one thing, milliseconds unless its name tells another unit, and the limit of their median."""

    name: str
    figures: tuple[float, ...]
    limit: float | None = None

    @property
    def median(self) -> float:
        """The middle of the figures."""
        return statistics.median(self.figures)

    @property
    def is_good(self) -> bool:
        """Whether the median keeps the limit."""
        return self.limit is None or self.median < self.limit

    def __str__(self) -> str:
        spread = f"{min(self.figures):9.3f} {self.median:9.3f} {max(self.figures):9.3f}"
        limit = "" if self.limit is None else f"under {self.limit:g}: {'yes' if self.is_good else 'NO'}"
        return f"{self.name:44} {spread}  {limit}".rstrip()


HEADING = f"{'milliseconds, fresh processes':44} {'least':>9} {'median':>9} {'most':>9}"


def fresh(code: str, *arguments: str, rounds: int, **env: str) -> list[dict[str, float]]:
    """Run code that prints a JSON object of figures, each time in a new interpreter."""
    results = []
    for _ in range(rounds):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
    return results


def measured(name: str, results: list[dict[str, float]], key: str, limit: float | None = None) -> Measurement:
    """Collect one figure of all rounds."""
    return Measurement(name=name, figures=tuple(result[key] for result in results), limit=limit)
