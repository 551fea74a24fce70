# SPDX-License-Identifier: Apache-2.0
"""A folder on a file system of fsspec: Google Cloud Storage, Azure, SFTP, memory and what else it knows."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.exceptions import S3RestError, S3RestIntegrityError
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES
from airflow_provider_s3rest.s3.files import is_temporary, temporary_name
from airflow_provider_s3rest.s3.sync.model import NANOSECONDS, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.stream import ObjectStream
    from airflow_provider_s3rest.s3.sync.model import RemotePath

# The names under which file systems tell when a file was written, the exact ones first.
_TIMES = ("mtime", "modified", "updated", "last_modified", "LastModified", "created")


class RemoteTree:
    """The files below a folder.

    A file is written under a temporary name and then renamed; where the file system has no way to rename, fsspec copies
    it and deletes the first.
    """

    keeps_times = False

    def __init__(self, place: RemotePath) -> None:
        self._fs = place.fs
        self._path = place.path.rstrip("/")
        self._url = place.url
        # The others say nothing about threads.
        self.concurrent = bool(getattr(place.fs, "async_impl", False))

    def __str__(self) -> str:
        return self._url

    def entries(self) -> Iterator[Entry]:
        """List all files below the folder.

        :raises FileNotFoundError: there is no such folder.
        """
        self._fs.invalidate_cache()
        yield from self._list("")

    def prepare(self) -> None:
        """Do nothing: folders are made with their files.

        What a run that was killed has left stays, because nobody can tell it from a file that is being written.
        """

    def place_of_names(self) -> Callable[[str], str]:
        """Take every name for a file of its own: there is no way to ask.

        :returns: the name itself.
        """
        return str

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[io.BufferedReader]:
        """Open a file to read it; at its end, one that has changed meanwhile is an error."""
        path = self._at(name)
        size = int(self._fs.info(path)["size"])
        with self._fs.open(path, "rb") as file:
            yield io.BufferedReader(_Sized(file, size, name), CHUNK_BYTES)

    def save(self, name: str, stream: ObjectStream, progress: Progress | None) -> None:
        """Write an object to a file, verified, under a temporary name that is changed at the end."""
        folder, _, _ = name.rpartition("/")
        self._fs.makedirs(self._at(folder), exist_ok=True)
        temporary = self._at(f"{folder}/{temporary_name()}".lstrip("/"))
        try:
            with self._fs.open(temporary, "wb") as file:
                stream.pour(file.write, progress)
            self._check(temporary, stream)
            self._fs.mv(temporary, self._at(name))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(temporary)
            raise

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._at(name))

    def _check(self, path: str, stream: ObjectStream) -> None:
        found = int(self._fs.info(path)["size"])
        if found != stream.size:
            raise S3RestIntegrityError(f"{found} bytes of {stream.key!r} were written, not {stream.size}")

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}" if name else self._path

    def _list(self, folder: str) -> Iterator[Entry]:
        path = self._at(folder)
        for found in self._fs.ls(path, detail=True):
            last = found["name"].rstrip("/").rpartition("/")[2]
            name = f"{folder}/{last}" if folder else last
            if found["name"].strip("/") == path.strip("/"):
                # Some list the folder itself among what it holds.
                _check_folder(found)
            elif found["type"] == "directory":
                yield from self._list(name)
            elif not is_temporary(last):
                yield Entry(name, int(found["size"] or 0), _modified(found))


class _Sized(io.RawIOBase):
    """A file that must have as many bytes as it was said to have."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self._file = file
        self._left = size
        self._name = name

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Copy the next bytes into a buffer.

        :raises S3RestError: the file has other than its size.
        """
        target = memoryview(buffer)
        data = self._file.read(len(target))
        self._left -= len(data)
        if self._left < 0 or (self._left and not data):
            raise S3RestError(f"{self._name!r} was changed while it was being read")
        target[: len(data)] = data
        return len(data)


def _check_folder(found: dict[str, Any]) -> None:
    if found["type"] != "directory" and found["size"]:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), found["name"])


def _modified(found: dict[str, Any]) -> int | None:
    """Read when a file was written, which every file system tells in its own way."""
    value = next((found[name] for name in _TIMES if found.get(name) is not None), None)
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return int(value * NANOSECONDS) if isinstance(value, int | float) else None
