# SPDX-License-Identifier: Apache-2.0
"""Draws how many times faster ours was than each peer, as an SVG with a logarithmic scale for light and dark pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Row

_WIDTH, _LEFT, _RIGHT, _TOP, _STEP = 900, 310, 30, 70, 24
_TICKS = (0.25, 0.5, 1, 2, 5, 10, 25, 50, 100)
# Told apart by their forms as well: colours alone do not suffice for everybody.
_MARKS = {
    "amazon": ("#0072b2", "M-6-6H6V6H-6Z"),
    "boto3": ("#e69f00", "M0-7 7 6H-7Z"),
    "obstore": ("#009e73", "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z"),
    "awscrt": ("#cc79a7", "M0-7 7 0 0 7-7 0Z"),
    "s5cmd": ("#d55e00", "M0 7 7-6H-7Z"),
}
_STYLE = """
text { font: 13px sans-serif; fill: #1f2328; }
line { stroke: #8b949e; stroke-opacity: 0.4; }
.one { stroke: #1f2328; stroke-opacity: 1; }
.goal { stroke: #0072b2; stroke-opacity: 1; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .one { stroke: #e6edf3; }
  .goal { stroke: #58a6ff; }
}
"""


def draw(rows: Sequence[Row]) -> str:
    """Return the chart of all rows that have a peer."""
    shown = [row for row in rows if row.faster("amazon") or row.faster("best")]
    bottom = _TOP + _STEP * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 30}" role="img">',
        "<title>How many times faster this provider's hook is than each of its peers</title>",
        f"<style>{_STYLE}</style>",
        *_legend(),
    ]
    for tick in _TICKS:
        x = _x(tick)
        kind = ' class="one"' if tick == 1 else ""
        parts.append(f'<line{kind} x1="{x}" y1="{_TOP - 12}" x2="{x}" y2="{bottom}"/>')
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:g} x</text>')
    for number, row in enumerate(shown):
        parts += _row(row, _TOP + _STEP * number)
    return "\n".join([*parts, "</svg>\n"])


def _legend() -> list[str]:
    parts = ['<text x="10" y="20">Times faster than (right of 1: ours is faster; blue bar: goal beside amazon)</text>']
    for number, name in enumerate(_MARKS):
        x = _LEFT + 110 * number
        parts += [_mark(name, x, 40, name), f'<text x="{x + 14}" y="45">{name}</text>']
    return parts


def _row(row: Row, y: int) -> list[str]:
    parts = [f'<text x="{_LEFT - 25}" y="{y + 5}" text-anchor="end">{escape(row.words)}</text>']
    for goal in row.goals:
        if goal.than == "amazon":
            x = _x(goal.factor)
            parts.append(f'<line class="goal" x1="{x}" y1="{y - 10}" x2="{x}" y2="{y + 10}"/>')
    faster = {name: row.faster(name) for name in _MARKS}
    return parts + [_mark(name, _x(by), y, f"{name}: {by:.1f} x") for name, by in faster.items() if by]


def _mark(name: str, x: float, y: float, words: str) -> str:
    colour, path = _MARKS[name]
    return f'<path d="{path}" transform="translate({x} {y})" fill="{colour}"><title>{words}</title></path>'


def _x(value: float) -> float:
    least, most = math.log(_TICKS[0]), math.log(_TICKS[-1])
    share = (math.log(value) - least) / (most - least)
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * min(1, max(0, share)), 1)
