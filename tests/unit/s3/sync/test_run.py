# SPDX-License-Identifier: Apache-2.0
"""A synchronisation as a whole, between two dictionaries."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestCredentialError, S3RestError
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.sync import SyncOptions, run
from airflow_provider_s3rest.s3.sync.model import Entry
from airflow_provider_s3rest.s3.sync.names import fault_of
from airflow_provider_s3rest.s3.sync.run import synchronise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_s3rest.s3.sync import SyncResult


class Between:
    """The way from one dictionary to another; a value that is an error is raised."""

    verb = "download"
    source_name, target_name = "source", "target"
    keeps_times = False
    is_hierarchical = True
    workers = 4

    def __init__(self, source: dict[str, Any], target: dict[str, Any] | None = None) -> None:
        self.source = source
        self.target = target or {}
        self.prepared = False
        self.deleted: list[str] = []

    def sources(self) -> Iterator[Entry]:
        """List one."""
        return (Entry(name, len(str(value))) for name, value in list(self.source.items()))

    def targets(self) -> Iterator[Entry]:
        """List the other."""
        return (Entry(name, len(str(value))) for name, value in list(self.target.items()))

    def place_of_names(self) -> Callable[[str], str]:
        """Tell all names apart."""
        return str

    def fault_of(self, name: str) -> str | None:
        """Judge as for files."""
        return fault_of(name)

    def prepare(self) -> None:
        """Remember it."""
        self.prepared = True

    def cost(self, source: Entry) -> int:
        """Cost what it has."""
        return source.size

    def is_same(self, source: Entry, target: Entry) -> bool:
        """Compare the values."""
        return bool(self.source[source.name] == self.target[target.name])

    def transfer(self, source: Entry, progress: Progress | None) -> int:
        """Set it."""
        value = self.source[source.name]
        if isinstance(value, Exception):
            raise value
        self.target[source.name] = value
        if progress:
            progress.add(source.size)
        return source.size

    def delete(self, names: Iterable[str], failed: Callable[[str, object], None]) -> int:
        """Remove them."""
        deleted = 0
        for name in names:
            if name.startswith("locked"):
                failed(name, "locked")
            else:
                del self.target[name]
                self.deleted.append(name)
                deleted += 1
        return deleted


def _sync(route: Between, **options: Any) -> SyncResult:
    said: list[str] = []
    return synchronise(
        route,
        SyncOptions.parse(**options),
        lambda what, total, unit: Progress(what, said.append, total=total, unit=unit),
    )


def test_the_target_becomes_the_source() -> None:
    """What is the same is left alone, and so is what only the target has."""
    route = Between({"a": "1", "b/c": "22", "d": "4"}, {"d": "4", "e": "6"})
    result = _sync(route, compare="checksum")
    assert route.target == {"a": "1", "b/c": "22", "d": "4", "e": "6"}
    assert (result.downloaded, result.skipped, result.size, result.deleted) == (2, 1, 3, 0)


@pytest.mark.parametrize(("compare", "value"), [("size", "5"), ("checksum", "4"), ("size_and_mtime", "4")])
def test_what_is_the_same_depends_on_how_it_is_compared(compare: str, value: str) -> None:
    """By size alone a change of the same size is not seen; without times it is safer to transfer."""
    route = Between({"d": "4", "e": "6"}, {"d": "5", "e": "6"})
    result = _sync(route, compare=compare)
    assert route.target == {"d": value, "e": "6"}
    assert result.downloaded + result.skipped == 2


def test_extraneous_things_go_only_when_asked_for() -> None:
    """And only those that are meant."""
    route = Between({"a": "1"}, {"a": "1", "b.csv": "2", "c.txt": "3"})
    assert _sync(route, compare="size").deleted == 0
    result = _sync(route, compare="size", delete=True, exclude="*.txt")
    assert (result.deleted, result.skipped, route.target) == (1, 1, {"a": "1", "c.txt": "3"})


def test_an_empty_source_deletes_nothing() -> None:
    """Unless that is what the caller wants."""
    route = Between({"x.txt": "1"}, {"a": "1", "b": "2"})
    with pytest.raises(ValueError, match=r"delete: source has nothing .* all 2 files or objects of target would be"):
        _sync(route, delete=True, exclude=["*.txt"])
    assert len(route.target) == 2
    assert _sync(route, delete=True, exclude=["*.txt"], allow_empty_source=True).deleted == 2
    assert route.target == {}
    assert _sync(Between({}), delete=True).deleted == 0


def test_a_failure_stops_neither_the_others_nor_is_it_forgotten() -> None:
    """All the rest is done; nothing is deleted after it."""
    route = Between({"a": "1", "b": OSError("bad"), "c": S3RestError("worse"), "d": "4"}, {"e": "5"})
    with pytest.raises(S3RestError, match=r"2 of the files .* 2 were downloaded; the first is .* nothing extraneous"):
        _sync(route, delete=True)
    assert route.target == {"a": "1", "d": "4", "e": "5"}


def test_what_could_not_be_deleted_is_told() -> None:
    """After all others are gone."""
    route = Between({"a": "1"}, {"locked": "1", "z": "2"})
    with pytest.raises(S3RestError, match=r"1 of the files .* the first is 'locked' \(locked\)"):
        _sync(route, delete=True)
    assert route.target == {"a": "1", "locked": "1"}


@pytest.mark.parametrize(
    "error",
    [
        S3RestCredentialError("no"),
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EROFS, "read-only"),
        RuntimeError("bug"),
    ],
)
def test_what_would_hit_every_other_too_ends_it_all(error: Exception) -> None:
    """Nobody gains by a thousand times the same error."""
    route = Between({"a": error, **{f"b{number:03}": "1" for number in range(500)}})
    with pytest.raises(type(error)):
        _sync(route)
    assert len(route.target) < 100


def test_a_hundred_failures_without_a_success_end_it_all() -> None:
    """The others would fail alike."""
    route = Between({f"a{number:03}": OSError("denied") for number in range(300)})
    with pytest.raises(S3RestError, match=r"The first 100 .* no other was tried"):
        _sync(route)


def test_bad_names_are_found_before_anything_is_written() -> None:
    """Five of them are told."""
    route = Between({"good": "1", **{f"../{number}": "1" for number in range(7)}}, {"old": "1"})
    with pytest.raises(
        ValueError, match=r"source: 7 names .* '\.\./0': has a segment '\.\.'; .*, \.\.\.\. Nothing was"
    ):
        _sync(route, delete=True)
    assert (route.target, route.prepared) == ({"old": "1"}, False)
    assert _sync(route, exclude="../*").downloaded == 1


def test_clashing_names_are_found_before_anything_is_written() -> None:
    """A file can't be a folder too."""
    route = Between({"a": "1", "a/b": "2", "a-b": "3"})
    with pytest.raises(ValueError, match=r"'a' and 'a/b'\. Nothing was written"):
        _sync(route)
    assert (route.target, route.prepared) == ({}, False)
    route.is_hierarchical = False
    assert _sync(route).downloaded == 3


def test_what_is_in_the_way_is_removed_first_and_only_when_asked_for() -> None:
    """A file where a folder is needed, and files where a file is."""
    route = Between({"a/b": "1", "c": "2"}, {"a": "old", "c/d": "old", "c/e/f": "old"})
    with pytest.raises(ValueError, match=r"target: has files where folders are needed.*Nothing was written"):
        _sync(route)
    result = _sync(route, delete=True)
    assert route.target == {"a/b": "1", "c": "2"}
    assert (result.deleted, sorted(route.deleted)) == (3, ["a", "c/d", "c/e/f"])


def test_a_dry_run_does_nothing_but_tell() -> None:
    """Each count is what a run would give, and the first hundred things are named."""
    source = {f"{number:03}": "1" for number in range(150)} | {"same": "x", "other": "y"}
    route = Between(source, {"same": "x", "other": "z", "old": "1"})
    result = _sync(route, dry_run=True, delete=True, compare="checksum")
    assert (result.downloaded, result.skipped, result.deleted, result.size, result.dry_run) == (151, 1, 1, 151, True)
    assert len(result.planned) == 100
    assert result.planned[0].startswith("download ")
    assert (len(route.target), route.prepared) == (3, False)
    few = _sync(Between({"a": "1"}, {"old": "1"}), dry_run=True, delete=True)
    assert few.planned == ("download a", "delete old")


def test_a_name_that_is_no_text_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """It can't be that of an object."""
    route = Between({"a": "1"}, {"\udcff": "1"})
    _sync(route, delete=True)
    assert "\udcff" in route.target
    assert "no text in UTF-8 and is left alone" in caplog.text


def test_how_much_is_in_flight_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than all the room goes alone."""
    monkeypatch.setattr(run, "BYTES_IN_FLIGHT", 10)
    lock, flying, most = threading.Lock(), [], []

    class Watched(Between):
        def transfer(self, source: Entry, progress: Progress | None) -> int:
            with lock:
                flying.append(source.size)
                most.append((sum(flying), len(flying)))
            size = super().transfer(source, progress)
            with lock:
                flying.remove(source.size)
            return size

    sizes = [4, 4, 50, 1, 9, 3, 30, 10] * 5
    route = Watched({f"{number}": "x" * size for number, size in enumerate(sizes)})
    assert _sync(route, max_concurrency=8).downloaded == len(sizes)
    assert all(total <= 10 or count == 1 for total, count in most)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"compare": "date"}, "compare: 'date' is none of size_and_mtime, checksum, size"),
        ({"max_concurrency": 0}, "max_concurrency: must be 1 or more, not 0"),
        ({"max_concurrency": "many"}, "max_concurrency: must be 1 or more, not 'many'"),
        ({"include": ["[b-a]"]}, "include: "),
        ({"exclude": [""]}, "exclude: "),
        ({"delete": "perhaps"}, "delete: must be true or false, not 'perhaps'"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], why: str) -> None:
    """With what they may be."""
    with pytest.raises(ValueError, match=why):
        SyncOptions.parse(**options)


def test_options_may_be_texts() -> None:
    """As templates render them."""
    options = SyncOptions.parse(delete="True", dry_run="false", max_concurrency="3", include="*.csv", exclude=["b*"])
    assert (options.delete, options.dry_run, options.max_concurrency) == (True, False, 3)
    assert [name for name in ("a.csv", "b.csv", "a.txt", "x/a.csv") if options.selects(name)] == ["a.csv", "x/a.csv"]
