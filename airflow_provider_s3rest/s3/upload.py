# SPDX-License-Identifier: Apache-2.0
"""What is to be uploaded, read as one stream whatever it is, and cut into parts that S3 takes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

SINGLE_PUT_BYTES = 16 * 1024 * 1024
"""Objects up to this size are written by one request."""
PART_BYTES = 8 * 1024 * 1024
MAX_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

_MEBIBYTE = 1024 * 1024
# Where the length is not known, the parts double in size after so many, up to 64 MiB: that makes room for 490 GiB, and
# larger ones would not fit into memory several at once.
_PARTS_BEFORE_GROWTH = 1000
_MAX_DOUBLINGS = 3

Data = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO | Iterable[bytes]


class Reader(Protocol):
    """Reads exactly so many bytes, fewer only at the end."""

    def __call__(self, size: int, /) -> bytes:
        """Return the next bytes."""


@contextmanager
def reading(data: Data) -> Iterator[tuple[Reader, int | None]]:
    """Open what a caller wants to upload.

    :param data: bytes; text, which is sent as UTF-8; the path of a file; a binary file, read from where it stands; or
        bytes in pieces of any size.
    :returns: its reader, and its length in bytes where that is known.
    :raises TypeError: it is something else.
    """
    if isinstance(data, str):
        data = data.encode()
    if isinstance(data, bytes | bytearray | memoryview):
        yield io.BytesIO(data).read, memoryview(data).nbytes
    elif isinstance(data, os.PathLike):
        with Path(data).open("rb") as file:
            yield _from_file(file), os.fstat(file.fileno()).st_size or None
    elif hasattr(data, "read"):
        yield _from_file(cast("BinaryIO", data)), _rest_of(data)
    elif isinstance(data, Iterable):
        yield _from_pieces(iter(data)), None
    else:
        raise _wrong(data)


def parts(first: bytes, read: Reader, size: int | None, wanted_bytes: int | None = None) -> Iterator[bytes]:
    """Cut a stream into parts.

    :param first: what has been read of it already.
    :param size: its whole length, if that is known.
    :param wanted_bytes: the size of a part, if the caller has chosen one.
    """
    pending = memoryview(first)
    del first
    for number in range(MAX_PARTS):
        wanted = part_bytes(number, size, wanted_bytes)
        part = bytes(pending[:wanted])
        # What has been sent need not stay in memory.
        pending = pending[wanted:] or memoryview(b"")
        if len(part) < wanted:
            part += read(wanted - len(part))
        if not part:
            return
        yield part
    if read(1):
        raise ValueError(
            f"data: is longer than {MAX_PARTS} parts of its size; give a file by its path, so that its length is known"
        )


def part_bytes(number: int, size: int | None, wanted_bytes: int | None = None) -> int:
    """Return the size of a part, so that all of them are at most 10,000.

    :param number: of the part, from 0.
    :param size: the whole length, if that is known.
    :param wanted_bytes: what the caller has chosen; more where 10,000 such parts could not hold it all.
    """
    if size is None and wanted_bytes:
        return wanted_bytes
    if size is None:
        return PART_BYTES << min(number // _PARTS_BEFORE_GROWTH, _MAX_DOUBLINGS)
    needed = -(-size // MAX_PARTS)
    return max(wanted_bytes or PART_BYTES, -(-needed // _MEBIBYTE) * _MEBIBYTE)


def _rest_of(file: object) -> int | None:
    """Return how much there is to read of a file on disk; what else can be read may not tell."""
    if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO) and file.seekable():
        return max(0, os.fstat(file.fileno()).st_size - file.tell()) or None
    return None


def _from_file(file: BinaryIO) -> Reader:
    def read(size: int) -> bytes:
        found = []
        while size > 0 and (piece := file.read(size)):
            found.append(_checked(piece))
            size -= len(piece)
        return b"".join(found)

    return read


def _from_pieces(pieces: Iterator[bytes]) -> Reader:
    rest = b""

    def read(size: int) -> bytes:
        nonlocal rest
        found, length = [rest], len(rest)
        while length < size:
            piece = next(pieces, None)
            if piece is None:
                break
            found.append(_checked(piece))
            length += len(piece)
        whole = b"".join(found)
        rest = whole[size:]
        return whole[:size]

    return read


def _checked(piece: bytes) -> bytes:
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise _wrong(piece)
    return piece


def _wrong(data: object) -> TypeError:
    return TypeError(
        "data: must be bytes, str, a path (pathlib.Path), a file opened in binary mode, or an iterable of bytes; "
        f"{type(data).__name__} is none of them"
    )
