# SPDX-License-Identifier: Apache-2.0
"""Tests of what the benchmarks make of their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from benchmarks import report, results
from benchmarks.chart import draw
from benchmarks.results import Goal, Row

if TYPE_CHECKING:
    from pathlib import Path

GOALS = (Goal(than="amazon", factor=3), Goal(than="best", factor=1 / 1.3), Goal(milliseconds=20), Goal(mebibytes=64))


def _figures(*seconds: float) -> list[dict[str, float]]:
    return [{"seconds": each, "cpu": each, "mebibytes": 10, "requests": 7, "server_cpu": 0.1} for each in seconds]


@pytest.fixture
def row() -> Row:
    """A work of three rounds, the last of which was slow for everybody."""
    sides = {
        "ours": _figures(1, 2, 9),
        "amazon": _figures(4, 4, 40),
        "obstore": _figures(2, 1, 9),
        "s5cmd": _figures(1, 3, 8),
    }
    return Row(scenario="s", work="put", words="3 x 4 KiB: put", goals=GOALS, figures=sides)


def test_a_ratio_is_that_of_rounds(row: Row) -> None:
    """Not that of the medians: what slows a round slows both sides."""
    assert row.faster("amazon") == 4


def test_the_best_peer_is_the_fastest_of_each_round(row: Row) -> None:
    """Amazon's hook is none of them."""
    assert row.faster("best") == pytest.approx(8 / 9)


def test_who_does_not_do_it_is_not_compared(row: Row) -> None:
    """There is no ratio."""
    assert row.faster("boto3") is None


@pytest.mark.parametrize(("goal", "reached"), [*zip(GOALS, (True, True, False, True), strict=True)])
def test_a_goal(row: Row, goal: Goal, reached: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """By the ratio, or by our own figure."""
    assert row.is_reached(goal) is reached


def test_rows_are_kept(row: Row, tmp_path: Path) -> None:
    """All of it comes back."""
    results.write(tmp_path / "rows.json", [row])
    assert results.read(tmp_path / "rows.json") == [row]


def test_the_table_shows_peers_beside_ours(row: Row) -> None:
    """With the ratio, and whether goals were reached."""
    line = report.speed_table([row]).splitlines()[-1]
    assert line.startswith("| 3 x 4 KiB: put | 2 | 4 (4.0 x) |  | 2 (1.0 x) |  | 3 (")
    assert "3 x amazon: reached; within 1.3 of the best peer: reached; under 20 ms: **no**" in line


def test_the_page_keeps_what_stands_around(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is between the markers is written anew."""
    page = tmp_path / "page.md"
    empty = "a\n<!-- speed: written by make bench -->\nold\n<!-- end of speed -->\nb\n"
    page.write_text(empty)
    for name, path in {"PAGE": page, "JSON": tmp_path / "rows.json", "CHART": tmp_path / "chart.svg"}.items():
        monkeypatch.setattr(report, name, path)
    report.publish([row])
    text = page.read_text()
    assert (text[:2], text[-2:], "old" in text, "3 x 4 KiB" in text) == ("a\n", "b\n", False, True)


def test_the_versions_are_those_of_the_locks() -> None:
    """Of every peer."""
    assert all(f" {name} " in report.versions() for name in ("boto3", "obstore", "awscrt", "s5cmd"))


def test_the_chart_has_a_mark_for_each_peer(row: Row) -> None:
    """And is well-formed."""
    chart = ET.fromstring(draw([row]))  # noqa: S314 - our own
    titles = [each.text for each in chart.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[-3:] == ["amazon: 4.0 x", "obstore: 1.0 x", "s5cmd: 1.0 x"]
