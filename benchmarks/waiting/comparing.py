# SPDX-License-Identifier: Apache-2.0
"""Runs the waiters of both sides, one after the other, against equal servers, and compares what they cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import peer
from benchmarks.serving import serving
from benchmarks.waiting.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

WAITERS, SMOKE_WAITERS = 1000, 20
INTERVAL_SECONDS, SMOKE_INTERVAL_SECONDS = 5, 1
INTERVALS, SMOKE_INTERVALS = 6, 1
HEADING = f"{'waiting triggers in one process':44} {'ours':>9} {'amazon':>9} {'ratio':>9}"
KINDS = {"prefix": "one prefix", "keys": "a key each", "folders": "a key and a folder each"}
FIGURES = {
    "start": "s until all have looked",
    "start cpu": "s of CPU until then",
    "start block": "ms the loop stood then",
    "lists": "LISTs per interval",
    "heads": "HEADs per interval",
    "cpu": "% of a core, waiting",
    "block": "ms the loop stood, waiting",
    "first memory": "MiB for the first",
    "memory": "MiB for all the others",
    "server cpu": "% of a core, the server",
}
BOTH = {"start": 1, "start block": 50, "block": 50}
KEYS = BOTH | {"cpu": 6, "memory": 40}
LIMITS = {"prefix": BOTH | {"cpu": 1, "memory": 20}, "keys": KEYS, "folders": KEYS}
"""Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of both sides, or of ours alone, and the limit of ours."""

    name: str
    ours: float
    amazon: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.amazon is None or not self.ours else f"{self.amazon / self.ours:.1f}"
        amazon = "" if self.amazon is None else f"{self.amazon:.2f}"
        good = self.limit is None or self.ours < self.limit
        limit = "" if self.limit is None else f"under {self.limit:g}: {'yes' if good else 'NO'}"
        return f"{self.name:44} {self.ours:9.2f} {amazon:>9} {ratio:>9}  {limit}".rstrip()


def measure(*, smoke: bool) -> Iterator[Comparison]:
    """Wait for absent objects on one prefix, then for a key each; and look once for objects that are there."""
    count, *pace = (
        (SMOKE_WAITERS, SMOKE_INTERVAL_SECONDS, SMOKE_INTERVALS) if smoke else (WAITERS, INTERVAL_SECONDS, INTERVALS)
    )
    for side in ("ours", "amazon"):
        _run(side, "keys", "look", 2, *pace)  # so that all modules have been compiled
    for kind, words in KINDS.items():
        ours, amazon = (cost(side, kind, count, *pace) for side in ("ours", "amazon"))
        for figure, unit in FIGURES.items():
            name = f"{count:,} on {words}: {unit}"
            yield Comparison(name=name, ours=ours[figure], amazon=amazon[figure], limit=LIMITS[kind].get(figure))


def cost(side: str, kind: str, count: int, interval: int, intervals: int) -> dict[str, float]:
    """Measure one side in two fresh processes, each with a server of its own."""
    look, wait = (_run(side, kind, way, count, interval, intervals) for way in ("look", "wait"))
    return look | wait


def _run(side: str, kind: str, way: str, *numbers: int) -> dict[str, float]:
    python = sys.executable if side == "ours" else peer.interpreter()
    with serving(serve, numbers[0], way == "look") as server:
        command = [python, "-m", "benchmarks.waiting.waiters", side, kind, way, server, *map(str, numbers)]
        done = subprocess.run(
            command, cwd=peer.ROOT, env=_environment(server), capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _environment(server: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | connections(server)


def connections(server: str) -> dict[str, str]:
    """Return the environment in which triggers of both sides find the server."""
    host, _, port = server.rpartition(":")
    keys = {"login": "AKIAIOSFODNN7EXAMPLE", "password": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
    extra = {"region_name": "us-east-1"}
    ours = {"conn_type": "s3rest", "host": host, "port": int(port), "extra": extra, **keys}
    amazon = {"conn_type": "aws", "extra": {"endpoint_url": server, **extra}, **keys}
    return {"AIRFLOW_CONN_S3REST_DEFAULT": json.dumps(ours), "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(amazon)}
