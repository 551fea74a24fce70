# SPDX-License-Identifier: Apache-2.0
"""Tests of reading objects."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestPreconditionError
from airflow_provider_s3rest.s3 import stream
from airflow_provider_s3rest.s3.etags import of_digests
from airflow_provider_s3rest.s3.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.s3 import S3

pytestmark = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])

BODY = bytes(range(256)) * 40
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save in ranges of 4,096 bytes, so that small objects have several."""
    monkeypatch.setattr(stream, "RANGE_BYTES", 4096)


def test_the_description_comes_first(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Everything that the headers tell is there before a byte is read."""
    fake.serve(
        BODY,
        etag="abc",
        Content_Type="text/x",
        x_amz_version_id="v1",
        x_amz_meta_Owner="me",
        Content_Encoding="gzip",
        Cache_Control="no-store",
    )
    with make_s3(engine).get_object("bucket", "key") as opened:
        assert (opened.bucket_name, opened.key, opened.size, opened.etag) == ("bucket", "key", len(BODY), "abc")
        assert (opened.content_type, opened.version_id, opened.metadata) == ("text/x", "v1", {"owner": "me"})
        assert opened.last_modified == datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
        assert repr(opened) == "<ObjectStream 'bucket' 'key', 10240 bytes>"
        assert opened.head == make_s3(engine).head_object("bucket", "key")


def test_bytes_are_never_decoded(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """An object that says it is compressed comes as it is stored."""
    fake.serve(BODY, Content_Encoding="gzip")
    assert make_s3(engine).get_object("bucket", "key").read() == BODY


def test_one_request_for_a_read(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """No HEAD goes before the GET."""
    fake.serve(BODY)
    assert b"".join(make_s3(engine).get_object("bucket", "key")) == BODY
    assert fake.seen == [("GET", "/bucket/key")]


def test_an_empty_object(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """Nothing is read, and saved as an empty file."""
    fake.serve(b"")
    assert make_s3(engine).get_object("bucket", "key").read() == b""
    assert make_s3(engine).get_object("bucket", "key").save(tmp_path / "file").read_bytes() == b""


def test_bytes_can_be_had_once(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """A second read, and one after closing, are errors and not empty."""
    fake.serve(BODY)
    opened = make_s3(engine).get_object("bucket", "key")
    opened.read()
    with pytest.raises(ValueError, match="read already"):
        opened.read()
    with make_s3(engine).get_object("bucket", "key") as closed:
        pass
    with pytest.raises(ValueError, match="closed"):
        closed.save(tmp_path / "file")


@pytest.mark.parametrize("cut", [1000, 0])
def test_a_small_body_that_breaks_is_asked_for_anew(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str, cut: int
) -> None:
    """Once; it is read whole."""
    fake.serve(BODY)
    fake.then(200, BODY, cut=cut, ETag='"e1"')
    assert make_s3(engine).get_object("bucket", "key").read() == BODY
    assert (len(fake.requests), sleeps) == (2, [0.0])


@pytest.mark.usefixtures("nothing_is_small")
def test_a_broken_body_goes_on_where_it_broke(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str
) -> None:
    """The rest is asked for with the ETag of the beginning."""
    fake.serve(BODY)
    fake.then(200, BODY, cut=1000, ETag='"e1"')
    assert make_s3(engine).get_object("bucket", "key").read() == BODY
    again = fake.requests[1].headers
    assert again["if-match"] == '"e1"'
    assert again["range"].startswith("bytes=")
    assert sleeps == [0.0]


def test_whoever_gets_on_keeps_all_retries(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str
) -> None:
    """A connection that breaks again and again, but further on, ends in the whole object."""
    large = BODY * 300
    fake.serve(large)
    serve = fake.otherwise
    fake.otherwise = lambda request: _cut(serve(request), 400_000)
    assert make_s3(engine).get_object("bucket", "key").read() == large
    assert len(sleeps) > 6
    assert set(sleeps) == {0.0}


def _cut(answer: Any, length: int) -> Any:
    if len(answer.body) > length:
        answer.cut = length
    return answer


def test_a_body_that_never_comes(fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str) -> None:
    """Once all retries have brought nothing, the connection error is raised."""
    fake.serve(BODY)
    serve = fake.otherwise
    fake.otherwise = lambda request: _cut(serve(request), 0)
    with pytest.raises(HTTPClientError):
        make_s3(engine).get_object("bucket", "key").read()
    assert sleeps == [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]


def test_a_replaced_object_is_not_mixed(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """If-Match fails when another object has taken its place meanwhile."""
    fake.then(200, BODY, cut=1000, ETag='"e1"')
    fake.then_error(412, "PreconditionFailed")
    with pytest.raises(S3RestPreconditionError):
        make_s3(engine).get_object("bucket", "key").read()


@pytest.mark.usefixtures("nothing_is_small")
def test_a_server_that_ignores_the_condition(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """The ETag of what comes is compared all the same."""
    fake.serve(BODY, etag="e2")
    fake.then(200, BODY, cut=1000, ETag='"e1"')
    with pytest.raises(S3RestIntegrityError, match="replaced"):
        make_s3(engine).get_object("bucket", "key").read()


@pytest.mark.usefixtures("nothing_is_small")
def test_a_server_that_ignores_the_range(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """The beginning is not taken for the rest."""
    fake.then(200, BODY, cut=1000, ETag='"e1"')
    fake.always(200, BODY, ETag='"e1"')
    with pytest.raises(S3RestIntegrityError):
        make_s3(engine).get_object("bucket", "key").read()


@pytest.mark.usefixtures("small_ranges")
def test_save_in_ranges(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """The first answer gives the first range, further requests the others, with the same ETag."""
    fake.serve(BODY, etag=MD5)
    path = make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert path == tmp_path / "file"
    assert path.read_bytes() == BODY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ranges = {request.headers.get("range") for request in fake.requests}
    assert ranges == {None, "bytes=4096-8191", "bytes=8192-10239"}
    assert {request.headers.get("if-match") for request in fake.requests[1:]} == {f'"{MD5}"'}


@pytest.mark.usefixtures("small_ranges")
def test_a_range_that_fails_is_repeated_alone(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, sleeps: list[float], engine: str
) -> None:
    """One bad range does not start the file again."""
    fake.serve(BODY, etag=MD5)
    fake.then(200, BODY, ETag=f'"{MD5}"')
    fake.then_error(503, "SlowDown")
    make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert len(fake.requests) == 4
    assert sleeps == [0.0]


@pytest.mark.usefixtures("small_ranges")
def test_a_failed_save_leaves_nothing(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """No part of a file stays, and an older file stays whole."""
    older = tmp_path / "file"
    older.write_text("older")
    fake.then(200, BODY, ETag='"e1"')
    fake.then_error(403, "AccessDenied", times=5)
    with pytest.raises(Exception, match="AccessDenied"):
        make_s3(engine).get_object("bucket", "key").save(older)
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208
    assert older.read_text() == "older"


def test_a_wrong_md5_is_found(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """Bytes that do not match an ETag that is an MD5 never become a file."""
    fake.serve(BODY[::-1], etag=MD5)
    with pytest.raises(S3RestIntegrityError, match="MD5"):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "encrypted",
    [{"x_amz_server_side_encryption": "aws:kms"}, {"x_amz_server_side_encryption_customer_algorithm": "AES256"}],
)
def test_an_etag_that_is_no_md5(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, encrypted: dict[str, str]
) -> None:
    """Where a key encrypts the object, its ETag only looks like an MD5."""
    fake.serve(BODY[::-1], etag=MD5, **encrypted)
    assert make_s3(engine).get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY[::-1]


@pytest.mark.parametrize("etag", ["e1-3", f"{'0' * 32}-2"])
def test_an_etag_of_parts_is_not_compared(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, etag: str
) -> None:
    """Only 32 hexadecimal digits are an MD5."""
    fake.serve(BODY, etag=etag)
    assert make_s3(engine).get_object("bucket", "key").save(str(tmp_path / "file")).read_bytes() == BODY


def test_a_missing_directory_is_an_error(fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str) -> None:
    """Directories are not made by accident."""
    fake.serve(BODY)
    with pytest.raises(FileNotFoundError):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "absent" / "file")


def _in_parts(fake: Any, part: int, sent: bytes) -> None:
    """Serve an object whose ETag is that of BODY in parts, with these bytes."""
    pieces = [BODY[at : at + part] for at in range(0, len(BODY), part)]
    etag = of_digests(hashlib.md5(piece, usedforsecurity=False).hexdigest() for piece in pieces)
    fake.serve(sent, etag=etag)
    serve, first = fake.otherwise, fake.make_answer(200, pieces[0], {"ETag": f'"{etag}"'})
    fake.otherwise = lambda request: first if "partNumber" in request.target else serve(request)


every_part = pytest.mark.parametrize("part", [1024, 4096, 5000, 10_000])


@pytest.mark.usefixtures("small_ranges")
@every_part
def test_ranges_are_verified_by_their_parts(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, part: int
) -> None:
    """Whatever the size of those that the object was sent in."""
    _in_parts(fake, part, BODY)
    assert make_s3(engine).get_object("bucket", "key").save(tmp_path / "file").read_bytes() == BODY


@pytest.mark.usefixtures("small_ranges")
@every_part
def test_a_wrong_byte_of_a_range_is_found(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, engine: str, part: int
) -> None:
    """The file never appears."""
    _in_parts(fake, part, BODY[:-1] + b"?")
    with pytest.raises(S3RestIntegrityError, match="its ETag is"):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


def test_an_interrupted_save_leaves_nothing(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """Ctrl-C and a signal that raises are no exception to that."""
    fake.serve(BODY, etag=MD5)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Verification, "end", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


def test_a_short_file_is_found(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """The length is checked on disk, whatever was received."""
    fake.serve(BODY)
    monkeypatch.setattr(stream.ObjectStream, "_fill", lambda _, file, *_more: file.write(b"short"))
    with pytest.raises(S3RestIntegrityError, match="were written where 10240 were expected"):
        make_s3(engine).get_object("bucket", "key").save(tmp_path / "file")
    assert not any(tmp_path.iterdir())


def test_a_stream_is_poured_and_verified(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Into whatever takes bytes, in their order."""
    fake.serve(BODY, etag=MD5)
    taken: list[bytes] = []
    make_s3(engine).get_object("bucket", "key").pour(taken.append)
    assert b"".join(taken) == BODY


def test_what_is_poured_wrong_is_found(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Also where the ETag is that of parts."""
    size = len(BODY) // 2
    etag = of_digests(hashlib.md5(half, usedforsecurity=False).hexdigest() for half in (BODY[:size], BODY[size:]))
    fake.serve(BODY[::-1], etag=etag)
    ask = fake.otherwise

    def reply(request: Any) -> Any:
        answer = ask(request)
        if "partNumber=1" in request.target:
            answer.headers["Content-Length"] = str(size)
        return answer

    fake.otherwise = reply
    with pytest.raises(S3RestIntegrityError, match="MD5"):
        make_s3(engine).get_object("bucket", "key").pour(lambda _: None)
    fake.serve(BODY, etag=etag)
    ask = fake.otherwise
    fake.otherwise = reply
    make_s3(engine).get_object("bucket", "key").pour(lambda _: None)
