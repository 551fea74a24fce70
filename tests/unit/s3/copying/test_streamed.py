# SPDX-License-Identifier: Apache-2.0
"""Tests of copies between two connections, which stream through this process."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestPreconditionError
from airflow_provider_s3rest.s3.copying import Rules, Source, Target, copy_object
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.results import CopyResult

DATA = bytes(range(250)) * 4


def md5(data: bytes) -> str:
    """The ETag of an object written at once."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Reader:
    """The source: an object that is described, read whole or in ranges, and tagged; ``fault`` may answer instead."""

    def __init__(self, service: Any, data: bytes = DATA) -> None:
        self.service = service
        self.data = data
        self.etag = md5(data)
        self.fault: Callable[[Any], Any] = lambda _: None

    def __call__(self, request: Any) -> Any:
        """Do what S3 does."""
        return self.fault(request) or self._do(request)

    def _do(self, request: Any) -> Any:
        if request.target.endswith("?tagging"):
            return self.service(request)
        known = self.service.described | {"ETag": f'"{self.etag}"'}
        data = self.data
        if "partNumber" in request.target:
            return self.service.make_answer(206, b"", known | {"Content-Length": "500"})
        if found := request.headers.get("range"):
            first, _, last = found.removeprefix("bytes=").partition("-")
            data = data[int(first) : int(last) + 1]
            known["Content-Range"] = f"bytes {first}-{last}/{len(self.data)}"
        return self.service.make_answer(206 if found else 200, data, known)


@pytest.fixture
def reader(fake: Any, service: Any) -> Reader:
    """The scripted server as the source, at its path; the rest of it is the target."""
    reader = Reader(service)
    fake.otherwise = lambda request: reader(request) if request.target.startswith("/source/") else service(request)
    return reader


@pytest.fixture
def stream(make_s3: Callable[..., S3], connect: Any, source: Any, fake: Any, sleeps: Any) -> Callable[..., CopyResult]:
    """Copy ``source/key`` to ``target/new`` by two connections."""
    from airflow_provider_s3rest.s3 import S3

    reads = S3(connect(conn_id="other", endpoint_url=fake.url, retry_delays_seconds=(0.0, 10.0)), source, sleep=sleeps)

    def stream(write: Write | None = None, read: Read | None = None, **rules: Any) -> CopyResult:
        return copy_object(
            Source(s3=reads, bucket_name="source", key="key", read=read or Read()),
            Target(s3=make_s3(), bucket_name="target", key="new", write=write or Write()),
            Rules(**rules),
        )

    return stream


@pytest.mark.usefixtures("reader")
def test_nothing_is_lost(fake: Any, service: Any, stream: Callable[..., CopyResult]) -> None:
    """Bytes, content headers, metadata and tags are written as they were."""
    result = stream()
    assert (result.size, result.source_key, result.key) == (1000, "key", "new")
    sent = fake.requests[-1]
    assert (sent.method, sent.target, sent.body) == ("PUT", "/target/new", DATA)
    want = service.headers | {"x-amz-tagging": "team=a+b"}
    assert {name: sent.headers.get(name) for name in want} == want
    assert [request.method for request in fake.requests] == ["HEAD", "GET", "GET", "PUT"]
    assert all("x-amz-copy-source" not in request.headers for request in fake.requests)


@pytest.mark.usefixtures("reader")
def test_the_callers_description_goes_over_it(fake: Any, stream: Callable[..., CopyResult]) -> None:
    """By the same rules as inside S3."""
    stream(Write(cache_control="max-age=1", tags={"x": "y"}))
    sent = fake.requests[-1].headers
    assert (sent["cache-control"], sent["x-amz-tagging"], sent["content-type"]) == ("max-age=1", "x=y", "text/csv")
    stream(metadata_directive="REPLACE", copy_tags=False)
    sent = fake.requests[-1].headers
    assert "x-amz-meta-a" not in sent
    assert "x-amz-tagging" not in sent


@pytest.mark.usefixtures("nothing_is_small")
def test_a_cut_body_is_taken_up_again(
    reader: Reader, service: Any, stream: Callable[..., CopyResult], fake: Any, sleeps: list[float]
) -> None:
    """Where it broke."""
    known = {"ETag": f'"{reader.etag}"', "Content-Length": "1000"}
    cuts = iter([service.make_answer(200, DATA, known, 300)])
    reader.fault = lambda request: (
        next(cuts, None) if request.method == "GET" and "tagging" not in request.target else None
    )
    stream()
    assert fake.requests[-1].body == DATA
    assert sleeps == [0.0]
    assert fake.requests[-2].headers["range"].endswith("-999")


@pytest.mark.parametrize("etag", [md5(b"other"), "0" * 32 + "-2"], ids=["at once", "parts"])
def test_corrupted_bytes_are_never_written(
    reader: Reader, stream: Callable[..., CopyResult], fake: Any, etag: str
) -> None:
    """The source's ETag is checked before the copy comes into being."""
    reader.etag = etag
    with pytest.raises(S3RestIntegrityError, match="'key'"):
        stream()
    assert not [request for request in fake.requests if request.target.startswith("/target/")]


@pytest.mark.parametrize("size", [1000, 40_000_000])
def test_a_source_replaced_meanwhile(
    reader: Reader, service: Any, stream: Callable[..., CopyResult], fake: Any, size: int
) -> None:
    """Is an error of its own, whatever the conditions of the caller are."""
    reader.data = bytes(size)
    reader.fault = lambda request: (
        service.refusal(412, "PreconditionFailed")
        if request.method == "GET" and "tagging" not in request.target
        else None
    )
    with pytest.raises(S3RestIntegrityError, match="'key' was replaced while it was being copied"):
        stream(Write(if_none_match="*"))
    assert "PUT" not in {request.method for request in fake.requests}


def test_conditions_of_both_sides(reader: Reader, service: Any, stream: Callable[..., CopyResult], fake: Any) -> None:
    """Each is judged by its own side."""
    service.fault = lambda *_: service.refusal(412, "PreconditionFailed")
    with pytest.raises(S3RestPreconditionError, match="'new' in bucket 'target'"):
        stream(Write(if_none_match="*"), copy_tags=False)
    assert fake.requests[-1].headers["if-none-match"] == "*"
    reader.fault = lambda _: service.make_answer(304)
    with pytest.raises(S3RestPreconditionError, match="'key' in bucket 'source'"):
        stream(read=Read.parse({"if_none_match": "e"}))
    assert reader.data == DATA


@pytest.mark.usefixtures("reader")
def test_keys_of_ones_own(fake: Any, stream: Callable[..., CopyResult]) -> None:
    """Each side has its own, and none sees the other's."""
    read, write = Read.parse({}, bytes(range(32))), Write.parse({}, bytes(32))
    stream(write, read, copy_tags=False)
    name = "x-amz-server-side-encryption-customer-key"
    keys = {request.target: request.headers[name] for request in fake.requests}
    assert read.customer_key
    assert write.customer_key
    assert keys == {"/source/key": read.customer_key.base64, "/target/new": write.customer_key.base64}


def test_a_large_object_goes_in_parts(
    reader: Reader, service: Any, stream: Callable[..., CopyResult], fake: Any
) -> None:
    """Of a size that its length allows; whatever fails, none stays."""
    reader.data = bytes(40_000_000)
    reader.etag = "0" * 32 + "-x"
    stream(copy_tags=False)
    parts = [len(request.body) for request in fake.requests if "partNumber" in request.target]
    assert (len(parts), sum(parts)) == (5, 40_000_000)
    service.fault = lambda _, number: service.refusal(403, "AccessDenied") if number == 2 else None
    with pytest.raises(ClientError, match="AccessDenied"):
        stream(copy_tags=False)
    assert fake.seen[-1] == ("DELETE", "/target/new?uploadId=u1")
