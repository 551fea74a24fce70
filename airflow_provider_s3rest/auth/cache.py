# SPDX-License-Identifier: Apache-2.0
"""The credential cache on disk: small files that all processes of one user on one machine share, and their locks.

Nothing here knows what an entry means or lets a failure of the disk become a failure of the caller: what can't be read
is not there, what can't be written is not kept.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import stat
import tempfile
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

LARGEST_ENTRY = 65_536
LOCK_SUFFIX = ".lock"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# A child that is forked while a lock is held would keep it beyond its owner's death.
_held: set[int] = set()


def default_directory() -> Path:
    """Where entries live unless the configuration says otherwise: one directory for each user of the machine."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    # `sudo -E`, by which Airflow's run_as_user works, passes on the directory of another user.
    with suppress(OSError):
        if runtime and Path(runtime).stat().st_uid == os.geteuid():
            return Path(runtime) / "airflow-s3rest"
    return Path(tempfile.gettempdir()) / f"airflow-s3rest-{os.geteuid()}"


class Entry(NamedTuple):
    """A file of the cache.

    :param size: in bytes.
    """

    name: str
    size: int
    written_at: datetime


class UnsafeDirectoryError(Exception):
    """The directory can't be used for secrets; says why."""


class DiskCache:
    """Entries and locks in a directory that belongs to this user alone.

    :param directory: created with mode 0700 where it does not exist; one that others could enter is never used.
    :raises UnsafeDirectoryError: the directory is not safe or can't be made.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            with self._opened():
                pass
        except OSError as error:
            raise UnsafeDirectoryError(f"it can't be made or opened ({type(error).__name__})") from error

    def read(self, name: str) -> bytes | None:
        """An entry; None where there is none that is a plain file of ours which nobody else may touch."""
        try:
            with self._opened() as directory:
                file = os.open(name, _READ, dir_fd=directory)
                try:
                    status = os.fstat(file)
                    if not _is_private(status) or status.st_nlink != 1 or status.st_size > LARGEST_ENTRY:
                        log.warning("A file in the credential cache is not as we write it, and is ignored")
                        return None
                    return os.read(file, LARGEST_ENTRY)
                finally:
                    os.close(file)
        except FileNotFoundError:
            return None
        except (OSError, UnsafeDirectoryError) as error:
            log.warning("The credential cache can't be read (%s)", type(error).__name__)
            return None

    def write(self, name: str, content: bytes) -> None:
        """Replace an entry as a whole, or, where the disk refuses, not at all."""
        temporary = f"{name}.{secrets.token_hex(8)}.tmp"
        try:
            with self._opened() as directory:
                try:
                    file = os.open(temporary, _CREATE, 0o600, dir_fd=directory)
                    with os.fdopen(file, "wb") as stream:
                        stream.write(content)
                        stream.flush()
                        os.fsync(file)
                    os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(temporary, dir_fd=directory)
                    raise
        except (OSError, UnsafeDirectoryError) as error:
            log.warning("The credential cache can't be written (%s)", type(error).__name__)

    def entries(self) -> list[Entry]:
        """All entries, with whatever an interrupted write has left; locks are none.

        :raises OSError: the directory can't be read.
        :raises UnsafeDirectoryError: it can't be used.
        """
        found = []
        with self._opened() as directory:
            for name in sorted(os.listdir(directory)):  # noqa: PTH208 - of this directory, whatever its path is now
                if name.endswith(LOCK_SUFFIX):
                    continue
                with suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                    found.append(Entry(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
        return found

    def remove(self, name: str) -> None:
        """Take an entry away, if it is there.

        :raises OSError: the disk refuses.
        """
        with self._opened() as directory, suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)

    @contextmanager
    def locked(self, name: str) -> Iterator[bool]:
        """Try a lock once, without waiting. The kernel frees it when its holder dies, however that happens.

        :returns: whether to go on as its holder. A lock that can't be made counts as held, since waiting for it would
            never end.
        """
        file = self._open_lock(name)
        if file is None:
            yield True
            return
        _held.add(file)
        try:
            yield self._try_lock(file)
        finally:
            # In a forked child it has been closed already, and the number may be another file's.
            if file in _held:
                _held.discard(file)
                # Closing alone frees it only when a child that has just been forked has closed it as well.
                with suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_UN)
                os.close(file)

    @staticmethod
    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            log.warning("The credential cache can't be locked (%s)", type(error).__name__)
        return True

    def _open_lock(self, name: str) -> int | None:
        try:
            with self._opened() as directory:
                return os.open(name, _LOCK, 0o600, dir_fd=directory)
        except (OSError, UnsafeDirectoryError) as error:
            log.warning("The credential cache can't be locked (%s)", type(error).__name__)
            return None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            directory = os.open(self.directory, _DIRECTORY)
        except FileNotFoundError:  # at first, and after somebody tidied up
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.directory.mkdir(mode=0o700)
            directory = os.open(self.directory, _DIRECTORY)
        try:
            status = os.fstat(directory)
            if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
                raise UnsafeDirectoryError("it must belong to this user and have mode 0700")
            yield directory
        finally:
            os.close(directory)


class MemoryCache:
    """The same within this process only, for when there is no directory to use."""

    def __init__(self) -> None:
        self._entries: dict[str, bytes] = {}
        self._locks: dict[str, threading.Lock] = {}
        # A lock that another thread held during a fork would stay held for ever in the child.
        os.register_at_fork(after_in_child=self._locks.clear)

    def read(self, name: str) -> bytes | None:
        """An entry, or None."""
        return self._entries.get(name)

    def write(self, name: str, content: bytes) -> None:
        """Replace an entry."""
        self._entries[name] = content

    @contextmanager
    def locked(self, name: str) -> Iterator[bool]:
        """Try a lock once, without waiting.

        :returns: whether the lock is held inside the block.
        """
        lock = self._locks.setdefault(name, threading.Lock())
        held = lock.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                lock.release()


def _is_private(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS


def _drop_inherited_locks() -> None:
    while _held:
        with suppress(OSError):
            os.close(_held.pop())


os.register_at_fork(after_in_child=_drop_inherited_locks)
