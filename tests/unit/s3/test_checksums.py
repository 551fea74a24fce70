# SPDX-License-Identifier: Apache-2.0
"""Tests of the checksums of requests on one object: AWS is given them, and asked for them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.engine import UNSIGNED_BYTES
from airflow_provider_s3rest.s3.options import ByteRange, Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

BODY = b"data"
SUMS = {
    "crc32": zlib.crc32(BODY).to_bytes(4),
    "sha1": hashlib.sha1(BODY, usedforsecurity=False).digest(),
    "sha256": hashlib.sha256(BODY).digest(),
}


def _text(checksum: bytes) -> str:
    return base64.b64encode(checksum).decode()


OF_ZEROS = _text(zlib.crc32(bytes(UNSIGNED_BYTES)).to_bytes(4))


@pytest.fixture
def s3(fake: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch) -> S3:
    """AWS, as far as the connection knows."""
    monkeypatch.setattr(network, "bucket_url", lambda *_: (fake.url, False))
    return make_s3(endpoint_url=None, region_name="us-east-1")


@pytest.mark.parametrize(("size", "told"), [(UNSIGNED_BYTES - 1, None), (UNSIGNED_BYTES, OF_ZEROS)])
def test_what_is_not_signed_has_a_checksum(fake: Any, s3: S3, size: int, told: str | None) -> None:
    """A CRC-32, of which S3 makes sure."""
    s3.upsert_object("bucket", "key", bytes(size))
    assert fake.requests[0].headers.get("x-amz-checksum-crc32") == told


def test_other_services_hear_nothing_of_checksums(fake: Any, make_s3: Callable[..., S3]) -> None:
    """They refuse what they do not know."""
    make_s3().upsert_object("bucket", "key", bytes(UNSIGNED_BYTES))
    make_s3().get_object("bucket", "key").read()
    assert not [name for request in fake.requests for name in request.headers if "checksum" in name]


@pytest.mark.parametrize("name", SUMS)
def test_the_checksum_that_was_chosen_is_sent(fake: Any, make_s3: Callable[..., S3], name: str) -> None:
    """To any service, and no other one."""
    make_s3().upsert_object("bucket", "key", BODY, Write(checksum_algorithm=name.upper()))
    sent = {header: value for header, value in fake.requests[0].headers.items() if "checksum" in header}
    assert sent == {f"x-amz-checksum-{name}": _text(SUMS[name])}


@pytest.mark.parametrize("name", SUMS)
def test_an_object_is_held_against_its_checksum(fake: Any, s3: S3, name: str) -> None:
    """Also where its ETag proves nothing."""
    fake.then(body=BODY, ETag='"e"', **{f"x_amz_checksum_{name}": _text(SUMS[name])})
    assert s3.get_object("bucket", "key").read() == BODY
    assert fake.requests[0].headers["x-amz-checksum-mode"] == "ENABLED"


@pytest.mark.parametrize("name", SUMS)
def test_damage_is_found_by_the_checksum(fake: Any, s3: S3, name: str) -> None:
    """Before the last bytes are handed out."""
    fake.then(body=b"dat4", ETag='"e"', **{f"x_amz_checksum_{name}": _text(SUMS[name])})
    with pytest.raises(S3RestIntegrityError, match="have the checksum"):
        s3.get_object("bucket", "key").read()


@pytest.mark.parametrize("told", [{}, {"x_amz_checksum_crc32": "AAAAAA==-2"}, {"x_amz_checksum_crc64nvme": "AA=="}])
def test_other_checksums_say_nothing(fake: Any, s3: S3, told: dict[str, str]) -> None:
    """Those of parts, and those that Python can't make."""
    fake.then(body=BODY, ETag='"e"', **told)
    assert s3.get_object("bucket", "key").read() == BODY


def test_a_range_is_not_held_against_the_checksum_of_the_whole(fake: Any, s3: S3) -> None:
    """Nor is it asked for."""
    fake.then(206, BODY[1:3], ETag='"e"', Content_Range="bytes 1-2/4", x_amz_checksum_crc32=_text(SUMS["crc32"]))
    assert s3.get_object("bucket", "key", Read(byte_range=ByteRange(1, 3))).read() == BODY[1:3]
    assert "x-amz-checksum-mode" not in fake.requests[0].headers


def test_a_body_that_breaks_off_is_taken_up_again(fake: Any, s3: S3) -> None:
    """Its checksum is not that of the object, which is no damage."""
    told = {"ETag": '"e"', "x_amz_checksum_crc32": _text(SUMS["crc32"])}
    fake.then(body=BODY, cut=2, **told)
    fake.then(206, BODY[2:], ETag='"e"', Content_Range="bytes 2-3/4")
    assert s3.get_object("bucket", "key").read() == BODY
