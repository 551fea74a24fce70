# SPDX-License-Identifier: Apache-2.0
"""Tests of bytes that get lost or altered on their way: they never become a file, and never a success."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3 import stream, upload, upsert
from airflow_provider_s3rest.s3.options import ByteRange, Read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.stream import ObjectStream

BODY = bytes(range(256)) * 40
SIZE = len(BODY)
READINGS: dict[str, Callable[[ObjectStream, Path], bytes]] = {
    "read": lambda opened, _: opened.read(),
    "iterate": lambda opened, _: b"".join(opened),
    "file": lambda opened, _: opened.file().read(),
    "pour": lambda opened, _: _poured(opened),
    "save": lambda opened, directory: opened.save(directory / "file").read_bytes(),
}
every_engine = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
every_reading = pytest.mark.parametrize("reading", READINGS)


def _poured(opened: ObjectStream) -> bytes:
    found: list[bytes] = []
    opened.pour(found.append)
    return b"".join(found)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _pieces(sizes: list[int]) -> list[bytes]:
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    return [BODY[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _etag(sizes: list[int]) -> str:
    digests = b"".join(bytes.fromhex(_md5(piece)) for piece in _pieces(sizes))
    return f"{_md5(digests)}-{len(sizes)}"


def _checksum(sizes: list[int]) -> str:
    """Return the CRC-32 of the parts' CRC-32s as S3 tells it."""
    checksums = b"".join(zlib.crc32(piece).to_bytes(4, "big") for piece in _pieces(sizes))
    return f"{base64.b64encode(zlib.crc32(checksums).to_bytes(4, 'big')).decode()}-{len(sizes)}"


class Stored:
    """An object that was written in parts.

    :param sent: the bytes that are sent in place of its own.
    :param tells_parts: whether a HEAD of a part tells the size of that part.
    """

    def __init__(
        self, fake: Any, sizes: list[int], *, sent: bytes = BODY, tells_parts: bool = True, **headers: str
    ) -> None:
        self.fake = fake
        self.sizes = sizes
        self.sent = sent
        self.tells_parts = tells_parts
        self.headers = {"ETag": f'"{_etag(sizes)}"'} | {name.replace("_", "-"): text for name, text in headers.items()}
        fake.otherwise = self

    def __call__(self, request: Any) -> Any:
        """Do what S3 does."""
        part = parse_qs(urlsplit(request.target).query).get("partNumber")
        if part and self.tells_parts:
            length = self.sizes[int(part[0]) - 1]
            return self.fake.make_answer(206, b"", {**self.headers, "Content-Length": str(length)})
        if asked := request.headers.get("range"):
            first, last = map(int, asked.removeprefix("bytes=").split("-"))
            last = min(last, SIZE - 1)
            told = {**self.headers, "Content-Range": f"bytes {first}-{last}/{SIZE}"}
            return self.fake.make_answer(206, self.sent[first : last + 1], told)
        return self.fake.make_answer(200, self.sent, self.headers)


def _flipped(position: int) -> bytes:
    return BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]


@every_engine
@every_reading
@pytest.mark.parametrize("position", [0, SIZE // 2, SIZE - 1])
def test_one_flipped_bit(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, reading: str, position: int
) -> None:
    """The MD5 of an object that was written at once finds it, however it is read."""
    fake.serve(_flipped(position), etag=_md5(BODY))
    with pytest.raises(S3RestIntegrityError, match=f"'key' have MD5 .* but its ETag is {_md5(BODY)}"):
        READINGS[reading](make_s3(engine).get_object("bucket", "key"), tmp_path)
    assert not any(tmp_path.iterdir())


@every_engine
@every_reading
@pytest.mark.parametrize("cut", [0, SIZE // 2, SIZE - 1])
def test_a_body_that_is_cut_once(
    fake: Any,
    make_s3: Callable[..., S3],
    tmp_path: Path,
    sleeps: list[float],
    engine: str,
    reading: str,
    cut: int,
) -> None:
    """It goes on where it was cut, and is whole."""
    fake.serve(BODY, etag=_md5(BODY))
    fake.then(200, BODY, cut=cut, ETag=f'"{_md5(BODY)}"')
    assert READINGS[reading](make_s3(engine).get_object("bucket", "key"), tmp_path) == BODY
    assert (len(fake.requests), sleeps) == (2, [0.0])


@every_engine
@every_reading
def test_a_body_that_is_always_cut(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, sleeps: list[float], engine: str, reading: str
) -> None:
    """It is an error of the connection once the schedule is over, and no file."""
    fake.serve(BODY)
    serve = fake.otherwise

    def cut(request: Any) -> Any:
        answer = serve(request)
        answer.cut = 0
        return answer

    fake.otherwise = cut
    with pytest.raises(HTTPClientError):
        READINGS[reading](make_s3(engine).get_object("bucket", "key"), tmp_path)
    assert sleeps == [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]
    assert not any(tmp_path.iterdir())


@every_engine
@every_reading
def test_a_length_that_is_too_short(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, reading: str
) -> None:
    """A proxy that shortens body and length together is found out by the ETag."""
    fake.always(200, BODY[:-1], ETag=f'"{_md5(BODY)}"')
    with pytest.raises(S3RestIntegrityError):
        READINGS[reading](make_s3(engine).get_object("bucket", "key"), tmp_path)
    assert not any(tmp_path.iterdir())


@every_engine
@every_reading
def test_a_length_that_is_too_long(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, reading: str
) -> None:
    """Bytes that were promised and never come are no success; S3 refuses a range that begins at the end."""
    fake.then(200, BODY, cut=SIZE, ETag='"e1"', Content_Length=str(SIZE + 1))
    fake.then_error(416, "InvalidRange")
    with pytest.raises(ClientError, match="InvalidRange"):
        READINGS[reading](make_s3(engine).get_object("bucket", "key"), tmp_path)
    assert not any(tmp_path.iterdir())


@every_engine
@pytest.mark.parametrize("sizes", [[5000, 5000, 240], [5120, 5120], [SIZE], [1] * 20 + [SIZE - 20]])
def test_an_object_of_parts_is_verified(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, sizes: list[int]
) -> None:
    """Whatever the sizes of its parts."""
    Stored(fake, sizes)
    assert make_s3(engine).get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize(
    ("sizes", "heads"), [([5000, 5000, 240], 1), ([5120, 5120], 1), ([100, 10140], 1 + 2), ([4000, 3000, 3240], 2 + 3)]
)
def test_parts_of_different_sizes_are_asked_for(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, sizes: list[int], heads: int
) -> None:
    """Parts need not be alike: those of other writers often are not, and their objects are not damaged."""
    Stored(fake, sizes)
    make_s3().get_object("bucket", "key").save(tmp_path / "file")
    assert [method for method, _ in fake.seen].count("HEAD") == heads


@every_engine
@pytest.mark.parametrize("pour", [False, True])
@pytest.mark.parametrize("sizes", [[5000, 5000, 240], [100, 10140], [SIZE]])
def test_a_flipped_bit_in_an_object_of_parts(
    fake: Any,
    make_s3: Callable[..., S3],
    tmp_path: Path,
    engine: str,
    pour: bool,  # noqa: FBT001
    sizes: list[int],
) -> None:
    """The MD5s of the parts find it too."""
    Stored(fake, sizes, sent=_flipped(SIZE - 1))
    opened = make_s3(engine).get_object("bucket", "key")
    with pytest.raises(S3RestIntegrityError, match="its ETag is"):
        opened.pour(lambda _: None) if pour else opened.save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "told",
    [
        {"tells_parts": False},
        {"x_amz_server_side_encryption": "aws:kms"},
        {"x_amz_server_side_encryption": "aws:kms:dsse"},
        {"x_amz_server_side_encryption_customer_algorithm": "AES256"},
    ],
)
def test_an_etag_that_proves_nothing(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, told: dict[str, Any]
) -> None:
    """Where the service knows no parts, or a key encrypts them, the length is all there is to check."""
    Stored(fake, [5000, 5240], sent=_flipped(0), **told)
    assert len(make_s3().get_object("bucket", "key").save(tmp_path / "file").read_bytes()) == SIZE


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save in ranges of 4,096 bytes, so that a small object is one whose checksum is asked for."""
    monkeypatch.setattr(stream, "RANGE_BYTES", 4096)


every_size = pytest.mark.parametrize("sizes", [[2000] * 5 + [240], [5120, 5120], [SIZE], [100, 10140]])


@every_engine
@every_size
@pytest.mark.usefixtures("small_ranges")
def test_a_checksum_proves_what_an_etag_does_not(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, sizes: list[int]
) -> None:
    """Where KMS encrypts the object, the CRC-32s of its parts tell whether it is damaged."""
    told = {"x_amz_server_side_encryption": "aws:kms", "x_amz_checksum_crc32": _checksum(sizes)}
    stored = Stored(fake, sizes, **told)
    assert make_s3(engine).get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY
    stored.sent = _flipped(SIZE - 1)
    with pytest.raises(S3RestIntegrityError, match=r"have CRC-32 [0-9a-f]{8}-[0-9]+ instead of"):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "other")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@every_size
@pytest.mark.usefixtures("small_ranges")
def test_a_flipped_bit_in_an_object_with_a_checksum(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, sizes: list[int]
) -> None:
    """The ETag, which is stronger, has the last word."""
    Stored(fake, sizes, sent=_flipped(0), x_amz_checksum_crc32=_checksum(sizes))
    with pytest.raises(S3RestIntegrityError, match=r"have MD5 .* but its ETag is"):
        make_s3().get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("told", ["AAAAAA==-2", "AAAAAA==-3", "AAAAAA=="])
@pytest.mark.usefixtures("small_ranges")
def test_a_checksum_of_the_services_own_making(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, told: str
) -> None:
    """Not every service makes it of the parts: the ETag proves the bytes then."""
    Stored(fake, [5000, 5240], x_amz_checksum_crc32=told)
    assert make_s3().get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize("status", [400, 501])
@pytest.mark.usefixtures("small_ranges")
def test_a_service_may_refuse_to_be_asked_for_a_checksum(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, status: int
) -> None:
    """The MD5s prove the bytes then."""
    stored = Stored(fake, [5000, 5240])
    known = fake.otherwise
    fake.otherwise = lambda request: (
        fake.make_answer(status) if "x-amz-checksum-mode" in request.headers else known(request)
    )
    assert make_s3().get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY
    stored.sent = _flipped(0)
    with pytest.raises(S3RestIntegrityError, match="have MD5"):
        make_s3().get_object("bucket", "key").save(tmp_path / "file")


@pytest.mark.usefixtures("small_ranges")
def test_a_question_that_fails_otherwise_is_an_error(fake: Any, make_s3: Callable[..., S3], tmp_path: Path) -> None:
    """Whoever is refused the checksum may be refused the object."""
    Stored(fake, [5000, 5240])
    known = fake.otherwise
    fake.otherwise = lambda request: (
        fake.make_answer(403) if "x-amz-checksum-mode" in request.headers else known(request)
    )
    with pytest.raises(ClientError, match="403"):
        make_s3().get_object("bucket", "key").save(tmp_path / "file")


@pytest.mark.usefixtures("small_ranges")
def test_a_checksum_that_fits_parts_of_other_sizes(fake: Any, make_s3: Callable[..., S3], tmp_path: Path) -> None:
    """By chance the number of the parts fits the size of the first: such an object is not called damaged."""
    sizes = [5000, 5000, 240]
    Stored(fake, sizes, x_amz_server_side_encryption="aws:kms", x_amz_checksum_crc32="AAAAAA==-3")
    fake.otherwise.sizes = [5000, 4000, 1240]
    assert make_s3().get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY


def test_an_empty_object_of_one_part(fake: Any, make_s3: Callable[..., S3], tmp_path: Path) -> None:
    """There is nothing in it that could be wrong."""
    fake.serve(b"", etag=f"{_md5(bytes.fromhex(_md5(b'')))}-1")
    assert make_s3().get_object("bucket", "key").save(tmp_path / "file").read_bytes() == b""


@every_engine
@every_reading
def test_a_range_that_comes_short(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, reading: str
) -> None:
    """A body cut inside a range that the caller chose goes on inside it."""
    fake.serve(BODY)
    fake.then(206, BODY[10:100], cut=40, ETag='"e1"', Content_Range=f"bytes 10-99/{SIZE}")
    opened = make_s3(engine).get_object("bucket", "key", Read(byte_range=ByteRange(start=10, end=100)))
    assert READINGS[reading](opened, tmp_path) == BODY[10:100]
    # obstore hands on no less than a chunk: it asks for these few bytes again.
    assert fake.requests[1].headers["range"] == ("bytes=10-99" if engine == "obstore" else "bytes=50-99")


@every_engine
def test_a_service_that_ignores_a_range(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """The whole is not taken for the part."""
    fake.always(200, BODY)
    with pytest.raises(S3RestIntegrityError):
        make_s3(engine).get_object("bucket", "key", Read(byte_range=ByteRange(start=10, end=100)))


@every_engine
def test_ranges_of_a_replaced_object_are_not_mixed(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """Where a service ignores If-Match, the ETag of each range is compared all the same."""
    monkeypatch.setattr(stream, "RANGE_BYTES", 4096)
    fake.serve(BODY, etag="e2")
    fake.then(200, BODY, ETag='"e1"')
    with pytest.raises(S3RestIntegrityError, match="was replaced while it was being read"):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


@every_engine
@pytest.mark.parametrize("length", [0, 4, 5000])
def test_what_is_sent_is_proved_to_the_service(fake: Any, make_s3: Callable[..., S3], engine: str, length: int) -> None:
    """The signature covers the SHA-256 of the body, so that S3 refuses what was altered on its way."""
    make_s3(engine).upsert_object("bucket", "key", BODY[:length])
    (request,) = fake.requests
    assert request.headers["x-amz-content-sha256"] == hashlib.sha256(BODY[:length]).hexdigest()
    assert "x-amz-content-sha256" in request.headers["authorization"]


@every_engine
def test_what_is_sent_to_aws_is_proved_too(
    aws: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """By its SHA-256, or by a CRC32 inside TLS; every part of an upload as well."""
    monkeypatch.setattr(upload, "PART_BYTES", 4096)
    monkeypatch.setattr(upload, "_MEBIBYTE", 1)
    s3 = make_s3(engine, endpoint_url=None, region_name="us-east-1")
    s3.upsert_object("bucket", "key", BODY)
    monkeypatch.setattr(upsert, "SINGLE_PUT_BYTES", 4096)
    created = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    done = b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
    aws.otherwise = lambda request: aws.make_answer(200, created if "?uploads" in request.target else done)
    s3.upsert_object("bucket", "key", BODY)
    sent = [request for request in aws.requests if request.method == "PUT"]
    assert len(sent) == 4
    assert all(map(_is_proved, sent))


def _is_proved(request: Any) -> bool:
    if request.headers["x-amz-content-sha256"] != "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
        return bool(request.headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest())
    size, _, rest = request.body.partition(b"\r\n")
    data, trailer = rest[: int(size, 16)], rest[int(size, 16) :]
    crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))
    return b"\r\n0\r\nx-amz-checksum-crc32:" + crc + b"\r\n\r\n" == trailer
