# SPDX-License-Identifier: Apache-2.0
"""The records of a CSV object, for what DuckDB's reader does not know: comments, and any record delimiter."""

from __future__ import annotations

import mmap
import os
import re
import uuid
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from airflow_provider_s3rest.s3.select.options import Csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_RECORD_BYTES = 16 * 1024 * 1024

_ENDS_OF_LINES = frozenset({"\n", "\r\n", "\r"})
_CHUNK_BYTES = 1024 * 1024
_SAMPLE_RECORDS = 1000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def readable(path: Path, csv: Csv) -> tuple[Path, Csv]:
    """Return a file of the same records that DuckDB can read, and its form; the file itself if it is one."""
    if csv.record_delimiter in _ENDS_OF_LINES:
        if not _has_comments(path, csv):
            return path, csv
        new, separator = csv, csv.record_delimiter.encode()
        written = (record + separator for record in _records_of(path, csv))
    else:
        new = Csv(header=csv.header, pad_short_records=csv.pad_short_records)
        written = (_line(fields) for fields in _rows(path, csv))
    target = path.with_suffix(".records")
    with target.open("xb") as file:
        file.writelines(written)
    path.unlink()
    return target, new


def mark_end(path: Path, csv: Csv, columns: int) -> str:
    """Append one record, so that DuckDB shows whether it has read to the end: it drops a record whose quotes stay open.

    :returns: the first field of that record.
    """
    special = csv.field_delimiter + csv.quote_character + csv.quote_escape_character
    mark = "".join(character for character in uuid.uuid4().hex if character not in special)
    end = csv.record_delimiter.encode()
    with path.open("r+b") as file:
        if csv.record_delimiter == "\n" and file.readline().endswith(b"\r\n"):
            end = b"\r\n"
        file.seek(-1, os.SEEK_END)
        last = b"" if file.read() in end else end
        file.write(last + (mark + csv.field_delimiter * (columns - 1)).encode() + end)
    return mark


def column_names(path: Path, csv: Csv) -> list[str]:
    """Return the names of the columns; none in an empty object."""
    sample = islice(_rows(path, csv), 1 if csv.header == "use" else _SAMPLE_RECORDS)
    if csv.header == "use":
        return unique([field.decode() for field in next(sample, [])])
    return [f"_{number}" for number in range(1, 1 + max(map(len, sample), default=0))]


def unique(names: list[str]) -> list[str]:
    """Give names to columns without one, and another to each that DuckDB, which knows no case, has seen before."""
    found: dict[str, str] = {}
    for number, given in enumerate(names, 1):
        fresh = name = given or f"_{number}"
        count = 0
        while fresh.lower() in found:
            count += 1
            fresh = f"{name}_{count}"
        found[fresh.lower()] = fresh
    return list(found.values())


def _has_comments(path: Path, csv: Csv) -> bool:
    comment = csv.comments.encode()
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begin = content[: len(_BYTE_ORDER_MARK) + len(comment)].removeprefix(_BYTE_ORDER_MARK)
        return begin.startswith(comment) or content.find(csv.record_delimiter.encode() + comment) >= 0


def _records_of(path: Path, csv: Csv) -> Iterator[bytes]:
    with path.open("rb") as file:
        comment = csv.comments.encode()
        yield from (record for record in _records(file, csv) if not record.startswith(comment))


def _rows(path: Path, csv: Csv) -> Iterator[list[bytes]]:
    splitter = _Splitter(csv)
    for record in _records_of(path, csv):
        bare = record.removesuffix(b"\r") if csv.record_delimiter == "\n" else record
        if bare:
            yield splitter.fields(bare)


def _records(file: BinaryIO, csv: Csv) -> Iterator[bytes]:
    """Cut a file into records: at each delimiter, but for those inside quotes where these are allowed."""
    delimiter = csv.record_delimiter.encode()
    splitter = _Splitter(csv)
    parts: list[bytes] = []
    size, is_open = 0, False
    for piece in _pieces(file, delimiter):
        parts.append(piece)
        size += len(piece)
        _check_size(size)
        is_open = csv.allow_quoted_record_delimiter and splitter.ends_open(piece, is_open=is_open)
        if not is_open:
            yield delimiter.join(parts)
            parts, size = [], 0
    if parts:
        raise ValueError("csv: the object ends inside quotes")


def _pieces(file: BinaryIO, delimiter: bytes) -> Iterator[bytes]:
    rest = file.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK)
    while chunk := file.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(delimiter)
        yield from whole
        _check_size(len(rest))
    if rest:
        yield from rest.removesuffix(delimiter).split(delimiter)


def _check_size(size: int) -> None:
    if size > MAX_RECORD_BYTES:
        raise ValueError(
            f"csv: a record is longer than {MAX_RECORD_BYTES} bytes; is record_delimiter, or the quote, another one?"
        )


def _line(fields: list[bytes]) -> bytes:
    return b",".join(b'"' + field.replace(b'"', b'""') + b'"' for field in fields) + b"\n"


class _Splitter:
    """Where the fields of a record begin and end."""

    def __init__(self, csv: Csv) -> None:
        self._delimiter = csv.field_delimiter.encode()
        self._quote = csv.quote_character.encode()
        quote, escape = re.escape(self._quote), re.escape(csv.quote_escape_character.encode())
        escaped = escape + (quote if escape == quote else b".")
        self._opening = re.compile(rb"(?:\A|%b)%b" % (re.escape(self._delimiter), quote))
        self._closing = re.compile(rb"%b|(%b)" % (escaped, quote), re.DOTALL)
        self._escaped = re.compile(rb"%b(%b)" % (escape, escaped[len(escape) :]), re.DOTALL)

    def ends_open(self, piece: bytes, *, is_open: bool) -> bool:
        """Whether a piece of a record ends inside quotes."""
        position = 0
        while is_open or self._quote in piece:
            if is_open:
                position = self._close(piece, position)
                if position < 0:
                    break
            elif opening := self._opening.search(piece, position):
                position = opening.end()
            else:
                break
            is_open = not is_open
        return is_open

    def fields(self, record: bytes) -> list[bytes]:
        """Cut a record into its fields, without their quotes."""
        if self._quote not in record:
            return record.split(self._delimiter)
        found = []
        position = 0
        while position <= len(record):
            value, end = self._field(record, position)
            found.append(value)
            position = end + len(self._delimiter)
        return found

    def _field(self, record: bytes, position: int) -> tuple[bytes, int]:
        if record.startswith(self._quote, position):
            begin = position + len(self._quote)
            end = self._close(record, begin)
            if end == len(record) or (end > 0 and record.startswith(self._delimiter, end)):
                return self._escaped.sub(rb"\1", record[begin : end - len(self._quote)]), end
        end = record.find(self._delimiter, position)
        end = len(record) if end < 0 else end
        return record[position:end], end

    def _close(self, piece: bytes, position: int) -> int:
        """Return where the quotes end that are open at a position; -1 if they do not."""
        return next((found.end() for found in self._closing.finditer(piece, position) if found[1]), -1)
