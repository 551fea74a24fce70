# SPDX-License-Identifier: Apache-2.0
"""Tests of copies above 5 GiB, on a server that refuses them in one request; 6 GB are a number to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.engine import Written
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.results import CopyResult, ObjectSummary

SIX_GB = 6_000_000_000
MIB = 1024**2
PARTS = -(-SIX_GB // (128 * MIB))


@pytest.fixture
def large(service: Any) -> Any:
    """The service with an object of 6 GB."""
    service.size = SIX_GB
    return service


class Counter:
    """Stands in for a progress."""

    done = 0

    def add(self, amount: int) -> None:
        """Count."""
        self.done += amount


def test_6_gb_are_copied_in_parts(fake: Any, large: Any, copy: Callable[..., CopyResult]) -> None:
    """All their bytes once, each part from the object that was found; nothing of it is lost."""
    progress = Counter()
    result = copy(progress=progress)
    assert (result.size, result.etag, result.version_id, result.source_version_id) == (SIX_GB, "whole-2", "v2", "s1")
    assert progress.done == SIX_GB
    bounds = [part.removeprefix("bytes=").split("-") for _, part in sorted(large.ranges.items())]
    assert [int(first) for first, _ in bounds] == [0, *(int(last) + 1 for _, last in bounds[:-1])]
    assert (len(bounds), bounds[-1][1]) == (PARTS, str(SIX_GB - 1))
    # A copy that is refused, a question for the object and one for its tags, a begin and an end.
    assert len(fake.requests) == PARTS + 5
    created = next(
        request.headers for request in fake.requests if request.target.partition("?")[2].startswith("uploads")
    )
    assert {name: created.get(name) for name in large.headers} == large.headers
    assert created["x-amz-tagging"] == "team=a+b"
    sources = [request.headers for request in fake.requests if "partNumber" in request.target]
    assert {(sent["x-amz-copy-source"], sent["x-amz-copy-source-if-match"]) for sent in sources} == {
        ("source/key", '"source-etag"')
    }
    assert b"<PartNumber>45</PartNumber>" in fake.requests[-1].body
    assert b"<ChecksumSHA256>c45</ChecksumSHA256>" in fake.requests[-1].body


def test_the_service_would_refuse_one_request(
    large: Any, copy: Callable[..., CopyResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As S3 does: without parts there is no copy of 6 GB."""
    monkeypatch.setattr("airflow_provider_s3rest.s3.copying.objects.SINGLE_COPY_BYTES", large.size)
    with pytest.raises(ClientError, match="larger than the maximum allowable size"):
        copy()


@pytest.mark.parametrize(("size", "parts"), [(5 * 1024**3, 0), (5 * 1024**3 + 1, 41)])
def test_where_parts_begin(service: Any, copy: Callable[..., CopyResult], size: int, parts: int) -> None:
    """Above what S3 copies at once."""
    service.size = size
    copy()
    assert len(service.ranges) == parts


def test_a_large_object_of_a_listing(
    fake: Any, large: Any, copy: Callable[..., CopyResult], listed: Callable[..., ObjectSummary]
) -> None:
    """Is asked about first: the listing knows no metadata."""
    copy(known=listed(SIX_GB))
    assert fake.requests[0].method == "HEAD"
    assert len(large.ranges) == PARTS


def test_the_caller_may_choose_the_size_of_a_part(large: Any, copy: Callable[..., CopyResult]) -> None:
    """As in an upload."""
    copy(Write(part_bytes=1024 * MIB))
    assert len(large.ranges) == 6


def test_there_are_never_more_than_10_000_parts(
    large: Any, copy: Callable[..., CopyResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 5 TB either."""
    asked: list[Any] = []

    def assemble(_: Any, ranges: Any, *__: Any) -> Written:
        asked.extend(ranges)
        return Written(etag="e", version_id=None, region_name="r")

    monkeypatch.setattr("airflow_provider_s3rest.s3.multipart.MultipartUpload.assemble", assemble)
    large.size = 5 * 10**12
    copy(Write(part_bytes=8 * MIB))
    assert len(asked) == 9_997
    assert asked[-1].end == large.size


@pytest.mark.parametrize(
    ("write", "rules", "tagging"),
    [(Write(tags={"x": "y"}), {}, "x=y"), (Write(), {"copy_tags": False}, None)],
    ids=["others", "none"],
)
def test_tags_are_read_only_where_they_go_along(
    fake: Any, large: Any, copy: Callable[..., CopyResult], *, write: Write, rules: Any, tagging: str | None
) -> None:
    """Reading them needs a permission of its own."""
    copy(write, **rules)
    assert not any(request.target.endswith("?tagging") for request in fake.requests)
    assert (
        next(r for r in fake.requests if r.target.partition("?")[2].startswith("uploads")).headers.get("x-amz-tagging")
        == tagging
    )
    assert large.ranges


def test_the_tags_of_the_version_go_along(fake: Any, large: Any, copy: Callable[..., CopyResult]) -> None:
    """Not those of the current one."""
    copy(read=Read(version_id="old"))
    assert ("GET", "/source/key?tagging&versionId=old") in fake.seen
    assert large.ranges


def test_tags_that_may_not_be_read(fake: Any, large: Any, copy: Callable[..., CopyResult]) -> None:
    """Are an error, since they would be lost; it tells how to do without."""
    large.fault = lambda request, _: large.refusal(403, "AccessDenied") if "tagging" in request.target else None
    with pytest.raises(ClientError, match="GetObjectTagging") as caught:
        copy()
    assert "copy_tags=False" in caught.value.__notes__[0]
    assert [request.method for request in fake.requests] == ["PUT", "HEAD", "GET"]


def test_a_part_is_retried_alone(fake: Any, large: Any, copy: Callable[..., CopyResult], sleeps: list[float]) -> None:
    """An error inside a 200, and one without, cost two more requests."""
    faults = iter([large.refusal(200, "InternalError"), large.refusal(503, "SlowDown")])
    large.fault = lambda _, number: next(faults, None) if number == 3 else None
    assert copy().size == SIX_GB
    assert len(fake.requests) == PARTS + 5 + 2
    assert sleeps == [0.0, 10.0]


def test_a_completion_is_retried(fake: Any, large: Any, copy: Callable[..., CopyResult], sleeps: list[float]) -> None:
    """It too may say 200 and then fail."""
    faults = iter([large.refusal(200, "InternalError")])
    large.fault = lambda request, _: next(faults, None) if request.target.endswith("?uploadId=u1") else None
    copy()
    assert len(fake.requests) == PARTS + 5 + 1
    assert sleeps == [0.0]


@pytest.mark.parametrize(
    ("number", "code", "error"),
    [
        (1, "AccessDenied", ClientError),
        (PARTS, "AccessDenied", ClientError),
        (7, "PreconditionFailed", S3RestIntegrityError),
    ],
)
def test_a_failing_part_leaves_no_upload(
    fake: Any, large: Any, copy: Callable[..., CopyResult], *, number: int, code: str, error: type
) -> None:
    """Whichever it is, and why: the upload is aborted, and nothing is completed."""
    status = 412 if code == "PreconditionFailed" else 403
    large.fault = lambda _, part: large.refusal(status, code) if part == number else None
    with pytest.raises(error):
        copy()
    assert fake.seen[-1] == ("DELETE", "/target/new?uploadId=u1")
    assert "POST" not in {method for method, target in fake.seen if "uploadId" in target}
