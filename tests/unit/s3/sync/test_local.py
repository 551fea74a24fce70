# SPDX-License-Identifier: Apache-2.0
"""A folder of this machine: listed, read and written without a way out."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestError, S3RestIntegrityError
from airflow_provider_s3rest.s3 import files
from airflow_provider_s3rest.s3.sync import local
from airflow_provider_s3rest.s3.sync.local import LocalTree, SteadyFile
from airflow_provider_s3rest.s3.sync.model import Entry

if TYPE_CHECKING:
    from pathlib import Path


Streams = "Callable[..., ObjectStream]"


def _tree(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_all_regular_files_are_listed(tmp_path: Path) -> None:
    """With sizes and times; hidden ones too, whatever their names."""
    for name in ("a", "b/.hidden", "b/c/d e", "ü\n"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    os.utime(tmp_path / "a", ns=(5, 1_234_567_890))
    entries = {entry.name: entry for entry in LocalTree(tmp_path).entries()}
    assert set(entries) == {"a", "b/.hidden", "b/c/d e", "ü\n"}
    assert entries["a"] == Entry("a", 1, 1_234_567_890)


def test_links_and_special_files_are_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells which."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "to-folder").symlink_to("../outside")
    (root / "to-file").symlink_to("../outside/secret")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server, caplog.at_level(logging.WARNING):
        server.bind(str(root / "socket"))
        assert list(LocalTree(root).entries()) == []
    told = sorted(record.getMessage() for record in caplog.records)
    assert told == [
        "'pipe' is neither a file nor a folder and is left alone",
        "'socket' is neither a file nor a folder and is left alone",
        "'to-file' is a symbolic link and is left alone",
        "'to-folder' is a symbolic link and is left alone",
    ]


def test_an_absent_folder_is_an_error(tmp_path: Path) -> None:
    """Nobody takes it for an empty one."""
    with pytest.raises(FileNotFoundError, match="absent"):
        list(LocalTree(tmp_path / "absent").entries())


def test_unfinished_files_are_neither_listed_nor_kept(tmp_path: Path) -> None:
    """What a killed run left is cleared away; what another one is writing stays."""
    (tmp_path / "folder").mkdir()
    left = tmp_path / "folder" / files.temporary_name()
    left.write_text("half")
    tree = LocalTree(tmp_path)
    with files.opened_directory(tmp_path) as directory, files.replacing("file", directory) as file:
        file.write(b"whole")
        assert list(tree.entries()) == []
        tree.prepare()
        assert not left.exists()
    assert [entry.name for entry in tree.entries()] == ["file"]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    """With those above it."""
    LocalTree(tmp_path / "a" / "b").prepare()
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_is_saved_with_the_time_of_its_object(tmp_path: Path, stream_of: Streams) -> None:
    """And with the permissions that the umask leaves."""
    LocalTree(tmp_path).save("a/b", stream_of(b"content"), None)
    found = (tmp_path / "a" / "b").stat()
    assert (tmp_path / "a" / "b").read_bytes() == b"content"
    assert found.st_mtime == 1795482123
    umask = os.umask(0)
    os.umask(umask)
    assert found.st_mode & 0o777 == 0o666 & ~umask


def test_a_body_that_ends_early_leaves_no_file(tmp_path: Path, stream_of: Streams) -> None:
    """Nor does one whose bytes are others."""
    tree = LocalTree(tmp_path)
    with pytest.raises(S3RestIntegrityError):
        tree.save("b", stream_of(b"content", etag="0" * 32), None)
    with pytest.raises(HTTPClientError, match="ended early"):
        tree.save("a", stream_of(b"short", size=100), None)
    assert _tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["link/file", "link/deeper/file"])
def test_no_file_is_saved_or_deleted_or_read_through_a_link(tmp_path: Path, stream_of: Streams, name: str) -> None:
    """Wherever it leads."""
    (tmp_path / "outside" / "deeper").mkdir(parents=True)
    (tmp_path / "outside" / "file").write_text("kept")
    (tmp_path / "outside" / "deeper" / "file").write_text("kept")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to("../outside")
    tree = LocalTree(tmp_path / "root")
    with pytest.raises(NotADirectoryError):
        tree.save(name, stream_of(b"new"), None)
    with pytest.raises(NotADirectoryError):
        tree.delete(name)
    with pytest.raises(NotADirectoryError), tree.open(name):
        pass
    assert set(_tree(tmp_path / "outside").values()) == {b"kept"}


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    """Also where it took the place of a file after the listing."""
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"), LocalTree(tmp_path).open("link"):
        pass


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """Which would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(S3RestError, match="no longer a regular file"), LocalTree(tmp_path).open("pipe"):
        pass


def test_nobody_gets_out_by_swapping_links(tmp_path: Path, stream_of: Streams) -> None:
    """While another process turns a folder into a link and back, every file lands inside or nowhere."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "a").mkdir(parents=True)
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError):
                (root / "a").rename(root / "b")
                (root / "a").symlink_to(outside)
                (root / "a").unlink()
                (root / "b").rename(root / "a")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for number in range(300):
            with contextlib.suppress(OSError):
                LocalTree(root).save(f"a/{number}", stream_of(b"x"), None)
    finally:
        done.set()
        swapper.join()
    assert list(outside.iterdir()) == []


def test_a_deleted_file_takes_its_empty_folders_along(tmp_path: Path) -> None:
    """Not those that hold something else, and never the root."""
    for name in ("a/b/c/file", "a/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    tree = LocalTree(tmp_path)
    tree.delete("a/b/c/file")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/other"]
    tree.delete("a/other")
    tree.delete("a/other")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", ["longer", "shorter", "touched"])
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, change: str) -> None:
    """At its end, before anybody takes the bytes for its content."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    with LocalTree(tmp_path).open("file") as file:
        file.read(10)
        if change == "longer":
            path.write_bytes(b"y" * 100_001)
        elif change == "shorter":
            os.truncate(path, 50_000)
        else:
            os.utime(path)
        with pytest.raises(S3RestError, match="'file' was changed while it was being read"):
            list(iter(lambda: file.read(30_000), b""))


def test_a_steady_file_is_read_whole(tmp_path: Path) -> None:
    """By any way of reading it."""
    (tmp_path / "file").write_bytes(b"content")
    for arguments in ((), (-1,), (None,), (100,)):
        with LocalTree(tmp_path).open("file") as file:
            assert isinstance(file, SteadyFile)
            assert file.read(*arguments) == b"content"


@pytest.mark.parametrize(
    ("finds", "same"),
    [
        ((), set()),
        (("upper",), {("A", "a")}),
        (("decomposed",), {("\u00e9", "e\u0301")}),
        (("upper", "decomposed"), {("A", "a"), ("\u00e9", "e\u0301")}),
    ],
)
def test_the_file_system_tells_which_names_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finds: tuple[str, ...], same: set[tuple[str, str]]
) -> None:
    """It is asked by a file of another spelling, which does not stay."""
    asked = {"upper": str.isupper, "decomposed": lambda name: "\u0301" in name}

    def exists(name: str, _: int) -> bool:
        letters = name.removeprefix(".").removesuffix(".part")
        return any(asked[kind](letters) for kind in finds)

    monkeypatch.setattr(local, "_exists", exists)
    place_of = LocalTree(tmp_path / "absent").place_of_names()
    pairs = {("A", "a"), ("\u00e9", "e\u0301")}
    assert {(one, other) for one, other in pairs if place_of(one) == place_of(other)} == same
    assert list(tmp_path.iterdir()) == []


def test_this_file_system_knows_case_and_form(tmp_path: Path) -> None:
    """Linux keeps names as bytes."""
    place_of = LocalTree(tmp_path).place_of_names()
    assert [place_of(name) for name in ("A", "a", "e\u0301")] == ["A", "a", "e\u0301"]
