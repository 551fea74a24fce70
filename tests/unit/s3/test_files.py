# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole, below directories that no link leads out of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3 import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    """The descriptor of the temporary directory."""
    with files.opened_directory(tmp_path) as descriptor:
        yield descriptor


def _names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path: Path, directory: int) -> None:
    """Until then it has a name of its own."""
    with files.replacing("file", directory) as file:
        (name,) = _names(tmp_path)
        assert files.is_temporary(name)
        file.write(b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert _names(tmp_path) == ["file"]


@pytest.mark.parametrize(("mode", "wanted"), [(0o600, 0o600), (0o666, 0o644)])
def test_permissions_are_what_the_umask_leaves(tmp_path: Path, directory: int, mode: int, wanted: int) -> None:
    """The default lets nobody else read."""
    before = os.umask(0o022)
    try:
        with files.replacing("file", directory, mode):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == wanted


def test_a_failure_leaves_the_older_file(tmp_path: Path, directory: int) -> None:
    """And nothing else."""
    (tmp_path / "file").write_text("older")

    def fail() -> None:
        with files.replacing("file", directory) as file:
            file.write(b"new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert _names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "older"


def test_a_link_in_the_place_of_the_file_is_replaced(tmp_path: Path, directory: int) -> None:
    """What it points to stays as it is."""
    (tmp_path / "other").write_text("other")
    (tmp_path / "file").symlink_to("other")
    with files.replacing("file", directory) as file:
        file.write(b"new")
    assert (tmp_path / "other").read_text() == "other"
    assert not (tmp_path / "file").is_symlink()


def test_a_file_under_way_is_not_taken_for_abandoned(tmp_path: Path, directory: int) -> None:
    """Its lock tells; the kernel frees that of a process that was killed."""
    with files.replacing("file", directory):
        (name,) = _names(tmp_path)
        assert not files.remove_if_abandoned(name, directory)
        assert _names(tmp_path) == [name]


def test_an_abandoned_file_is_removed(tmp_path: Path, directory: int) -> None:
    """Twice is not too often."""
    name = files.temporary_name()
    (tmp_path / name).write_text("half")
    assert files.remove_if_abandoned(name, directory)
    assert _names(tmp_path) == []
    assert files.remove_if_abandoned(name, directory)


def test_a_new_file_that_was_cleared_away_is_made_again(
    tmp_path: Path, directory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its creation and its lock another run may have found it."""
    lock, calls = files.fcntl.flock, []

    def flock(descriptor: int, operation: int) -> None:
        calls.append(operation)
        if len(calls) == 1:
            raise BlockingIOError
        if len(calls) == 2:
            for path in tmp_path.iterdir():
                path.unlink()
        lock(descriptor, operation)

    monkeypatch.setattr(files.fcntl, "flock", flock)
    with files.replacing("file", directory) as file:
        file.write(b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert len(calls) == 3


def test_directories_are_made_on_the_way(tmp_path: Path, directory: int) -> None:
    """Only when that is asked for."""
    with pytest.raises(FileNotFoundError), files.descended(directory, ["a", "b"]):
        pass
    with files.descended(directory, ["a", "b"], create=True) as lower, files.replacing("file", lower):
        pass
    assert (tmp_path / "a" / "b" / "file").exists()


@pytest.mark.parametrize("create", [True, False])
def test_no_link_is_followed(tmp_path: Path, *, create: bool) -> None:
    """Wherever on the way it is."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "root" / "a" / "b").symlink_to(tmp_path / "outside")
    with (
        files.opened_directory(tmp_path / "root") as root,
        pytest.raises(NotADirectoryError),
        files.descended(root, ["a", "b", "c"], create=create),
    ):
        pass
    assert _names(tmp_path / "outside") == []


def test_no_descriptor_stays_open(directory: int) -> None:
    """Neither after a descent nor after a failed one."""
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    with files.descended(directory, ["a", "b"], create=True):
        pass
    with pytest.raises(FileNotFoundError), files.descended(directory, ["a", "absent"]):
        pass
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208
