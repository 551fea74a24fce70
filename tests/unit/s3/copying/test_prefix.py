# SPDX-License-Identifier: Apache-2.0
"""Tests of copies of a prefix."""

from __future__ import annotations

import dataclasses
import logging
import threading
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.s3.copying import Choice, Rules, Source, Target, copy_prefix
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.results import CopyPrefixResult

GIB = 1024**3
PAGE = 1000


class Buckets:
    """Two buckets that are listed page by page, by size; what else is asked is the copying service's."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.sizes: dict[str, dict[str, int]] = {"source": {}, "target": {}}

    def __call__(self, request: Any) -> Any:
        """Do what S3 does."""
        url = urlsplit(request.target)
        query = parse_qs(url.query, keep_blank_values=True)
        if query.get("list-type") != ["2"]:
            return self.service(request)
        sizes = self.sizes[url.path.strip("/")]
        start = int(query.get("continuation-token", ["0"])[0])
        keys = sorted((key for key in sizes if key.startswith(query["prefix"][0])), key=str.encode)
        page = keys[start : start + PAGE]
        items = "".join(
            f"<Contents><Key>{quote(key)}</Key><Size>{sizes[key]}</Size><ETag>e</ETag>"
            "<LastModified>2026-11-24T00:00:00Z</LastModified></Contents>"
            for key in page
        )
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{start + PAGE}</NextContinuationToken>"
        items += more if len(keys) > start + PAGE else ""
        body = f"<ListBucketResult><EncodingType>url</EncodingType>{items}</ListBucketResult>"
        return self.service.make_answer(200, body.encode())


@pytest.fixture
def buckets(fake: Any, service: Any) -> Buckets:
    """The scripted server as two buckets."""
    fake.otherwise = Buckets(service)
    return fake.otherwise  # type: ignore[no-any-return]


@pytest.fixture
def copy(make_s3: Callable[..., S3], sender: str | None) -> Callable[..., CopyPrefixResult]:
    """Copy a prefix by one connection."""

    def copy(source_prefix: str, prefix: str, write: Write | None = None, **more: Any) -> CopyPrefixResult:
        s3 = more.pop("s3", None) or make_s3(sender)
        log = more.pop("log", logging.getLogger("copying"))
        return copy_prefix(
            Source(s3=s3, bucket_name="source", key=source_prefix, read=more.pop("read", Read())),
            Target(s3=s3, bucket_name=more.pop("bucket", "target"), key=prefix, write=write or Write()),
            more.pop("rules", Rules()),
            Choice(**{name: more.pop(name) for name in ("only", "skip_existing", "dry_run") if name in more}),
            log=log,
            **more,
        )

    return copy


def copied(fake: Any) -> dict[str, str]:
    """The keys of the copies so far, each with that of its source."""
    return {
        unquote(request.target.removeprefix("/target/")): unquote(request.headers["x-amz-copy-source"])
        for request in fake.requests
        if "x-amz-copy-source" in request.headers
    }


def test_the_rest_of_each_key_is_kept(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """Whatever its characters; one request lists them, and one copies each."""
    rests = ["x", "/y", "b c", "+é", "%2F", "a//b/", ".."]
    buckets.sizes["source"] = {f"a/{rest}": 3 for rest in rests} | {"b": 1}
    result = copy("a/", "to/")
    assert copied(fake) == {f"to/{rest}": f"source/a/{rest}" for rest in rests}
    assert len(fake.requests) == 1 + len(rests)
    assert dataclasses.asdict(result) == {
        "bucket_name": "target",
        "prefix": "to/",
        "source_bucket_name": "source",
        "source_prefix": "a/",
        "copied": 7,
        "size": 21,
        "skipped": 0,
        "dry_run": False,
    }


def test_a_whole_bucket(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """Is the empty prefix; a prefix may end within a name."""
    buckets.sizes["source"] = {"abc": 1, "abd": 2}
    assert copy("", "").copied == 2
    assert copied(fake) == {"abc": "source/abc", "abd": "source/abd"}
    fake.requests.clear()
    copy("ab", "x")
    assert set(copied(fake)) == {"xc", "xd"}


def test_only_what_the_filter_takes(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """By the listing, without a request."""
    buckets.sizes["source"] = {"a.csv": 1, "b.csv": 10, "c.txt": 10}
    only = Filter.parse({"glob": "*.csv", "min_bytes": 5}, now=datetime.now(UTC))
    assert copy("", "", only=only).copied == 1
    assert set(copied(fake)) == {"b.csv"}


def test_a_dry_run_only_lists(
    fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult], caplog: pytest.LogCaptureFixture
) -> None:
    """And tells what would be copied."""
    buckets.sizes["source"] = {"a": 1, "b": 6 * GIB}
    with caplog.at_level(logging.INFO):
        result = copy("", "to/", dry_run=True)
    assert (result.copied, result.size, result.dry_run) == (2, 1 + 6 * GIB, True)
    assert not copied(fake)
    assert "Would copy s3://source/a to s3://target/to/a" in caplog.messages


def test_existing_ones_are_skipped(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """By comparing two listings; one that appears meanwhile is left alone too."""
    names = [f"{number:04}" for number in range(2500)]
    buckets.sizes["source"] = {f"a/{name}": 1 for name in names}
    buckets.sizes["target"] = {f"to/{name}": 1 for name in [*names[:2490], "zzz"]} | {"to/": 1, "to/00": 1}
    buckets.service.fault = lambda request, _: (
        buckets.service.refusal(412, "PreconditionFailed", "<Condition>If-None-Match</Condition>")
        if request.target == "/target/to/2495"
        else None
    )
    result = copy("a/", "to/", skip_existing=True)
    assert (result.copied, result.skipped, result.size) == (9, 2491, 9)
    assert len(fake.requests) == 3 + 3 + 10
    assert {r.headers["if-none-match"] for r in fake.requests if "x-amz-copy-source" in r.headers} == {"*"}


def test_an_old_boto3_skips_what_the_listing_tells(
    fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult], make_s3: Callable[..., S3]
) -> None:
    """Without a condition, which it can't send."""
    members = make_s3("boto3").client("target").meta.service_model.operation_model("CopyObject").input_shape.members
    del members["IfNoneMatch"]
    buckets.sizes["source"], buckets.sizes["target"] = {"a/1": 1, "a/2": 1}, {"to/1": 1}
    result = copy("a/", "to/", skip_existing=True, s3=make_s3("boto3"))
    assert (result.copied, result.skipped) == (1, 1)
    assert not any("if-none-match" in request.headers for request in fake.requests)


def test_a_condition_that_does_not_hold_is_a_failure(buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """Unless existing objects are to be skipped."""
    buckets.sizes["source"] = {"a": 1}
    buckets.service.fault = lambda *_: buckets.service.refusal(412, "PreconditionFailed")
    with pytest.raises(S3RestError, match=r"1 objects .* 0 were; the first is 'a'"):
        copy("", "", Write(if_none_match="*"))


def test_a_large_object_of_a_prefix_goes_in_parts(
    fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]
) -> None:
    """As it would alone."""
    buckets.sizes["source"] = {"b": 6 * GIB}
    buckets.service.size = 6 * GIB
    assert copy("", "").size == 6 * GIB
    assert len(buckets.service.ranges) == 48
    assert len([request for request in fake.requests if request.method == "HEAD"]) == 1


def test_the_others_are_copied_when_some_fail(
    fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult], caplog: pytest.LogCaptureFixture
) -> None:
    """Each failure is in the log; the error names their number and the first."""
    buckets.sizes["source"] = {f"{number:04}": 1 for number in range(300)}
    buckets.service.fault = lambda request, _: (
        buckets.service.refusal(403, "AccessDenied") if request.target.endswith("7") else None
    )
    with pytest.raises(S3RestError, match=r"30 objects of bucket 'source' were not copied, 270 were; the first is '0"):
        copy("", "")
    assert len(copied(fake)) == 300
    assert len([line for line in caplog.messages if line.startswith("Not copied: s3://source/0")]) == 30


def test_when_all_fail_not_all_are_tried(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """A missing permission would cost a request for each of millions of objects."""
    buckets.sizes["source"] = {f"{number:04}": 1 for number in range(400)}
    buckets.service.fault = lambda *_: buckets.service.refusal(403, "AccessDenied")
    with pytest.raises(S3RestError, match=r"The first 100 objects .* no other was tried; .*AccessDenied"):
        copy("", "")
    assert len(copied(fake)) < 200


def test_a_key_that_gets_too_long_fails_alone(buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """S3 takes 1,024 bytes."""
    buckets.sizes["source"] = {"a" * 1020: 1, "b": 1}
    with pytest.raises(S3RestError, match=r"1 objects .* 1 were; .*1024 bytes"):
        copy("", "12345")


@pytest.mark.parametrize(
    ("prefixes", "more", "words"),
    [
        (("a/", "a/b/"), {"bucket": "source"}, "prefix: 'a/b/' is inside of what is copied"),
        (("", "b/"), {"bucket": "source"}, "prefix: 'b/' is inside of what is copied"),
        (("a/", "a/"), {"bucket": "source"}, "is the source itself"),
        (("a/", "b/"), {"write": Write(if_match="e")}, "if_match: is for one object"),
        (("a/", "b/"), {"read": Read(version_id="v")}, "a version and conditions are for one object"),
        (("a/", "b/"), {"rules": Rules(metadata_directive="KEEP")}, "metadata_directive"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused(
    fake: Any, copy: Callable[..., CopyPrefixResult], *, prefixes: tuple[str, str], more: Any, words: str
) -> None:
    """Before any request."""
    with pytest.raises(ValueError, match=words):
        copy(*prefixes, **more)
    assert not fake.requests


def test_copies_never_become_sources(fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]) -> None:
    """Where a prefix is copied to a level above itself, a copy might replace what is yet to be copied."""
    buckets.sizes["source"] = {"a/b/x": 1, "a/b/b/y": 1}
    with pytest.raises(S3RestError, match=r"1 objects .*'a/b/y' would be among the objects that are copied"):
        copy("a/b/", "a/", bucket="source")
    assert [request.target for request in fake.requests if request.method == "PUT"] == ["/source/a/x"]


def test_all_of_a_prefix_may_change_in_its_place(
    fake: Any, buckets: Buckets, copy: Callable[..., CopyPrefixResult]
) -> None:
    """Another storage class, for example."""
    buckets.sizes["source"] = {"a/x": 1, "a/y": 1}
    assert copy("a/", "a/", Write(storage_class="STANDARD_IA"), bucket="source").copied == 2
    puts = [request for request in fake.requests if request.method == "PUT"]
    assert {request.headers["x-amz-metadata-directive"] for request in puts} == {"REPLACE"}
    assert {request.headers["content-type"] for request in puts} == {"text/csv"}


def test_many_are_in_flight_and_no_more(
    buckets: Buckets, copy: Callable[..., CopyPrefixResult], make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the connection allows."""
    buckets.sizes["source"] = {f"{number:04}": 1 for number in range(20)}
    together = threading.Barrier(5)

    def copy_listed(*_: object) -> int:
        together.wait(10)
        return 1

    monkeypatch.setattr("airflow_provider_s3rest.s3.copying.prefix.copy_listed", copy_listed)
    assert copy("", "", s3=make_s3(max_concurrency=5)).copied == 20


def test_memory_does_not_grow_with_the_listing(
    copy: Callable[..., CopyPrefixResult], listed: Callable[..., Any], make_s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects and results are counted, not kept."""
    monkeypatch.setattr("airflow_provider_s3rest.s3.copying.prefix.copy_listed", lambda *_: 1)
    monkeypatch.setattr(make_s3(), "query_objects", lambda *_: (listed(1) for _ in range(10_000)))
    tracemalloc.start()
    done = copy("", "", s3=make_s3())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.copied == 10_000
    assert peak < 1024**2
