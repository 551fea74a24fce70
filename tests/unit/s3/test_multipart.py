# SPDX-License-Identifier: Apache-2.0
"""Tests of uploads in parts, on a server that keeps them."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestPreconditionError
from airflow_provider_s3rest.s3 import upload, upsert
from airflow_provider_s3rest.s3.options import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.s3 import S3

DATA = bytes(range(250)) * 4
PART = 100


class Parts:
    """A bucket that knows multipart uploads; ``fault`` may answer in its place."""

    def __init__(self, fake: Any) -> None:
        self.make_answer = fake.make_answer
        self.parts: dict[int, bytes] = {}
        self.whole = b""
        self.aborted = 0
        self.in_flight: set[int] = set()
        self.most_in_flight = 0
        self.fault: Callable[[str, int], Any] = lambda *_: None

    def __call__(self, request: Any) -> Any:
        """Do what S3 does."""
        query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
        number = int(query.get("partNumber", ["0"])[0])
        self.in_flight.add(id(request))
        self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
        try:
            return self.fault(request.method, number) or self._do(request, query, number)
        finally:
            self.in_flight.discard(id(request))

    def _do(self, request: Any, query: dict[str, list[str]], number: int) -> Any:
        if number:
            self.parts[number] = request.body
            return self.make_answer(200, b"", {"ETag": f'"{_md5(request.body)}"'})
        if request.method == "DELETE":
            self.aborted += 1
            return self.make_answer(204)
        if "uploads" in query:
            body = b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
            return self.make_answer(200, body)
        self.whole = b"".join(body for _, body in sorted(self.parts.items()))
        body = f'<CompleteMultipartUploadResult><ETag>"{self.etag}"</ETag></CompleteMultipartUploadResult>'.encode()
        return self.make_answer(200, body, {"x-amz-version-id": "v1"})

    @property
    def etag(self) -> str:
        """The ETag of the parts so far, as S3 makes it."""
        digests = b"".join(bytes.fromhex(_md5(body)) for _, body in sorted(self.parts.items()))
        return f"{_md5(digests)}-{len(self.parts)}"


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def bucket(fake: Any, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """A bucket, and parts of 100 bytes where they are usually of 8 MiB."""
    monkeypatch.setattr(upload, "PART_BYTES", PART)
    monkeypatch.setattr(upload, "_MEBIBYTE", 1)
    monkeypatch.setattr(upsert, "SINGLE_PUT_BYTES", 2 * PART)
    fake.otherwise = parts = Parts(fake)
    return parts


@pytest.mark.parametrize("make", [lambda data: data, lambda data: iter([data[:7], data[7:]])], ids=["known", "unknown"])
def test_large_data_go_in_parts(fake: Any, bucket: Parts, make_s3: Callable[..., S3], make: Any) -> None:
    """All parts have their size, and the result tells the whole."""
    result = make_s3().upsert_object("bucket", "key", make(DATA), Write(content_type="text/x"))
    assert bucket.whole == DATA
    assert [len(body) for _, body in sorted(bucket.parts.items())] == [PART] * 10
    assert (result.size, result.etag, result.version_id) == (1000, bucket.etag, "v1")
    assert fake.requests[0].headers["content-type"] == "text/x"


@pytest.mark.parametrize(("length", "requests"), [(200, 1), (201, 5)])
def test_where_parts_begin(fake: Any, bucket: Parts, make_s3: Callable[..., S3], length: int, requests: int) -> None:
    """Up to the limit one request is enough."""
    make_s3().upsert_object("bucket", "key", DATA[:length])
    assert len(fake.requests) == requests
    assert not bucket.aborted


def test_checksums_of_parts_are_named_again(fake: Any, bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """S3 refuses a completion that leaves out a checksum that it keeps of a part."""
    bucket.fault = lambda _, number: (
        bucket.make_answer(200, b"", {"ETag": '"e"', "x-amz-checksum-crc32": f"crc-{number}"}) if number else None
    )
    make_s3().upsert_object("bucket", "key", DATA[:300])
    assert [f"<ChecksumCRC32>crc-{number}<".encode() in fake.requests[-1].body for number in (1, 2, 3)] == [True] * 3


def test_a_part_is_retried_alone(fake: Any, bucket: Parts, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """One bad part costs one more request."""
    once = iter([bucket.make_answer(503)])
    bucket.fault = lambda _, number: next(once, None) if number == 3 else None
    make_s3().upsert_object("bucket", "key", DATA)
    assert bucket.whole == DATA
    assert len(fake.requests) == 1 + 10 + 1 + 1
    assert sleeps == [0.0]


def test_an_error_inside_a_200_is_retried(bucket: Parts, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """CompleteMultipartUpload may say 200 and then fail."""
    body = b"<Error><Code>InternalError</Code><Message>m</Message></Error>"
    answers = iter([None, *[bucket.make_answer(200, body)] * 2])
    bucket.fault = lambda method, _: next(answers, None) if method == "POST" else None
    make_s3().upsert_object("bucket", "key", DATA)
    assert sleeps == [0.0, 10.0]


@pytest.mark.parametrize("number", [0, 1, 10])
def test_whatever_fails_the_parts_are_removed(bucket: Parts, make_s3: Callable[..., S3], number: int) -> None:
    """A refused part or completion aborts the upload, and its error is raised."""
    refusal = bucket.make_answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    posts = iter([None])
    bucket.fault = lambda method, part: (
        None if method == "DELETE" or part != number or (method == "POST" and next(posts, 1) is None) else refusal
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        make_s3().upsert_object("bucket", "key", DATA)
    assert bucket.aborted == 1
    assert not bucket.whole


def test_data_that_fail_abort(bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """An error of the caller's own iterable is raised as it is, after the abort."""

    def data() -> Iterator[bytes]:
        yield DATA
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        make_s3().upsert_object("bucket", "key", data())
    assert bucket.aborted == 1


def test_an_interrupt_aborts(bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """Ctrl-C, and a signal that raises, remove the parts too."""

    def data() -> Iterator[bytes]:
        yield DATA
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_s3().upsert_object("bucket", "key", data())
    assert bucket.aborted == 1


def test_an_abort_that_fails_is_noted(bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """The first error is raised; the second tells what was left behind."""
    bucket.fault = lambda method, number: (
        bucket.make_answer(403, b"<Error><Code>AccessDenied</Code></Error>") if number or method == "DELETE" else None
    )
    with pytest.raises(ClientError, match="UploadPart") as caught:
        make_s3().upsert_object("bucket", "key", DATA)
    assert "AbortIncompleteMultipartUpload" in caught.value.__notes__[0]


@pytest.fixture
def complete_late(bucket: Parts) -> Callable[..., None]:
    """Answer the completions one after the other, and a HEAD with an object of an ETag."""

    def script(*answers: Any, etag: str | None = None) -> None:
        posts = iter([None, *answers])

        def fault(method: str, _: int) -> Any:
            if method == "POST":
                return next(posts)
            if method == "HEAD":
                return bucket.make_answer(200, b"", {"ETag": f'"{etag or bucket.etag}"', "x-amz-version-id": "v7"})
            return None

        bucket.fault = fault

    return script


def _refusal(bucket: Parts, status: int, code: str) -> Any:
    return bucket.make_answer(status, f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode())


REFUSALS = [(404, "NoSuchUpload"), (412, "PreconditionFailed"), (409, "ConditionalRequestConflict")]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("lost", [{"cut": -1}, {"status": 500}])
def test_a_lost_answer_to_the_completion(
    bucket: Parts,
    make_s3: Callable[..., S3],
    complete_late: Callable[..., None],
    refusal: tuple[int, str],
    lost: dict[str, int],
) -> None:
    """When the second try finds the upload gone, or an object in its way, the ETag tells that it is ours."""
    complete_late(bucket.make_answer(**lost), _refusal(bucket, *refusal))
    result = make_s3().upsert_object("bucket", "key", DATA, Write(if_none_match="*"))
    assert (result.etag, result.version_id, bucket.aborted) == (bucket.etag, "v7", 0)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_lost_answer_and_another_object(
    bucket: Parts, make_s3: Callable[..., S3], complete_late: Callable[..., None], refusal: tuple[int, str]
) -> None:
    """What stands there is not ours: the refusal is raised, and no part stays."""
    complete_late(bucket.make_answer(500), _refusal(bucket, *refusal), etag="other")
    with pytest.raises((ClientError, S3RestPreconditionError), match=refusal[1]):
        make_s3().upsert_object("bucket", "key", DATA, Write(if_none_match="*"))
    assert bucket.aborted == 1


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_same_bytes_of_another_writer(
    bucket: Parts, make_s3: Callable[..., S3], complete_late: Callable[..., None], refusal: tuple[int, str]
) -> None:
    """Refused at the first try, it was not us who wrote them."""
    complete_late(_refusal(bucket, *refusal))
    with pytest.raises((ClientError, S3RestPreconditionError), match=refusal[1]):
        make_s3().upsert_object("bucket", "key", DATA, Write(if_none_match="*"))
    assert bucket.aborted == 1


def test_an_upload_that_is_gone_leaves_nothing_to_abort(bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """Nobody is told of parts that could not be removed where there are none."""
    bucket.fault = lambda method, number: (
        _refusal(bucket, 404, "NoSuchUpload") if number or method == "DELETE" else None
    )
    with pytest.raises(ClientError, match="UploadPart") as caught:
        make_s3().upsert_object("bucket", "key", DATA)
    assert not hasattr(caught.value, "__notes__")


def test_no_more_parts_in_flight_than_workers(bucket: Parts, make_s3: Callable[..., S3]) -> None:
    """The data are read no faster than they are sent."""
    read = 0
    lead = []

    def data() -> Iterator[bytes]:
        nonlocal read
        for _ in range(40):
            read += 1
            lead.append(read - len(bucket.parts))
            yield b"x" * PART

    make_s3(max_concurrency=2).upsert_object("bucket", "key", data())
    assert bucket.most_in_flight <= 2
    # 2 in flight, 1 in hand, and the 3 that were read to see whether parts are needed.
    assert max(lead) <= 6


def test_a_failure_ends_the_waits_of_the_others(bucket: Parts, fake: Any, connect: Any, source: Any) -> None:
    """Threads that sleep before a retry wake up when another part has failed for good."""
    from airflow_provider_s3rest.s3 import S3

    refused = threading.Event()

    def fault(_: str, number: int) -> Any:
        if number == 1:
            refused.wait(10)
            return bucket.make_answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        if number == 2:
            refused.set()
            return bucket.make_answer(503)
        return None

    bucket.fault = fault
    s3 = S3(connect(endpoint_url=fake.url, retry_delays_seconds=(300,), max_concurrency=2), source)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.upsert_object("bucket", "key", DATA)
