# SPDX-License-Identifier: Apache-2.0
"""How what a DAG showed compares with what it must show, and the table of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDEST = 45
"""Of the last column of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finished DAG, a line of the table.

    :param processes: how many different processes its tasks ran in.
    :param create_session_calls: how many calls the Roles Anywhere endpoint counted meanwhile; None: it runs beside
        others, so nobody knows.
    :param left: how many objects and unfinished uploads are still there in the end.
    :param shows: some of what its tasks returned.
    """

    dag: str
    state: str
    tasks: int
    processes: int
    create_session_calls: int | None
    left: int
    shows: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a DAG must show: every task succeeds, in a process of its own, and nothing is left of its objects.

    :param tasks: how many task instances a run has.
    :param results: what chosen tasks return, the most telling one first. Of a dictionary, the keys that are given here
        must match; everything else must be equal. A mapped task returns the list of what its instances return.
    :param create_session_calls: see :class:`Row`.
    :param file: the name of its file without ``.py``; default: that of the DAG, as that of the first DAG of a file must
        be. All DAGs of a file run together.
    :param started_by_asset: whether an event of an asset starts it: the task of another DAG of the file, or a watcher.
        The first such run counts. Otherwise the demo starts it.
    """

    dag: str
    tasks: int
    results: Mapping[str, object]
    create_session_calls: int | None = None
    file: str = ""
    started_by_asset: bool = False

    @property
    def example(self) -> str:
        """The name of its file without ``.py``."""
        return self.file or self.dag

    @property
    def prefix(self) -> str:
        """What the keys of its objects begin with."""
        return f"{self.example.removeprefix('s3rest_')}/"

    def row(self) -> Row:
        """Return the line of the table that must come of it."""
        return Row(
            dag=self.dag,
            state="success",
            tasks=self.tasks,
            processes=self.tasks,
            create_session_calls=self.create_session_calls,
            left=0,
            shows=self.shows(self.results),
        )

    def shows(self, results: Mapping[str, object]) -> str:
        """Sum up what tasks returned: of what is expected, as much as the table has room for."""
        shown = ""
        for task, wanted in self.results.items():
            if task in results:
                text = " ".join(f"{task}: {_text(_selected(results[task], wanted))}".split())
                longer = f"{shown}; {text}" if shown else textwrap.shorten(text, WIDEST, placeholder=" ...")
                shown = longer if len(longer) <= WIDEST else shown
        return shown

    def problems(self, row: Row, results: Mapping[str, object]) -> Iterator[str]:
        """Tell in which columns a row is not the expected one, and which results are others."""
        for name in (field.name for field in fields(Row) if field.name != "shows"):
            found, wanted = getattr(row, name), getattr(self.row(), name)
            if found != wanted:
                yield f"{self.dag}: {name.replace('_', ' ')}: {found}, but should be {wanted}"
        for task, wanted in self.results.items():
            if task in results:
                yield from differences(f"{self.dag}: {task}", results[task], wanted)
            else:
                yield f"{self.dag}: {task}: returned nothing, but should return {wanted!r}"


def differences(where: str, found: object, wanted: object) -> Iterator[str]:
    """Tell where a value is not the wanted one; keys of dictionaries that nobody asked for do not matter."""
    if isinstance(wanted, dict) and isinstance(found, dict) and wanted.keys() <= found.keys():
        for key, value in wanted.items():
            yield from differences(f"{where}.{key}", found[key], value)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, value in enumerate(wanted):
            yield from differences(f"{where}[{index}]", found[index], value)
    elif found != wanted:
        yield f"{where}: {found!r}, but should be {wanted!r}"


def table(rows: Sequence[Row]) -> str:
    """Lay out rows below the names of their columns."""
    names = [field.name for field in fields(Row)]
    lines = [[name.replace("_", " ") for name in names], *([_text(getattr(row, n)) for n in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _selected(found: object, wanted: object) -> object:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {key: _selected(found[key], value) for key, value in wanted.items() if key in found}
    return found


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items())
    if isinstance(value, list):
        return f"{len(value)} items"
    return "-" if value is None else str(value)
