# SPDX-License-Identifier: Apache-2.0
"""What was measured: of each work the figures of every round, by side; kept as JSON."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OURS = "ours"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What ours is to reach.

    :param than: a side, or ``best``: whichever was the fastest but for ours and amazon's hook.
    :param factor: ours is to be at least so many times faster.
    :param milliseconds: ours is to take less.
    :param mebibytes: ours is to take less memory than so much above the idle process.
    """

    than: str = ""
    factor: float = 0
    milliseconds: float = 0
    mebibytes: float = 0

    def __str__(self) -> str:
        if self.than:
            whom = "the best peer" if self.than == "best" else self.than
            return f"{self.factor:g} x {whom}" if self.factor >= 1 else f"within {1 / self.factor:.1f} of {whom}"
        return f"under {self.milliseconds:g} ms" if self.milliseconds else f"under {self.mebibytes:g} MiB"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One work.

    :param scenario: of which it is a part.
    :param figures: by side, of every round: seconds of wall time, of CPU, mebibytes at most above the idle process;
        and the server's requests and seconds of CPU, where it tells them.
    """

    scenario: str
    work: str
    words: str
    goals: tuple[Goal, ...]
    figures: dict[str, list[dict[str, float]]]

    def median(self, side: str, figure: str = "seconds") -> float | None:
        """Return the middle of all rounds; None if the side does not do this, or the server does not tell."""
        found = [each[figure] for each in self.figures.get(side, ()) if figure in each]
        return statistics.median(found) if found else None

    def faster(self, than: str) -> float | None:
        """Return how many times faster ours was than another side, by the median of the ratios of the rounds.

        :param than: as that of a :class:`Goal`.
        """
        if OURS not in self.figures:
            return None
        names = [name for name in self.figures if name not in {OURS, "amazon"}] if than == "best" else [than]
        rounds = [self.figures[name] for name in names if name in self.figures]
        if not rounds:
            return None
        least = [min(side[number]["seconds"] for side in rounds) for number in range(len(rounds[0]))]
        mine = [each["seconds"] for each in self.figures[OURS]]
        return 1 / statistics.median(own / other for own, other in zip(mine, least, strict=True))

    def is_reached(self, goal: Goal) -> bool:
        """Tell whether ours reached a goal."""
        if goal.than:
            return (self.faster(goal.than) or 0) >= goal.factor
        seconds, mebibytes = self.median(OURS) or 0, self.median(OURS, "mebibytes") or 0
        return seconds * 1000 < goal.milliseconds if goal.milliseconds else mebibytes < goal.mebibytes


def write(path: Path, rows: Iterable[Row]) -> None:
    """Keep rows, in place of what was there: one in a line."""
    path.write_text("[\n" + ",\n".join(json.dumps(asdict(row)) for row in rows) + "\n]\n")


def read(path: Path) -> list[Row]:
    """Read what was kept; nothing if there is nothing."""
    found = json.loads(path.read_text()) if path.exists() else []
    return [Row(**{**row, "goals": tuple(Goal(**goal) for goal in row["goals"])}) for row in found]
