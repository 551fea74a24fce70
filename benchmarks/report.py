# SPDX-License-Identifier: Apache-2.0
"""Writes what was measured: JSON, tables of Markdown between markers in docs/performance.md, and a chart."""

from __future__ import annotations

import os
import platform
import re
from typing import TYPE_CHECKING

from benchmarks import results
from benchmarks.chart import draw
from benchmarks.peer import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.results import Row

JSON = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "images" / "performance.svg"
PEERS = ("amazon", "boto3", "obstore", "awscrt", "s5cmd")
_COSTS = (("CPU, s", "cpu", 2), ("MiB", "mebibytes", 0), ("requests", "requests", 0))
_LOCKED = {
    "dev": ("apache-airflow", "boto3", "obstore"),
    "peer": ("apache-airflow-providers-amazon",),
    "tools": ("awscrt", "s5cmd"),
}
_SIDES = ("ours", *PEERS)


def publish(rows: Sequence[Row]) -> None:
    """Write all of it anew."""
    results.write(JSON, rows)
    CHART.write_text(draw(rows))
    page = PAGE.read_text()
    parts = {"speed": f"{speed_table(rows)}\n\n{versions()}", "costs": figures_table(rows)}
    for name, text in parts.items():
        begin, end = f"<!-- {name}: written by make bench -->", f"<!-- end of {name} -->"
        page = re.sub(f"{begin}.*?{end}", lambda _, t=f"{begin}\n{text}\n{end}": t, page, flags=re.DOTALL)
    PAGE.write_text(page)


def versions() -> str:
    """Tell on what and of what it was measured, by the lock files."""
    found = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    for lock, names in _LOCKED.items():
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        found += [
            f"{name} {version}"
            for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE)
            if name in names
        ]
    return f"Measured on {', '.join(found)}."


def speed_table(rows: Iterable[Row]) -> str:
    """Show seconds of ours and of each peer, with how many times faster ours was, and the goals."""
    lines = [_line(("", "ours, s", *PEERS, "goal")), _line(("---",) * (len(PEERS) + 3))]
    for row in rows:
        goals = "; ".join(f"{goal}: {'reached' if row.is_reached(goal) else '**no**'}" for goal in row.goals)
        peers = (_beside(row, name) for name in PEERS)
        lines.append(_line((row.words, _seconds(row.median("ours")), *peers, goals)))
    return "\n".join(lines)


def figures_table(rows: Iterable[Row]) -> str:
    """Show what else each side cost: CPU, memory above the idle process, requests; and the server's CPU."""
    lines = [_line(("", *(heading for heading, *_ in _COSTS), "server, % of the time of ours")), _line(("---",) * 5)]
    for row in rows:
        cells = [_each(row, lambda side, key=key, row=row: row.median(side, key), digits) for _, key, digits in _COSTS]
        seconds, server = row.median("ours"), row.median("ours", "server_cpu")
        share = f"{100 * server / seconds:.0f}" if server and seconds and row.median("ours", "requests") else ""
        lines.append(_line((row.words, *cells, share)))
    return "\n".join(lines)


def _each(row: Row, figure: Callable[[str], float | None], digits: int) -> str:
    found = {side: figure(side) for side in _SIDES if side in row.figures}
    return ", ".join(f"{side} {max(0, value):.{digits}f}" for side, value in found.items() if value is not None)


def _beside(row: Row, name: str) -> str:
    seconds, faster = row.median(name), row.faster(name)
    return f"{_seconds(seconds)} ({faster:.{1 if faster < 10 else 0}f} x)" if faster else ""  # noqa: PLR2004


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value >= 0.001 else f"{value:.6f}"  # noqa: PLR2004


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
