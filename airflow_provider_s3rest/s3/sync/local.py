# SPDX-License-Identifier: Apache-2.0
"""A folder on this machine. Nothing outside it is read or written, whatever links it holds or gets meanwhile."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import os
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.s3.files import (
    descended,
    is_temporary,
    opened_directory,
    remove_if_abandoned,
    replacing,
    temporary_name,
)
from airflow_provider_s3rest.s3.sync.model import NANOSECONDS, Entry
from airflow_provider_s3rest.s3.sync.names import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.stream import ObjectStream

NEW_FILE_MODE = 0o666
"""The permissions of new files, from which the umask takes its share."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_PROBE = "\u00e9"

log = logging.getLogger(__name__)


class LocalTree:
    """The files below a folder. Symbolic links and special files in it are left alone.

    :param path: the folder; links on the way to it are followed.
    """

    keeps_times = True
    concurrent = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def __str__(self) -> str:
        return str(self._path)

    def entries(self) -> Iterator[Entry]:
        """List all files below the folder, in any order.

        :raises FileNotFoundError: there is no such folder.
        """
        with opened_directory(self._path) as root:
            for name, found in _walk(root):
                if is_temporary(found.name):
                    continue
                # What is deleted while it is being listed has never been there.
                with contextlib.suppress(FileNotFoundError):
                    state = found.stat(follow_symlinks=False)
                    yield Entry(name, state.st_size, state.st_mtime_ns)

    def prepare(self) -> None:
        """Make the folder if it is missing, and clear away what a run that was killed has left in it."""
        self._path.mkdir(parents=True, exist_ok=True)
        with opened_directory(self._path) as root:
            for name, found in _walk(root):
                if is_temporary(found.name):
                    with descended(root, name.split("/")[:-1]) as directory:
                        remove_if_abandoned(found.name, directory)

    def place_of_names(self) -> Callable[[str], str]:
        """Ask the file system which names are one to it.

        :returns: what all such names have in common.
        """
        existing = next(path for path in (self._path, *self._path.absolute().parents) if path.is_dir())
        # Also a probe that is left behind is one of our temporary files.
        name = temporary_name(_PROBE)
        with opened_directory(existing) as directory:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, dir_fd=directory))
            try:
                case = _exists(name.upper(), directory)
                form = _exists(unicodedata.normalize("NFD", name), directory)
            finally:
                os.unlink(name, dir_fd=directory)
        return functools.partial(folded, case=case, form=form)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[SteadyFile]:
        """Open a file to read it; at its end, one that has changed meanwhile is an error."""
        *folders, last = name.split("/")
        with opened_directory(self._path) as root, descended(root, folders) as directory:
            descriptor = os.open(last, _READ, dir_fd=directory)
        with SteadyFile(descriptor, name) as file:
            yield file

    def save(self, name: str, stream: ObjectStream, progress: Progress | None) -> None:
        """Write an object to a file, verified, as a whole or not at all; the file gets the object's time."""
        *folders, last = name.split("/")
        modified = int(stream.last_modified.timestamp()) * NANOSECONDS
        with (
            opened_directory(self._path) as root,
            descended(root, folders, create=True) as directory,
            replacing(last, directory, NEW_FILE_MODE) as file,
        ):
            stream.write_to(file, progress)
            os.utime(file.fileno(), ns=(modified, modified))

    def delete(self, name: str) -> None:
        """Delete a file, and the folders below this one that are empty without it."""
        *folders, last = name.split("/")
        with opened_directory(self._path) as root, contextlib.suppress(FileNotFoundError):
            with descended(root, folders) as directory:
                os.unlink(last, dir_fd=directory)
            while folders:
                *folders, last = folders
                with descended(root, folders) as directory:
                    try:
                        os.rmdir(last, dir_fd=directory)
                    except OSError:
                        # It is not empty.
                        return


class SteadyFile(io.BufferedReader):
    """A file that must be the same at its end as it was when it was opened.

    :param descriptor: is closed with the file.
    :param name: for messages.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__(io.FileIO(descriptor))
        self._name = name
        self._opened = os.fstat(descriptor)
        if not stat.S_ISREG(self._opened.st_mode):
            self.close()
            raise S3RestError(f"{name!r} is no longer a regular file")

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, fewer only at the end.

        :raises S3RestError: the file has been changed.
        """
        data = super().read(size)
        if size is None or not 0 <= size <= len(data):
            now = os.fstat(self.fileno())
            if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
                raise S3RestError(f"{self._name!r} was changed while it was being read")
        return data


def _walk(root: int, folders: tuple[str, ...] = ()) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Return all regular files, with their names relative to the root."""
    with descended(root, folders) as directory, os.scandir(directory) as found:
        for entry in found:
            name = "/".join((*folders, entry.name))
            if entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    yield from _walk(root, (*folders, entry.name))
            elif entry.is_file(follow_symlinks=False):
                yield name, entry
            else:
                kind = "a symbolic link" if entry.is_symlink() else "neither a file nor a folder"
                log.warning("%r is %s and is left alone", name, kind)


def _exists(name: str, directory: int) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
