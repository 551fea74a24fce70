# SPDX-License-Identifier: Apache-2.0
"""Tests of ETags made of bytes, as S3 makes them."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.etags import EtagDigest, of_digests, of_file, parts_of

MD5 = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("etag", "count"),
    [
        (MD5, 0),
        (f"{MD5}-1", 1),
        (f"{MD5}-10000", 10_000),
        (None, None),
        ("", None),
        (MD5[:-1], None),
        (MD5.upper(), None),
        (f"{MD5}-", None),
        (f"{MD5}-100000", None),
        (f'"{MD5}"', None),
        (f'W/"{MD5}"', None),
        (f"{MD5}\n", None),
        (f"{MD5}-x", None),
    ],
)
def test_the_form_tells_the_number_of_parts(etag: str | None, count: int | None) -> None:
    """What has another form says nothing about the bytes."""
    assert parts_of(etag) == count


def _by_hand(data: bytes, part: int) -> str:
    pieces = [data[start : start + part] for start in range(0, len(data), part)]
    digests = b"".join(hashlib.md5(piece, usedforsecurity=False).digest() for piece in pieces)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(pieces)}"


@given(st.binary(max_size=300), st.integers(1, 100))
def test_the_etag_of_parts(data: bytes, part: int) -> None:
    """It is the MD5 of the parts' MD5s and their number, also where the last part is full."""
    assert of_file(io.BytesIO(data), part) == _by_hand(data, part)


@given(st.binary(max_size=300))
def test_the_etag_of_an_object_written_at_once(data: bytes) -> None:
    """It is the MD5."""
    assert of_file(io.BytesIO(data)) == hashlib.md5(data, usedforsecurity=False).hexdigest()


@given(st.lists(st.binary(max_size=80), max_size=20), st.integers(1, 50))
def test_bytes_may_come_in_any_pieces(pieces: list[bytes], part: int) -> None:
    """The ETag is that of the whole."""
    digest = EtagDigest(part)
    for piece in pieces:
        digest.update(piece)
    assert digest.etag() == of_file(io.BytesIO(b"".join(pieces)), part)
    assert digest.part_bytes


@given(st.binary(max_size=300), st.integers(1, 50), st.integers(1, 5))
def test_whole_parts_may_be_taken_elsewhere(data: bytes, part: int, together: int) -> None:
    """And be put together in their order."""
    digest = EtagDigest(part)
    for at in range(0, len(data), part * together):
        other = EtagDigest(part)
        other.update(data[at : at + part * together])
        digest.extend(other)
    assert digest.etag() == of_file(io.BytesIO(data), part)


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=20))
def test_parts_may_have_any_size(parts: list[bytes]) -> None:
    """Each digest is that of its part."""
    digest = EtagDigest(len(part) for part in parts)
    digest.update(b"".join(parts))
    assert digest.etag() == of_digests(hashlib.md5(part, usedforsecurity=False).hexdigest() for part in parts)
    assert not digest.part_bytes


def test_a_file_is_read_from_where_it_stands() -> None:
    """What was read before is no part of it."""
    file = io.BytesIO(b"header,rest")
    file.seek(7)
    assert of_file(file) == hashlib.md5(b"rest", usedforsecurity=False).hexdigest()


def test_an_etag_known_from_aws() -> None:
    """The MD5 of nothing, and of one empty part, as S3 gives them."""
    assert of_file(io.BytesIO()) == "d41d8cd98f00b204e9800998ecf8427e"
    assert of_digests(["d41d8cd98f00b204e9800998ecf8427e"]) == "59adb24ef3cdbe0297f05b395827453f-1"
