# SPDX-License-Identifier: Apache-2.0
"""A scripted service that copies inside itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_s3rest.s3.copying import Rules, Source, Target, copy_object
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.results import ObjectSummary

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.results import CopyResult

LAST_MODIFIED = datetime(2026, 11, 24, tzinfo=UTC)
LIMIT = 5 * 1024**3
DESCRIBED = {
    "Content-Type": "text/csv",
    "Content-Encoding": "gzip",
    "Content-Language": "de",
    "Content-Disposition": "inline",
    "Cache-Control": "no-cache",
    "Expires": "Thu, 26 Nov 2026 00:00:00 GMT",
    "x-amz-meta-a": "1",
    "x-amz-meta-b": "2",
}


class Copier:
    """A service that copies inside itself, up to 5 GiB at once; ``fault`` may answer in its place."""

    described = DESCRIBED
    headers: ClassVar = {name.lower(): value for name, value in DESCRIBED.items()}

    def __init__(self, fake: Any) -> None:
        self.make_answer = fake.make_answer
        self.size = 4
        self.tags = "<Tag><Key>team</Key><Value>a b</Value></Tag>"
        self.ranges: dict[int, str] = {}
        self.fault: Callable[[Any, int], Any] = lambda *_: None

    def __call__(self, request: Any) -> Any:
        """Do what S3 does."""
        query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
        number = int(query.get("partNumber", ["0"])[0])
        return self.fault(request, number) or self._do(request, query, number)

    def _do(self, request: Any, query: dict[str, list[str]], number: int) -> Any:
        if request.method == "HEAD":
            found = {"Content-Length": str(self.size), "ETag": '"source-etag"', "x-amz-version-id": "s1"}
            return self.make_answer(200, b"", DESCRIBED | found)
        if request.method == "DELETE":
            return self.make_answer(204)
        if "tagging" in query:
            return self.make_answer(200, f"<Tagging><TagSet>{self.tags}</TagSet></Tagging>".encode())
        if number and "x-amz-copy-source" not in request.headers:
            return self.make_answer(200)
        if number:
            self.ranges[number] = request.headers["x-amz-copy-source-range"]
            body = (
                f'<CopyPartResult><ETag>"p{number}"</ETag><ChecksumSHA256>c{number}</ChecksumSHA256></CopyPartResult>'
            )
            return self.make_answer(200, body.encode())
        return self._whole(query)

    def _whole(self, query: dict[str, list[str]]) -> Any:
        if "uploads" in query:
            return self.make_answer(200, b"<R><UploadId>u1</UploadId></R>")
        if "uploadId" in query:
            return self.make_answer(200, b'<R><ETag>"whole-2"</ETag></R>', {"x-amz-version-id": "v2"})
        if self.size > LIMIT:
            message = f"The specified copy source is larger than the maximum allowable size: {LIMIT}"
            return self.refusal(400, "InvalidRequest", f"<Message>{message}</Message>")
        versions = {"x-amz-version-id": "v1", "x-amz-copy-source-version-id": "s1"}
        return self.make_answer(200, b'<R><ETag>"copied"</ETag></R>', versions)

    def refusal(self, status: int, code: str, more: str = "") -> Any:
        """An error as S3 words it; with the status 200 too."""
        return self.make_answer(status, f"<Error><Code>{code}</Code>{more}</Error>".encode())


@pytest.fixture
def service(fake: Any) -> Copier:
    """The scripted server as one that copies."""
    fake.otherwise = Copier(fake)
    return fake.otherwise  # type: ignore[no-any-return]


@pytest.fixture(params=[None, "boto3"], ids=["plain", "boto3"])
def sender(request: pytest.FixtureRequest) -> str | None:
    """The engine that is forced to send the requests."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def copy(make_s3: Callable[..., S3], sender: str | None) -> Callable[..., CopyResult]:
    """Copy ``source/key`` to ``target/new`` by one connection, with and without boto3."""

    def copy(write: Write | None = None, read: Read | None = None, **more: Any) -> CopyResult:
        s3 = more.pop("s3", None) or make_s3(sender)
        source = Source(s3=s3, bucket_name="source", key=more.pop("source_key", "key"), read=read or Read())
        target = Target(
            s3=s3, bucket_name=more.pop("bucket", "target"), key=more.pop("key", "new"), write=write or Write()
        )
        known, progress = more.pop("known", None), more.pop("progress", None)
        return copy_object(source, target, Rules(**more), known=known, progress=progress)

    return copy


@pytest.fixture
def listed() -> Callable[..., ObjectSummary]:
    """Make an object as a listing tells of it."""
    return lambda size=4: ObjectSummary(
        key="key", size=size, etag="listed", last_modified=LAST_MODIFIED, storage_class="STANDARD"
    )
