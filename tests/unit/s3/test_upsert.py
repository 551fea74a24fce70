# SPDX-License-Identifier: Apache-2.0
"""Tests of one object's writing: what it is called, whether it is sent at all, and whether it was us."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestPreconditionError
from airflow_provider_s3rest.s3 import upload, upsert
from airflow_provider_s3rest.s3.options import Write
from airflow_provider_s3rest.s3.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.s3 import S3

DATA = b"some bytes"
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
KEY = bytes(32)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv"),
        ("dir/a.JSON", "application/json"),
        ("a.txt.gz", "application/gzip"),
        ("a.tar.bz2", "application/x-bzip2"),
        ("a.xz", "application/x-xz"),
        ("a.Z", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("a.csv/", "application/octet-stream"),
        ("http://host/a.csv", "text/csv"),
        ("data:text/html,x", "application/octet-stream"),
    ],
)
def test_the_content_type_is_guessed(name: str, kind: str) -> None:
    """By the end of the key; what is compressed has the type of its compression."""
    assert upsert.guess_content_type(name) == kind


def test_what_is_there_is_not_sent_again(fake: Any, make_s3: Callable[..., S3]) -> None:
    """One HEAD, and the result says so."""
    fake.serve(DATA, etag=MD5, Content_Type="text/plain", x_amz_version_id="v1", x_amz_meta_a="b")
    write = Write(content_type="text/plain", metadata={"a": "b"})
    result = make_s3().upsert_object("bucket", "key", DATA, write, skip_unchanged=True)
    assert [method for method, _ in fake.seen] == ["HEAD"]
    assert (result.unchanged, result.etag, result.version_id, result.size) == (True, MD5, "v1", len(DATA))


@pytest.mark.parametrize("give", [lambda path: path, lambda path: path.read_bytes(), lambda path: path.read_text()])
def test_a_file_and_a_text_can_be_compared_too(
    fake: Any, make_s3: Callable[..., S3], tmp_path: Path, give: Callable[[Path], Any]
) -> None:
    """All that can be read twice."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    fake.serve(DATA, etag=MD5)
    assert make_s3().upsert_object("bucket", "key", give(path), skip_unchanged=True).unchanged


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (Write(), {"etag": "0" * 32}),
        (Write(), {"etag": "opaque"}),
        (Write(), {"etag": f"{MD5}-1"}),
        (Write(content_type="text/csv"), {"etag": MD5, "Content_Type": "text/plain"}),
        (Write(metadata={"a": "b"}), {"etag": MD5}),
        (Write(), {"etag": MD5, "x_amz_meta_a": "b"}),
    ],
)
def test_what_differs_is_sent(fake: Any, make_s3: Callable[..., S3], write: Write, told: dict[str, str]) -> None:
    """Bytes, metadata or content type, or an ETag that proves nothing."""
    fake.serve(DATA, **told)
    assert not make_s3().upsert_object("bucket", "key", DATA, write, skip_unchanged=True).unchanged
    assert [method for method, _ in fake.seen] == ["HEAD", "PUT"]


@pytest.mark.parametrize("status", [404, 200])
def test_what_is_absent_or_of_another_size_is_sent(fake: Any, make_s3: Callable[..., S3], status: int) -> None:
    """Without reading the data for it."""
    fake.then(status, b"other")
    assert not make_s3().upsert_object("bucket", "key", DATA, skip_unchanged=True).unchanged
    assert [method for method, _ in fake.seen] == ["HEAD", "PUT"]


def test_an_object_of_parts_can_be_unchanged(
    fake: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts have the size that they would have now."""
    monkeypatch.setattr(upload, "PART_BYTES", 4)
    monkeypatch.setattr(upload, "_MEBIBYTE", 1)
    digests = [hashlib.md5(piece, usedforsecurity=False).digest() for piece in (DATA[:4], DATA[4:8], DATA[8:])]
    fake.serve(DATA, etag=f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-3")
    assert make_s3().upsert_object("bucket", "key", DATA, skip_unchanged=True).unchanged


@pytest.mark.parametrize("data", [io.BytesIO(DATA), [DATA], iter([DATA])])
def test_a_stream_can_not_be_compared(fake: Any, make_s3: Callable[..., S3], data: Any) -> None:
    """It would be spent before it is sent."""
    with pytest.raises(ValueError, match=r"^skip_unchanged: needs data that can be read twice"):
        make_s3().upsert_object("bucket", "key", data, skip_unchanged=True)
    assert not fake.requests


def test_other_errors_of_the_comparison_are_raised(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Only what is absent is written."""
    fake.then(403, times=2)
    with pytest.raises(ClientError, match="403"):
        make_s3().upsert_object("bucket", "key", DATA, skip_unchanged=True)


@pytest.mark.parametrize("lost", [{"cut": -1}, {"status": 500}])
@pytest.mark.parametrize("condition", [{"if_none_match": "*"}, {"if_match": "older"}])
def test_a_lost_answer_to_a_conditional_write(
    fake: Any, make_s3: Callable[..., S3], lost: dict[str, int], condition: dict[str, str]
) -> None:
    """The retry finds the condition broken by the first try: the object that is there is ours."""
    fake.then(**lost)
    fake.then_error(412, "PreconditionFailed")
    fake.then(200, ETag=f'"{MD5}"', x_amz_version_id="v3")
    result = make_s3().upsert_object("bucket", "key", DATA, Write(**condition))  # type: ignore[arg-type]
    assert (result.etag, result.version_id) == (MD5, "v3")
    assert [method for method, _ in fake.seen] == ["PUT", "PUT", "HEAD"]


def test_a_lost_answer_and_another_object(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Somebody else was first."""
    fake.then(500)
    fake.then_error(412, "PreconditionFailed")
    fake.then(200, ETag=f'"{"0" * 32}"')
    with pytest.raises(S3RestPreconditionError, match="PreconditionFailed"):
        make_s3().upsert_object("bucket", "key", DATA, Write(if_none_match="*"))


def test_the_same_bytes_of_another_writer(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Refused at the first try, it was not us: nobody asks what is there."""
    fake.then_error(412, "PreconditionFailed")
    fake.always(200, ETag=f'"{MD5}"')
    with pytest.raises(S3RestPreconditionError):
        make_s3().upsert_object("bucket", "key", DATA, Write(if_none_match="*"))
    assert len(fake.requests) == 1


def test_the_key_of_an_encrypted_object_goes_with_every_question(fake: Any, make_s3: Callable[..., S3]) -> None:
    """S3 tells nothing about an object of SSE-C without it."""
    fake.then(500)
    fake.then_error(412, "PreconditionFailed")
    fake.then(200, ETag=f'"{MD5}"')
    write = Write.parse({"if_none_match": "*"}, KEY)
    make_s3().upsert_object("bucket", "key", DATA, write)
    make_s3().upsert_object("bucket", "key", DATA, write, skip_unchanged=True)
    keys = {request.headers.get("x-amz-server-side-encryption-customer-key") for request in fake.requests}
    assert len(keys) == 1
    assert None not in keys


def test_progress_is_told_of_all_bytes(fake: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an object sent at once, and of one in parts."""
    ticks = iter(range(0, 10_000, 10))
    said: list[str] = []

    def progress() -> Progress:
        return Progress("Writing", said.append, clock=lambda: float(next(ticks)))

    make_s3().upsert_object("bucket", "key", DATA, progress=progress())
    monkeypatch.setattr(upsert, "SINGLE_PUT_BYTES", 4)
    monkeypatch.setattr(upload, "PART_BYTES", 4)
    monkeypatch.setattr(upload, "_MEBIBYTE", 1)
    fake.always(200, b"<R><UploadId>u</UploadId><ETag>e</ETag></R>")
    make_s3(max_concurrency=1).upsert_object("bucket", "key", DATA, progress=progress())
    assert [line.partition(",")[0] for line in said] == [
        "Writing: 10 B",
        "Writing: 4 B",
        "Writing: 8 B",
        "Writing: 10 B",
    ]


@pytest.mark.parametrize(("part", "workers"), [(16 << 20, 8), (32 << 20, 4), (100 << 20, 1), (2 << 30, 1)])
def test_large_parts_are_fewer_at_once(
    make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch, part: int, workers: int
) -> None:
    """So that memory does not grow with the size of an object."""
    found: list[int] = []

    class Upload:
        def run(self, _pieces: Any, workers: int, _progress: Any) -> Any:
            found.append(workers)
            raise KeyboardInterrupt

    monkeypatch.setattr(upsert, "_new_upload", lambda *_: Upload())
    monkeypatch.setattr(upsert, "SINGLE_PUT_BYTES", 4)
    with pytest.raises(KeyboardInterrupt):
        make_s3().upsert_object("bucket", "key", DATA, Write(part_bytes=part))
    assert found == [workers]
