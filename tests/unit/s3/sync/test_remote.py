# SPDX-License-Identifier: Apache-2.0
"""A folder of fsspec: the file systems of memory and of this machine stand for all others."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import HTTPClientError
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_s3rest.exceptions import S3RestError, S3RestIntegrityError
from airflow_provider_s3rest.s3.files import is_temporary, temporary_name
from airflow_provider_s3rest.s3.sync.model import RemotePath
from airflow_provider_s3rest.s3.sync.remote import RemoteTree, _modified

if TYPE_CHECKING:
    from pathlib import Path


Streams = "Callable[..., ObjectStream]"


@pytest.fixture(params=["memory", "local"])
def fs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty file system."""
    if request.param == "local":
        return DirFileSystem(str(tmp_path), fs=LocalFileSystem())
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return MemoryFileSystem(skip_instance_cache=True)


@pytest.fixture
def tree(fs: Any) -> RemoteTree:
    """Its folder ``root``."""
    return RemoteTree(RemotePath(fs, "root", "test://root"))


def _put(fs: Any, name: str, content: bytes) -> None:
    fs.makedirs(name.rpartition("/")[0], exist_ok=True)
    with fs.open(name, "wb") as file:
        file.write(content)


def test_all_files_below_the_folder_are_listed(fs: Any, tree: RemoteTree) -> None:
    """With sizes and times, without what is unfinished or outside."""
    for name in ("root/a", "root/b/c/d", f"root/b/{temporary_name()}", "root2/a", "other"):
        _put(fs, name, name.encode())
    entries = {entry.name: entry for entry in tree.entries()}
    assert {name: entry.size for name, entry in entries.items()} == {"a": 6, "b/c/d": 10}
    now = dt.datetime.now(dt.UTC).timestamp()
    assert abs(entries["a"].modified / 1e9 - now) < 60
    assert str(tree) == "test://root"


def test_an_absent_folder_is_an_error(tree: RemoteTree) -> None:
    """Nobody takes it for an empty one."""
    with pytest.raises(FileNotFoundError):
        list(tree.entries())


def test_a_file_is_no_folder(fs: Any, tree: RemoteTree) -> None:
    """And is not listed as if it were."""
    _put(fs, "root", b"content")
    with pytest.raises(NotADirectoryError):
        list(tree.entries())


def test_a_file_is_saved_and_read(fs: Any, tree: RemoteTree, stream_of: Streams) -> None:
    """Also over an older one; folders are made on the way."""
    tree.prepare()
    for content in (b"older", b"content"):
        tree.save("a/b", stream_of(content), None)
        with tree.open("a/b") as file:
            assert file.read(100) == content
    tree.save("c", stream_of(b""), None)
    assert sorted(name.strip("/") for name in fs.find("root")) == ["root/a/b", "root/c"]


def test_a_failed_save_leaves_the_older_file(fs: Any, tree: RemoteTree, stream_of: Streams) -> None:
    """And no other, whether the bytes end early or are wrong."""
    tree.save("a", stream_of(b"older"), None)
    with pytest.raises(HTTPClientError, match="ended early"):
        tree.save("a", stream_of(b"short", size=100), None)
    with pytest.raises(S3RestIntegrityError, match="MD5"):
        tree.save("a", stream_of(b"wrong", etag="0" * 32), None)
    assert [name.strip("/") for name in fs.find("root")] == ["root/a"]
    assert fs.cat_file("root/a") == b"older"


def test_a_file_system_that_loses_bytes_is_found_out(
    fs: Any, tree: RemoteTree, stream_of: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the file gets its name."""
    info = type(fs).info
    monkeypatch.setattr(
        type(fs),
        "info",
        lambda self, path, **options: {**info(self, path, **options), **({"size": 3} if "s3rest" in path else {})},
    )
    with pytest.raises(S3RestIntegrityError, match="3 bytes of 'key' were written, not 7"):
        tree.save("a", stream_of(b"content"), None)
    assert fs.find("root") == []


def test_a_deleted_file_is_gone(fs: Any, tree: RemoteTree) -> None:
    """Twice is no error."""
    _put(fs, "root/a", b"")
    tree.delete("a")
    tree.delete("a")
    assert not fs.exists("root/a")


@pytest.mark.parametrize("content", [b"longer than before", b"short"])
def test_a_file_that_changes_while_it_is_read_is_an_error(
    fs: Any, tree: RemoteTree, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Its size tells."""
    _put(fs, "root/a", content)
    monkeypatch.setattr(type(fs), "info", lambda *_, **__: {"size": 10})
    with tree.open("a") as file, pytest.raises(S3RestError, match="'a' was changed while it was being read"):
        file.read(100)


@pytest.mark.parametrize(
    ("found", "nanoseconds"),
    [
        ({"mtime": 1.5, "created": 9}, 1_500_000_000),
        ({"mtime": dt.datetime(1970, 1, 1, 0, 0, 2, tzinfo=dt.UTC)}, 2_000_000_000),
        ({"updated": "1970-01-01T00:00:03.000Z"}, 3_000_000_000),
        ({"last_modified": dt.datetime(1970, 1, 1, 0, 0, 4)}, 4_000_000_000),  # noqa: DTZ001 - as some tell it
        ({"updated": "yesterday"}, None),
        ({"size": 1}, None),
    ],
)
def test_times_are_told_in_many_ways(found: dict[str, Any], nanoseconds: int | None) -> None:
    """A time without a zone is in UTC; what can't be read is not known."""
    assert _modified(found) == nanoseconds


@pytest.mark.parametrize(("kind", "concurrent"), [(MemoryFileSystem, False), (AsyncFileSystem, True)])
def test_only_what_is_made_for_threads_is_used_by_several(kind: type[Any], *, concurrent: bool) -> None:
    """The asynchronous file systems are."""
    assert RemoteTree(RemotePath(kind(), "", "")).concurrent is concurrent


def test_no_two_names_are_one(tree: RemoteTree) -> None:
    """As far as anybody can tell."""
    assert tree.place_of_names()("A") == "A"
    assert not is_temporary("A")
