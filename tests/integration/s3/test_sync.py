# SPDX-License-Identifier: Apache-2.0
"""Folders and prefixes made equal, against SeaweedFS and moto."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.sync import RemotePath, SyncOptions, sync
from airflow_provider_s3rest.s3.sync.prefix import Prefix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack
    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.sync import SyncResult

MIB = 1024 * 1024
FILES = {"a-b": b"1", "a/b": b"22", "a/c d.csv": b"333", "empty": b"", "ü/+%2F": b"4444", "z": b"55555"}

KILLED = """
import json, os, signal, sys, threading
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.sync import SyncOptions, sync
from airflow_provider_s3rest.s3.sync.prefix import Prefix

fields, bucket, folder, direction, after = json.loads(sys.argv[1])
connection = S3RestConnection.parse(**{name: fields[name] for name in ("host", "port", "login", "password", "extra")})
keys = Credentials(access_key_id=fields["login"], secret_access_key=fields["password"])

class Source:
    def current(self):
        return keys

class Fatal(Progress):
    done = 0
    lock = threading.Lock()

    def add(self, amount):
        if self._unit == "bytes":
            with self.lock:
                Fatal.done += amount
                if Fatal.done >= after:
                    os.kill(os.getpid(), signal.SIGKILL)

prefix = Prefix(s3=S3(connection, Source()), bucket_name=bucket, prefix="p")
sides = (folder, prefix) if direction == "up" else (prefix, folder)
sync(*sides, SyncOptions(max_concurrency=4), lambda what, total, unit: Fatal(what, print, total=total, unit=unit))
"""


def _report(what: str, total: int | None, unit: str) -> Progress:
    return Progress(what, lambda _: None, total=total, unit=unit)


def _sync(source: Any, target: Any, **options: Any) -> SyncResult:
    return sync(source, target, SyncOptions.parse(**options), _report)


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def _read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _objects(prefix: Prefix) -> dict[str, bytes]:
    s3, bucket = prefix.s3, prefix.bucket_name
    return {
        item.key.removeprefix(prefix.prefix): s3.get_object(bucket, item.key).read()
        for item in s3.query_objects(bucket, prefix.prefix)
    }


@pytest.fixture
def prefix(request: pytest.FixtureRequest, open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> Prefix:
    """A prefix of a new bucket; of SeaweedFS, unless the test names another server."""
    s3 = open_s3(getattr(request, "param", "seaweedfs"))
    return Prefix(s3=s3, bucket_name=make_bucket(s3), prefix="p")


both = pytest.mark.parametrize("prefix", ["seaweedfs", "moto"], indirect=True)


@both
@pytest.mark.parametrize("compare", ["size_and_mtime", "checksum", "size"])
def test_up_and_down(prefix: Prefix, tmp_path: Path, compare: str) -> None:
    """All files come back the same, and a second run of either has nothing to do."""
    source = _write(tmp_path / "source", FILES)
    prefix.s3.upsert_object(prefix.bucket_name, "p2", b"outside")
    up = _sync(source, prefix, compare=compare)
    assert (up.uploaded, up.skipped, up.size) == (6, 0, 15)
    assert _objects(prefix) == FILES
    again = _sync(source, prefix, compare=compare)
    assert (again.uploaded, again.skipped, again.size) == (0, 6, 0)
    target = tmp_path / "new" / "target"
    down = _sync(prefix, target, compare=compare)
    assert (down.downloaded, down.skipped, down.size) == (6, 0, 15)
    assert _read(target) == FILES
    again = _sync(prefix, target, compare=compare)
    assert (again.downloaded, again.skipped) == (0, 6)


def test_only_what_has_changed_goes(prefix: Prefix, tmp_path: Path) -> None:
    """A newer file, one of another size, and a new one; up, and what S3 has newer down again."""
    source = _write(tmp_path / "source", FILES)
    _sync(source, prefix)
    _write(source, {"a/b": b"2222", "new": b"new"})
    os.utime(source / "z", (2_000_000_000, 2_000_000_000))
    assert _sync(source, prefix).uploaded == 3
    assert _objects(prefix) == FILES | {"a/b": b"2222", "new": b"new"}
    target = tmp_path / "target"
    _sync(prefix, target)
    (target / "z").write_bytes(b"other")
    (target / "new").unlink()
    assert _sync(prefix, target).downloaded == 2
    assert _read(target) == _objects(prefix)


def test_a_change_that_only_the_bytes_show(prefix: Prefix, tmp_path: Path) -> None:
    """Same size, older time: a checksum finds it, in both directions and in objects of parts."""
    large = os.urandom(17 * MIB)
    source = _write(tmp_path / "source", {"small": b"1", "large": large})
    _sync(source, prefix)
    assert _sync(source, prefix, compare="checksum").uploaded == 0
    _write(source, {"small": b"2", "large": large[::-1]})
    for name in ("small", "large"):
        os.utime(source / name, (1, 1))
    assert _sync(source, prefix).uploaded == 0
    planned = _sync(prefix, source, compare="checksum", dry_run=True).planned
    assert set(planned) == {"download large", "download small"}
    assert _sync(source, prefix, compare="checksum").uploaded == 2
    assert _sync(prefix, source, compare="checksum").skipped == 2


@pytest.mark.parametrize("prefix", ["moto"], indirect=True)
def test_parts_of_another_size_are_compared_too(prefix: Prefix, tmp_path: Path) -> None:
    """S3 tells what size they have."""
    source = _write(tmp_path / "source", {"large": os.urandom(17 * MIB)})
    _sync(source, Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="p", write=Write(part_bytes=6 * MIB)))
    assert _sync(source, prefix, compare="checksum").skipped == 1


@both
def test_extraneous_things_are_deleted(prefix: Prefix, tmp_path: Path) -> None:
    """On either side, and nothing that lies outside or is not meant."""
    source = _write(tmp_path / "source", FILES)
    _sync(source, prefix)
    for key in ("p/old", "p/old.log", "q/old"):
        prefix.s3.upsert_object(prefix.bucket_name, key, b"old")
    result = _sync(source, prefix, delete=True, exclude="*.log")
    assert result.deleted == 1
    assert _objects(prefix) == FILES | {"old.log": b"old"}
    assert prefix.s3.get_object(prefix.bucket_name, "q/old").read() == b"old"
    target = _write(tmp_path / "target", {"a/old/older": b"old", "z": b"5555"})
    result = _sync(prefix, target, delete=True, exclude="*.log")
    assert (result.deleted, result.downloaded) == (1, 6)
    assert _read(target) == FILES
    assert not (target / "a" / "old").exists()


def test_an_absent_source_deletes_nothing(prefix: Prefix, tmp_path: Path) -> None:
    """Whether the folder is missing, or the bucket, or the prefix is empty."""
    target = _write(tmp_path / "target", FILES)
    _sync(target, prefix)
    with pytest.raises(FileNotFoundError):
        _sync(tmp_path / "absent", prefix, delete=True)
    with pytest.raises(ValueError, match=r"delete: s3://.*/none/ has nothing that is meant"):
        _sync(Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="none"), target, delete=True)
    with pytest.raises(S3RestNotFoundError):
        _sync(Prefix(s3=prefix.s3, bucket_name="absent-bucket", prefix=""), target, delete=True)
    assert _read(target) == _objects(prefix) == FILES


def test_a_dry_run_writes_nothing(prefix: Prefix, tmp_path: Path) -> None:
    """And says what a run would do."""
    source = _write(tmp_path / "source", FILES)
    up = _sync(source, prefix, dry_run=True)
    assert (up.uploaded, len(up.planned), _objects(prefix)) == (6, 6, {})
    _sync(source, prefix)
    down = _sync(prefix, tmp_path / "target", dry_run=True)
    assert (down.downloaded, (tmp_path / "target").exists()) == (6, False)


@pytest.mark.parametrize("prefix", ["moto"], indirect=True)
def test_hostile_keys_are_found_before_anything_is_written(prefix: Prefix, tmp_path: Path) -> None:
    """One of them is enough; left out by a glob, the others come."""
    target = tmp_path / "root" / "target"
    for key in ("p/good", "p/../../outside", "p//etc", "p/a\\b", "p/.."):
        prefix.s3.upsert_object(prefix.bucket_name, key, b"x")
    with pytest.raises(ValueError, match=r"source: 4 names .*Nothing was written"):
        _sync(prefix, target)
    assert not target.exists()
    assert _sync(prefix, target, include="good").downloaded == 1
    assert _read(tmp_path) == {"root/target/good": b"x"}


@pytest.mark.parametrize("prefix", ["moto"], indirect=True)
def test_a_file_and_its_folder_clash_before_anything_is_written(prefix: Prefix, tmp_path: Path) -> None:
    """S3 knows no folders; objects that stand for them are left out."""
    for key, data in (("p/a", b"x"), ("p/a/b", b"x"), ("p/c/", b""), ("p/", b"")):
        prefix.s3.upsert_object(prefix.bucket_name, key, data)
    with pytest.raises(ValueError, match=r"'a' and 'a/b'"):
        _sync(prefix, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert _sync(prefix, tmp_path / "target", exclude="a/b").downloaded == 1


@pytest.mark.parametrize("prefix", ["moto"], indirect=True)
def test_a_file_in_the_place_of_a_folder(prefix: Prefix, tmp_path: Path) -> None:
    """Goes when extraneous things go, and the other way round."""
    for key in ("p/a/b", "p/c"):
        prefix.s3.upsert_object(prefix.bucket_name, key, b"new")
    target = _write(tmp_path / "target", {"a": b"old", "c/d/e": b"old"})
    with pytest.raises(ValueError, match="target: has files where folders are needed"):
        _sync(prefix, target)
    assert _sync(prefix, target, delete=True).deleted == 2
    assert _read(target) == {"a/b": b"new", "c": b"new"}


@pytest.mark.parametrize("server", ["seaweedfs", "moto"])
def test_from_prefix_to_prefix(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], tmp_path: Path, server: str
) -> None:
    """Inside one service, and from another one: what has changed goes, what is extraneous goes away."""
    s3, other = open_s3(server), open_s3("seaweedfs")
    source = Prefix(s3=s3, bucket_name=make_bucket(s3), prefix="from")
    target = Prefix(s3=other, bucket_name=make_bucket(other), prefix="to/x")
    folder = _write(tmp_path / "source", FILES)
    _sync(folder, source)
    first = _sync(source, target)
    assert (first.copied, first.size) == (6, 15)
    assert _objects(target) == FILES
    again = _sync(source, target, compare="checksum")
    assert (again.copied, again.skipped) == (0, 6)
    source.s3.upsert_object(source.bucket_name, "from/z", b"zz")
    target.s3.upsert_object(target.bucket_name, "to/x/old", b"old")
    last = _sync(source, target, delete=True)
    assert (last.copied, last.deleted) == (1, 1)
    assert _objects(target) == FILES | {"z": b"zz"}


def test_prefixes_that_hold_each_other_are_refused(prefix: Prefix) -> None:
    """The copies would be copied, or the source deleted."""
    inner = Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="p/q")
    for source, target in ((prefix, inner), (inner, prefix), (prefix, prefix)):
        with pytest.raises(ValueError, match="hold each other"):
            _sync(source, target)


def test_a_file_system_of_fsspec(prefix: Prefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in the place of a folder, on either side."""
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    files = {name: content for name, content in FILES.items() if "+" not in name}
    _sync(_write(tmp_path / "source", files), prefix)
    place = RemotePath(MemoryFileSystem(), "/folder", "memory://folder")
    assert _sync(prefix, place).downloaded == 5
    assert {name.removeprefix("/folder/"): place.fs.cat_file(name) for name in place.fs.find("/folder")} == files
    again = _sync(prefix, place)
    assert (again.downloaded, again.skipped, again.target) == (0, 5, "memory://folder")
    back = Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="back")
    assert _sync(place, back).uploaded == 5
    assert _objects(back) == files
    assert _sync(place, back, compare="checksum").skipped == 5
    place.fs.pipe_file("/folder/old", b"")
    assert _sync(prefix, place, delete=True).deleted == 1


def test_two_folders_are_none_of_our_business(tmp_path: Path) -> None:
    """One side is in S3."""
    with pytest.raises(ValueError, match="one of them at least must be an s3:// URL"):
        _sync(tmp_path, tmp_path / "other")


def test_conditions_of_one_object_are_refused(prefix: Prefix) -> None:
    """They make no sense for many."""
    with pytest.raises(ValueError, match="if_match, if_none_match"):
        Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="", write=Write(if_none_match="*"))


def test_a_key_of_ones_own_encrypts_and_decrypts(prefix: Prefix, tmp_path: Path) -> None:
    """On every request of either way."""
    read = Read.parse({}, sse_customer_key=b"k" * 32)
    write = Write.parse({}, sse_customer_key=b"k" * 32)
    secret = Prefix(s3=prefix.s3, bucket_name=prefix.bucket_name, prefix="p", read=read, write=write)
    _sync(_write(tmp_path / "source", FILES), secret)
    with pytest.raises(S3RestError, match="6 of the files"):
        _sync(prefix, tmp_path / "target")
    _sync(secret, tmp_path / "target")
    assert _read(tmp_path / "target") == FILES


@pytest.mark.parametrize("direction", ["up", "down"])
def test_killed_and_run_again_it_does_the_rest(
    prefix: Prefix, local_stack: LocalStack, tmp_path: Path, direction: str
) -> None:
    """What had arrived is not sent again, and nothing half stays anywhere."""
    files = {f"d{number % 3}/f{number}": os.urandom(1000) for number in range(60)} | {"large": os.urandom(20 * MIB)}
    source = _write(tmp_path / "source", files)
    folder = source if direction == "up" else tmp_path / "target"
    if direction == "down":
        _sync(source, prefix)
    arguments = json.dumps([local_stack.connection(), prefix.bucket_name, str(folder), direction, 30_000])
    done = subprocess.run([sys.executable, "-c", KILLED, arguments], check=False, timeout=100)
    assert done.returncode == -signal.SIGKILL
    if direction == "up":
        arrived = len(_objects(prefix))
        rest = _sync(source, prefix)
        assert _objects(prefix) == files
    else:
        found = _read(folder)
        arrived = sum(".s3rest-" not in name for name in found)
        assert len(found) > arrived
        rest = _sync(prefix, folder)
        assert _read(folder) == files
    assert 0 < arrived < len(files)
    # The server may have taken what was in flight when the process died.
    assert arrived <= rest.skipped <= arrived + 4
    assert rest.uploaded + rest.downloaded + rest.skipped == len(files)
