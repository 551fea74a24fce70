# SPDX-License-Identifier: Apache-2.0
"""What is to be done to make a target equal its source; known as a whole before the first byte moves.

The two listings are joined by name in a temporary database on disk, so that memory does not grow with them, neither
need be in any order, and nothing is left when the process is killed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_s3rest.s3.sync.model import NANOSECONDS, Entry
from airflow_provider_s3rest.s3.sync.names import folders_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_s3rest.s3.sync.model import Compare

_CACHE_KIBIBYTES = 8192
_TABLES = """
CREATE TABLE {side} (
    place TEXT, name TEXT, size INTEGER, modified INTEGER, etag TEXT, PRIMARY KEY (place, name)
) WITHOUT ROWID;
CREATE TABLE {side}_folder (place TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# "0" is the character after "/".
_UNDER_FILES = (
    "SELECT upper.name, min(lower.name) FROM source upper JOIN source_folder USING (place) JOIN source lower "
    "ON lower.place > upper.place || '/' AND lower.place < upper.place || '0' GROUP BY upper.place ORDER BY upper.place"
)
_OBSTACLES = (
    "SELECT target.name FROM target JOIN source_folder USING (place) UNION ALL "
    "SELECT lower.name FROM source upper JOIN target_folder USING (place) JOIN target lower "
    "ON lower.place > upper.place || '/' AND lower.place < upper.place || '0'"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of the source, and what the target has in its place.

    :param same: whether they are equal; None where only their bytes can tell.
    """

    source: Entry
    target: Entry | None
    same: bool | None


def is_same(source: Entry, target: Entry | None, compare: Compare, *, keeps_times: bool) -> bool | None:
    """Tell whether two things need not be transferred.

    :param keeps_times: whether the target has the times of its source, in whole seconds as S3 lists them; otherwise it
        must not be the older one.
    :returns: None where only their bytes can tell.
    """
    if target is None or source.size != target.size:
        return False
    if compare == "size" or (source.etag is not None and source.etag == target.etag):
        return True
    if compare == "checksum":
        return None
    if source.modified is None or target.modified is None:
        return False
    written = source.modified // NANOSECONDS
    # A file that was changed in the second of its object's time has a fraction of one in its own.
    return written * NANOSECONDS == target.modified if keeps_times else written <= target.modified // NANOSECONDS


class Plan:
    """Two listings joined. For one thread.

    :param place_of: what two names have in common if they are one in the target.
    :param compare: see :func:`is_same`.
    """

    def __init__(self, place_of: Callable[[str], str], compare: Compare, *, keeps_times: bool) -> None:
        self._place_of = place_of
        self._compare = compare
        self._keeps_times = keeps_times
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-{_CACHE_KIBIBYTES};")
        for side in ("source", "target"):
            self._database.executescript(_TABLES.format(side=side))
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add_sources(self, entries: Iterable[Entry]) -> None:
        """Add what the source has."""
        self._add("source", entries)

    def add_targets(self, entries: Iterable[Entry]) -> None:
        """Add what the target has."""
        self._add("target", entries)

    def count(self, side: str) -> int:
        """Return how many things a side has."""
        return int(self._database.execute(f"SELECT count(*) FROM {side}").fetchone()[0])  # noqa: S608 - our own word

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Return pairs of names of the source that can't both be files of the target."""
        yield from self._database.execute(
            "SELECT min(name), max(name) FROM source GROUP BY place HAVING count(*) > 1 ORDER BY place"
        )
        yield from self._database.execute(_UNDER_FILES)

    def obstacles(self) -> Iterator[str]:
        """Return the files of the target that are in the way: one where a folder is needed, or the other way round."""
        for (name,) in self._database.execute(_OBSTACLES):
            yield name

    def forget_obstacles(self) -> None:
        """Take them for deleted."""
        self._database.execute(f"DELETE FROM target WHERE name IN ({_OBSTACLES})")  # noqa: S608 - our own words

    def steps(self) -> Iterator[Step]:
        """Go through the source in the order of the names."""
        for row in self._database.execute(
            "SELECT source.name, source.size, source.modified, source.etag, "
            "target.name, target.size, target.modified, target.etag "
            "FROM source LEFT JOIN target ON target.place = source.place ORDER BY source.place"
        ):
            source = Entry(*row[:4])
            target = None if row[4] is None else Entry(*row[4:])
            yield Step(source, target, is_same(source, target, self._compare, keeps_times=self._keeps_times))

    def extraneous(self) -> Iterator[str]:
        """Return what the target has and the source has not."""
        for (name,) in self._database.execute(
            "SELECT target.name FROM target LEFT JOIN source USING (place) WHERE source.place IS NULL ORDER BY place"
        ):
            yield name

    def _add(self, side: str, entries: Iterable[Entry]) -> None:
        folders = _Folders()

        def rows() -> Iterator[tuple[Any, ...]]:
            for entry in entries:
                place = self._place_of(entry.name)
                folders.add(place)
                if len(folders.new) >= _Folders.BATCH:
                    self._add_folders(side, folders)
                yield place, entry.name, entry.size, entry.modified, entry.etag

        # A listing that changes under our eyes may tell of a thing twice.
        self._database.executemany(f"INSERT OR REPLACE INTO {side} VALUES (?, ?, ?, ?, ?)", rows())  # noqa: S608
        self._add_folders(side, folders)

    def _add_folders(self, side: str, folders: _Folders) -> None:
        places = [(place,) for place in folders.new]
        self._database.executemany(f"INSERT OR IGNORE INTO {side}_folder VALUES (?)", places)  # noqa: S608
        folders.new.clear()


class _Folders:
    """Collects the folders of files, most of which are in that of the one before."""

    BATCH = 1000

    def __init__(self) -> None:
        self.new: set[str] = set()
        self._last = ""

    def add(self, place: str) -> None:
        folder = place.rpartition("/")[0]
        if folder != self._last:
            self._last = folder
            self.new.update(folders_of(place))
