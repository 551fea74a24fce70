# SPDX-License-Identifier: Apache-2.0
"""Tests of how data of every kind is read and cut into parts."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3 import upload
from airflow_provider_s3rest.s3.upload import MAX_PARTS, PART_BYTES, part_bytes, parts, reading

if TYPE_CHECKING:
    from pathlib import Path

TIB = 1024**4


class Dripping(io.RawIOBase):
    """A file that gives fewer bytes than it is asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give 3 bytes at most."""
        piece = self._data.read(min(3, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"abcdefgh", 8),
        (bytearray(b"abcdefgh"), 8),
        (memoryview(b"abcdefgh"), 8),
        ("abcdefgh", 8),
        (io.BytesIO(b"abcdefgh"), None),
        (Dripping(b"abcdefgh"), None),
        ([b"abc", b"", bytearray(b"def"), b"gh"], None),
        (iter([b"abcdefgh"]), None),
    ],
    ids=["bytes", "bytearray", "memoryview", "str", "file", "raw file", "list", "iterator"],
)
def test_every_kind_is_read_alike(data: Any, size: int | None) -> None:
    """A reader gives exactly what is asked for, until the end."""
    with reading(data) as (read, known):
        assert known == size
        assert [read(3), read(1), read(3), read(9), read(9)] == [b"abc", b"d", b"efg", b"h", b""]


def test_a_path_is_read_and_closed(tmp_path: Path) -> None:
    """The size of a file is known."""
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with reading(path) as (read, size):
        assert (read(10), size) == (b"abc", 3)


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    """Whoever has read the header uploads the rest, and keeps the file open."""
    path = tmp_path / "file"
    path.write_bytes(b"header,rest")
    with path.open("rb") as file:
        file.read(7)
        with reading(file) as (read, size):
            assert (read(10), size) == (b"rest", 4)
        assert not file.closed


def test_text_is_utf_8() -> None:
    """Its size is that of the bytes."""
    with reading("é€") as (read, size):
        assert (read(10), size) == ("é€".encode(), 5)


@pytest.mark.parametrize("data", [1, None, object(), ["text"], [1], io.StringIO("text"), {"a": 1}])
def test_other_data_are_refused(data: Any) -> None:
    """The error names the argument and what it takes."""
    with pytest.raises(TypeError, match=r"^data: must be bytes, str, a path"), reading(data) as (read, _):
        read(10)


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    """It is that of the file, not of S3."""
    with pytest.raises(FileNotFoundError, match="absent"), reading(tmp_path / "absent"):
        pass


@given(st.binary(max_size=200), st.integers(0, 50))
def test_parts_are_the_whole(data: bytes, already: int) -> None:
    """Whatever was read before, all bytes come once and in order, in parts of one size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload, "PART_BYTES", 16)
        with reading(data) as (read, _):
            found = list(parts(read(already), read, None))
    assert b"".join(found) == data
    assert all(len(part) == 16 for part in found[:-1])
    assert not any(len(part) == 0 for part in found)


@given(st.integers(1, 50 * TIB))
def test_a_known_size_fits_into_10_000_parts(size: int) -> None:
    """Every part has the same size, a whole number of MiB, 8 at least."""
    part = part_bytes(0, size)
    assert part == part_bytes(MAX_PARTS - 1, size)
    assert part * MAX_PARTS >= size
    assert part % 1024**2 == 0
    assert part >= PART_BYTES


def test_an_unknown_size_grows_slowly() -> None:
    """The parts grow to 64 MiB, no further: they must fit into memory."""
    sizes = [part_bytes(number, None) // 1024**2 for number in range(MAX_PARTS)]
    assert sizes[0] == 8
    assert max(sizes) == 64
    assert sum(sizes) > 490 * 1024


def test_an_endless_stream_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What 10,000 parts can't hold is said, not cut off."""
    monkeypatch.setattr(upload, "PART_BYTES", 1)
    monkeypatch.setattr(upload, "MAX_PARTS", 3)
    with pytest.raises(ValueError, match=r"^data: is longer"), reading(iter([b"abcd"])) as (read, _):
        list(parts(b"", read, None))
    with reading(iter([b"abc"])) as (read, _):
        assert len(list(parts(b"", read, None))) == 3


def test_a_pipe_has_no_size(tmp_path: Path) -> None:
    """A path whose size says nothing is read to its end."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    try:
        os.write(writer, b"abc")
        with reading(path) as (read, size):
            assert (read(3), size) == (b"abc", None)
    finally:
        os.close(writer)
