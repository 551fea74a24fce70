# SPDX-License-Identifier: Apache-2.0
"""The files and locks of the credential cache, with everything that can happen to them."""

from __future__ import annotations

import errno
import logging
import os
import resource
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.auth import cache
from airflow_provider_s3rest.auth.cache import DiskCache, MemoryCache, UnsafeDirectoryError, default_directory

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A place for a cache that does not exist yet."""
    return tmp_path / "parent" / "cache"


@pytest.fixture(params=["disk", "memory"])
def any_cache(request: pytest.FixtureRequest, directory: Path) -> DiskCache | MemoryCache:
    """Both caches: they promise the same."""
    return DiskCache(directory) if request.param == "disk" else MemoryCache()


def test_what_is_written_can_be_read(any_cache: DiskCache | MemoryCache) -> None:
    """The newest content of a name counts."""
    any_cache.write("name", b"old")
    any_cache.write("name", b"new")
    assert any_cache.read("name") == b"new"


def test_what_was_never_written_is_none(any_cache: DiskCache | MemoryCache) -> None:
    """A miss is no error."""
    assert any_cache.read("name") is None


def test_a_lock_has_one_holder(any_cache: DiskCache | MemoryCache) -> None:
    """The second one is told at once that it came too late."""
    with any_cache.locked("lock") as first, any_cache.locked("lock") as second:
        assert (first, second) == (True, False)


def test_a_lock_is_free_after_its_block(any_cache: DiskCache | MemoryCache) -> None:
    """Also when the block failed."""
    with pytest.raises(KeyError), any_cache.locked("lock"):
        raise KeyError
    with any_cache.locked("lock") as held:
        assert held


def test_locks_of_different_names_are_independent(any_cache: DiskCache | MemoryCache) -> None:
    """A hung holder of one leaves the other free."""
    with any_cache.locked("first"), any_cache.locked("second") as held:
        assert held


@pytest.mark.parametrize("kind", ["disk", "memory"])
def test_a_child_forked_under_a_lock_does_not_hold_it(kind: str, directory: Path) -> None:
    """The lock ends with its holder, though a child of it lives on."""
    shared = DiskCache(directory) if kind == "disk" else MemoryCache()
    reader, writer = os.pipe()
    with shared.locked("lock"):
        child = os.fork()
        if child == 0:
            with shared.locked("lock") as held:
                os.write(writer, b"%d" % held)
            os._exit(0)
        os.waitpid(child, 0)
    # The kernel's lock is the parent's still; one in memory is the child's own affair.
    assert os.read(reader, 1) == (b"0" if kind == "disk" else b"1")
    with shared.locked("lock") as held:
        assert held
    os.close(reader)
    os.close(writer)


def test_a_child_that_lives_on_keeps_no_lock_of_its_parent(directory: Path) -> None:
    """The parent's lock is free as soon as the parent leaves its block."""
    shared = DiskCache(directory)
    reader, writer = os.pipe()
    with shared.locked("lock"):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)  # until the parent has looked
            os._exit(0)
    with shared.locked("lock") as held:
        assert held
    os.close(writer)
    os.close(reader)
    os.waitpid(child, 0)


def test_directory_and_files_are_for_the_owner_alone(directory: Path) -> None:
    """Whatever the umask is."""
    old = os.umask(0)
    try:
        shared = DiskCache(directory)
        shared.write("name", b"content")
        with shared.locked("lock"):
            pass
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [directory, *directory.iterdir()]}
    assert modes == {"cache": 0o700, "name": 0o600, "lock": 0o600}


def test_a_directory_that_was_tidied_away_comes_back(directory: Path) -> None:
    """Machines clean their temporary directories."""
    shared = DiskCache(directory)
    directory.rmdir()
    shared.write("name", b"content")
    assert shared.read("name") == b"content"


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o710, 0o701])
def test_a_directory_that_others_may_enter_is_refused(mode: int, directory: Path) -> None:
    """And nothing is changed about it."""
    directory.mkdir(parents=True)
    directory.chmod(mode)
    with pytest.raises(UnsafeDirectoryError, match="mode 0700"):
        DiskCache(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == mode


def test_a_directory_of_another_user_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could read everything."""
    directory.mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: directory.stat().st_uid + 1)
    with pytest.raises(UnsafeDirectoryError, match="belong to this user"):
        DiskCache(directory)


def test_a_link_to_a_directory_is_refused(directory: Path, tmp_path: Path) -> None:
    """Somebody else could point it elsewhere."""
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    directory.parent.mkdir()
    directory.symlink_to(target)
    with pytest.raises(UnsafeDirectoryError):
        DiskCache(directory)
    assert not list(target.iterdir())


def test_a_file_in_the_place_of_the_directory_is_refused(directory: Path) -> None:
    """With a reason, not with an error of the system."""
    directory.parent.mkdir()
    directory.write_text("")
    with pytest.raises(UnsafeDirectoryError, match="can't be made or opened"):
        DiskCache(directory)


def link_to(victim: Path, entry: Path) -> None:
    """Put a symbolic link in the place of an entry."""
    entry.symlink_to(victim)


def second_name_of(victim: Path, entry: Path) -> None:
    """Put a hard link in the place of an entry."""
    entry.hardlink_to(victim)


def pipe(_victim: Path, entry: Path) -> None:
    """Put a FIFO, which would block a reader, in the place of an entry."""
    os.mkfifo(entry, 0o600)


def directory_of(_victim: Path, entry: Path) -> None:
    """Put a directory in the place of an entry."""
    entry.mkdir(mode=0o700)


def readable_file(_victim: Path, entry: Path) -> None:
    """Put a file in the place of an entry that others may read."""
    entry.write_bytes(b"foreign")
    entry.chmod(0o644)


def huge_file(_victim: Path, entry: Path) -> None:
    """Put more into the place of an entry than any entry has."""
    entry.touch(mode=0o600)
    entry.write_bytes(bytes(65_537))


HOSTILE = [link_to, second_name_of, pipe, directory_of, readable_file, huge_file]


@pytest.mark.parametrize("place", HOSTILE, ids=lambda place: place.__name__)
def test_a_hostile_entry_is_a_miss(place: Callable[[Path, Path], None], directory: Path, tmp_path: Path) -> None:
    """And what it points to stays as it was, also when the entry is written."""
    victim = tmp_path / "victim"
    victim.touch(mode=0o600)
    victim.write_bytes(b"victim")
    shared = DiskCache(directory)
    place(victim, directory / "name")
    assert shared.read("name") is None
    shared.write("name", b"content")
    assert victim.read_bytes() == b"victim"


@pytest.mark.parametrize("place", HOSTILE[:4], ids=lambda place: place.__name__)
def test_a_hostile_lock_stops_nobody(place: Callable[[Path, Path], None], directory: Path, tmp_path: Path) -> None:
    """Work goes on, at worst without the lock, and the victim stays as it was."""
    victim = tmp_path / "victim"
    victim.touch(mode=0o600)
    shared = DiskCache(directory)
    place(victim, directory / "lock")
    with shared.locked("lock") as held:
        assert held
    assert victim.read_bytes() == b""


def test_an_entry_of_another_user_is_a_miss(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even in a directory of ours."""
    shared = DiskCache(directory)
    shared.write("name", b"content")
    real = os.fstat

    def foreign(file: int) -> os.stat_result:
        status = real(file)
        if stat.S_ISDIR(status.st_mode):
            return status
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:10]))

    monkeypatch.setattr(os, "fstat", foreign)
    assert shared.read("name") is None


def test_a_full_disk_loses_the_entry_and_nothing_else(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No error, no temporary file, and the old content stays."""
    shared = DiskCache(directory)
    shared.write("name", b"old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    try:
        shared.write("name", b"new content that does not fit")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, previous)
    assert shared.read("name") == b"old"
    assert [path.name for path in directory.iterdir()] == ["name"]
    assert "can't be written (OSError)" in caplog.text


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_any_failing_call_of_a_write_is_survived(
    call: str, directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Read-only, full and broken disks: the entry is not kept, and that is all."""
    shared = DiskCache(directory)

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, call, fail)
    shared.write("name", b"content")
    monkeypatch.undo()
    assert not list(directory.iterdir())
    assert "can't be written" in caplog.text


@pytest.mark.parametrize("call", ["open", "read"])
def test_any_failing_call_of_a_read_is_a_miss(call: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken disk costs a call to the service, not the task."""
    shared = DiskCache(directory)
    shared.write("name", b"content")

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, call, fail)
    assert shared.read("name") is None


@pytest.mark.parametrize("call", ["os.open", "fcntl.flock"])
def test_a_lock_that_cannot_be_made_counts_as_held(call: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what will never be free."""
    shared = DiskCache(directory)

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(call, fail)
    with shared.locked("lock") as held:
        assert held


def test_warnings_name_no_entry(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A log line says what is wrong, not where secrets lie."""
    shared = DiskCache(directory)
    (directory / "entry-name").write_bytes(b"content")
    (directory / "entry-name").chmod(0o644)
    with caplog.at_level(logging.DEBUG):
        shared.read("entry-name")
    assert "not as we write it" in caplog.text
    assert "entry-name" not in caplog.text


def test_the_default_is_the_users_runtime_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It lives in memory and ends with the login."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert default_directory() == tmp_path / "airflow-s3rest"


@pytest.mark.parametrize("runtime", ["", "/nonexistent"])
def test_without_a_runtime_directory_the_default_is_temporary(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And bears the user's number."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert default_directory() == Path(tempfile.gettempdir()) / f"airflow-s3rest-{os.geteuid()}"


def test_the_runtime_directory_of_another_user_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``sudo -E`` passes it on to run_as_user."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert default_directory().parent == Path(tempfile.gettempdir())


def test_no_lock_is_left_open() -> None:
    """Every block gave its file back."""
    assert not cache._held
