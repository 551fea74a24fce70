# SPDX-License-Identifier: Apache-2.0
"""Tests of copies inside S3: what is on the wire, and what becomes of faults."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.copying import Source, Target, copy_object
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.results import CopyResult, ObjectSummary

GIB = 1024**3
CUSTOMER_KEY = bytes(range(32))


@pytest.mark.usefixtures("service")
def test_a_copy_is_one_request(fake: Any, copy: Callable[..., CopyResult]) -> None:
    """Whose answer tells everything but the size."""
    result = copy()
    assert fake.seen == [("PUT", "/target/new")]
    sent = fake.requests[0].headers
    assert sent["x-amz-copy-source"] == "source/key"
    assert "x-amz-copy-source-if-match" not in sent
    assert not {"x-amz-metadata-directive", "x-amz-tagging-directive", "content-type"} & set(sent)
    assert dataclasses.asdict(result) == {
        "bucket_name": "target",
        "key": "new",
        "etag": "copied",
        "version_id": "v1",
        "size": None,
        "region_name": "us-east-1",
        "source_bucket_name": "source",
        "source_key": "key",
        "source_version_id": "s1",
    }


@pytest.mark.usefixtures("service")
def test_a_listed_object_is_one_request(
    fake: Any, copy: Callable[..., CopyResult], listed: Callable[..., ObjectSummary]
) -> None:
    """A listing has told its size already."""
    assert copy(known=listed(9)).size == 9
    assert fake.seen == [("PUT", "/target/new")]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("key", ["a b", "a+b", "a%2Fb", "?a=b&c#d", "//a//", "é/\u2028", "/a", "a/../b", "a\tb\n"])
def test_the_source_key_is_verbatim(fake: Any, copy: Callable[..., CopyResult], key: str) -> None:
    """In the header, percent-encoded once."""
    copy(source_key=key, read=Read(version_id="a+/b"))
    path, _, version = fake.requests[0].headers["x-amz-copy-source"].partition("?versionId=")
    assert (unquote(path), version) == (f"source/{key}", "a+/b")


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_source_key_is_verbatim(
    fake: Any, copy: Callable[..., CopyResult], listed: Callable[..., ObjectSummary], key: str
) -> None:
    """Whatever its characters."""
    fake.always(body=b"<R><ETag>e</ETag></R>")
    copy(source_key=key, known=listed())
    assert unquote(fake.requests[-1].headers["x-amz-copy-source"]) == f"source/{key}"


def test_description_given_is_laid_over_the_sources(fake: Any, service: Any, copy: Callable[..., CopyResult]) -> None:
    """S3 itself would drop the rest of it."""
    copy(Write(cache_control="max-age=1", metadata={"b": "3", "c": "4"}))
    sent = fake.requests[1].headers
    want = service.headers | {"cache-control": "max-age=1", "x-amz-meta-b": "3", "x-amz-meta-c": "4"}
    assert {name: sent.get(name) for name in want} == want
    assert sent["x-amz-metadata-directive"] == "REPLACE"
    assert "x-amz-tagging-directive" not in sent
    assert service.size == 4


def test_description_given_replaces_the_sources(fake: Any, service: Any, copy: Callable[..., CopyResult]) -> None:
    """When that is asked for; the content type is guessed as for every object written."""
    copy(Write(metadata={"c": "4"}), metadata_directive="REPLACE", key="new.json")
    sent = fake.requests[1].headers
    assert (sent["content-type"], sent["x-amz-meta-c"]) == ("application/json", "4")
    assert not (set(service.headers) - {"content-type"}) & set(sent)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("write", "rules", "directive", "tags"),
    [
        (Write(), {}, None, None),
        (Write(tags={"a": "b c"}), {}, "REPLACE", "a=b+c"),
        (Write(tags={"a": "b c"}), {"copy_tags": False}, "REPLACE", "a=b+c"),
        (Write(), {"copy_tags": False}, "REPLACE", None),
    ],
)
def test_tags(
    fake: Any, copy: Callable[..., CopyResult], write: Write, rules: Any, directive: str | None, tags: str | None
) -> None:
    """They go along, unless others or none are wanted."""
    copy(write, **rules)
    sent = fake.requests[-1].headers
    assert (sent.get("x-amz-tagging-directive"), sent.get("x-amz-tagging")) == (directive, tags)


WRITE = Write.parse(
    {
        "storage_class": "STANDARD_IA",
        "acl": "bucket-owner-full-control",
        "kms_key_id": "k",
        "bucket_key_enabled": True,
        "checksum_algorithm": "SHA256",
        "if_none_match": "*",
    }
)
ON_THE_WIRE = {
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-acl": "bucket-owner-full-control",
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "k",
    "x-amz-server-side-encryption-bucket-key-enabled": "true",
    "x-amz-checksum-algorithm": "SHA256",
    "x-amz-request-payer": "requester",
    "x-amz-expected-bucket-owner": "123456789012",
}


def test_all_options_are_sent(
    fake: Any, service: Any, copy: Callable[..., CopyResult], make_s3: Callable[..., S3]
) -> None:
    """Those of the target, and of the connection on both sides."""
    s3 = make_s3(requester_pays=True, expected_bucket_owner="123456789012")
    copy(WRITE, s3=s3)
    sent = fake.requests[0].headers
    want = ON_THE_WIRE | {"if-none-match": "*", "x-amz-source-expected-bucket-owner": "123456789012"}
    assert {name: sent.get(name) for name in want} == want
    fake.requests.clear()
    service.size = 6 * GIB
    copy(WRITE, s3=s3)
    created = fake.requests[3].headers
    assert {name: created.get(name) for name in ON_THE_WIRE} == ON_THE_WIRE
    assert fake.requests[-1].headers["if-none-match"] == "*"
    part = fake.requests[4].headers
    assert part["x-amz-source-expected-bucket-owner"] == part["x-amz-expected-bucket-owner"] == "123456789012"
    assert {request.headers["x-amz-request-payer"] for request in fake.requests} == {"requester"}


@pytest.mark.parametrize("size", [4, 6 * GIB])
def test_customer_keys_of_both_sides(fake: Any, service: Any, copy: Callable[..., CopyResult], size: int) -> None:
    """Each request has the keys that it needs."""
    service.size = size
    read, write = Read.parse({}, CUSTOMER_KEY), Write.parse({}, bytes(32))
    copy(write, read)
    of_source, of_target = read.customer_key, write.customer_key
    assert of_source
    assert of_target
    name = "x-amz-server-side-encryption-customer-key"
    asked = [request for request in fake.requests if request.method == "HEAD"]
    assert [request.headers[name] for request in asked] == [of_source.base64] * (size > 4)
    for request in fake.requests:
        if "x-amz-copy-source" in request.headers:
            assert request.headers[name] == of_target.base64
            assert request.headers["x-amz-copy-source-server-side-encryption-customer-key"] == of_source.base64


def test_conditions_on_a_described_source_are_judged_first(
    fake: Any, service: Any, copy: Callable[..., CopyResult]
) -> None:
    """By the question for it; what is copied then is what was judged."""
    read = Read.parse({"version_id": "v", "if_match": "e", "if_modified_since": "2026-01-01T00:00:00+00:00"})
    copy(Write(content_type="text/x"), read)
    assert fake.requests[1].headers["x-amz-copy-source-if-match"] == '"source-etag"'
    asked = fake.requests[0]
    assert asked.target == "/source/key?versionId=v"
    assert (asked.headers["if-match"], asked.headers["if-modified-since"]) == ('"e"', "Thu, 01 Jan 2026 00:00:00 GMT")
    service.fault = lambda *_: service.make_answer(412)
    with pytest.raises(S3RestPreconditionError, match="'key' in bucket 'source'"):
        copy(Write(content_type="text/x"), read)


def test_conditions_on_a_listed_source(
    fake: Any, service: Any, copy: Callable[..., CopyResult], listed: Callable[..., ObjectSummary]
) -> None:
    """Go with the one request."""
    read = Read.parse({"if_match": "e", "if_unmodified_since": "2026-01-01T00:00:00+00:00"})
    copy(read=read, known=listed())
    sent = fake.requests[0].headers
    assert sent["x-amz-copy-source-if-match"] == '"e"'
    assert sent["x-amz-copy-source-if-unmodified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    service.fault = lambda *_: service.refusal(412, "PreconditionFailed")
    with pytest.raises(S3RestPreconditionError, match="'key' in bucket 'source'"):
        copy(read=read, known=listed())


@pytest.mark.parametrize(
    ("more", "code", "error", "words"),
    [
        (
            "<Condition>x-amz-copy-source-If-Match</Condition>",
            "PreconditionFailed",
            S3RestPreconditionError,
            "'key' in bucket 'source'",
        ),
        (
            "<Condition>If-None-Match</Condition>",
            "PreconditionFailed",
            S3RestPreconditionError,
            "'new' in bucket 'target'",
        ),
        ("", "NoSuchKey", S3RestNotFoundError, "no object 'key' in bucket 'source'"),
        ("<BucketName>target</BucketName>", "NoSuchBucket", S3RestNotFoundError, "no bucket 'target'"),
        ("<BucketName>source</BucketName>", "NoSuchBucket", S3RestNotFoundError, "no bucket 'source'"),
        ("", "AccessDenied", ClientError, "AccessDenied"),
    ],
)
def test_errors_name_the_side_that_they_are_about(
    service: Any, copy: Callable[..., CopyResult], *, more: str, code: str, error: type, words: str
) -> None:
    """A copy has two of them."""
    status = 412 if code == "PreconditionFailed" else 404 if code.startswith("No") else 403
    service.fault = lambda request, _: (
        service.refusal(status, code, more) if "x-amz-copy-source" in request.headers else None
    )
    with pytest.raises(error, match=words):
        copy(Write(if_none_match="*"))


@pytest.mark.parametrize(("size", "write"), [(4, Write(content_type="text/x")), (6 * GIB, Write())])
def test_a_source_that_changes_meanwhile(
    service: Any, copy: Callable[..., CopyResult], *, size: int, write: Write
) -> None:
    """Is told apart from a condition of the caller's: what was described is copied, or nothing is."""
    service.size = size
    service.fault = lambda request, _: (
        service.refusal(412, "PreconditionFailed", "<Condition>x-amz-copy-source-If-Match</Condition>")
        if "x-amz-copy-source-if-match" in request.headers
        else None
    )
    with pytest.raises(S3RestIntegrityError, match="'key' was replaced while it was being copied"):
        copy(write)


@pytest.mark.parametrize(("same", "etag"), [(True, "0" * 32), (False, "0" * 32), (False, "f" * 32 + "-2")])
def test_a_lost_answer_to_a_conditional_copy(
    service: Any, copy: Callable[..., CopyResult], *, same: bool, etag: str
) -> None:
    """The object in the way at the second try may be what the first one wrote: its ETag tells, where it can."""
    found = {"Content-Length": "4", "ETag": f'"{etag}"', "x-amz-version-id": "v9"}
    answers = iter([service.make_answer(200, cut=-1), service.refusal(412, "PreconditionFailed")])
    heads = iter([found, found if same else found | {"ETag": '"other"'}])
    service.fault = lambda request, _: (
        service.make_answer(200, b"", next(heads)) if request.method == "HEAD" else next(answers)
    )
    if same:
        assert copy(Write(if_none_match="*")).version_id == "v9"
    else:
        with pytest.raises(S3RestPreconditionError):
            copy(Write(if_none_match="*"))


def test_an_error_inside_a_200_is_retried(
    fake: Any, service: Any, copy: Callable[..., CopyResult], sleeps: list[float]
) -> None:
    """S3 says 200 before it begins to copy."""
    faults = iter([service.refusal(200, "InternalError"), service.refusal(503, "SlowDown")])
    service.fault = lambda request, _: next(faults, None) if request.method == "PUT" else None
    assert copy().etag == "copied"
    assert len(fake.requests) == 3
    assert sleeps == [0.0, 10.0]


def test_a_copy_that_goes_on_failing_ends(
    fake: Any, service: Any, copy: Callable[..., CopyResult], sleeps: list[float]
) -> None:
    """After all the delays of the connection."""
    service.fault = lambda request, _: service.refusal(200, "InternalError") if request.method == "PUT" else None
    with pytest.raises(ClientError, match="InternalError"):
        copy()
    assert len(fake.requests) == 7
    assert sleeps == [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]


def test_onto_itself(fake: Any, service: Any, copy: Callable[..., CopyResult]) -> None:
    """S3 wants something to change; then nothing else does, not even the storage class."""
    itself = {"bucket": "source", "key": "key"}
    with pytest.raises(ValueError, match="key: is the source itself"):
        copy(Write(if_match="e"), **itself)
    assert not fake.requests
    service.fault = lambda request, _: (
        service.make_answer(200, b"", service.described | {"x-amz-storage-class": "STANDARD_IA"})
        if request.method == "HEAD"
        else None
    )
    copy(Write(tags={"a": "b"}), **itself)
    sent = fake.requests[1].headers
    assert {name: sent.get(name) for name in service.headers} == service.headers
    assert (sent["x-amz-metadata-directive"], sent["x-amz-storage-class"]) == ("REPLACE", "STANDARD_IA")
    copy(Write(), Read(version_id="old"), **itself)
    assert fake.requests[-1].headers["x-amz-copy-source"] == "source/key?versionId=old"


@pytest.mark.parametrize(
    ("write", "read", "rules", "words"),
    [
        (Write(metadata={"a": "b"}), Read(), {"metadata_directive": "COPY"}, "metadata_directive: COPY takes no"),
        (Write(), Read(), {"metadata_directive": "KEEP"}, "metadata_directive: 'KEEP' is none of MERGE, COPY"),
        (Write(), Read.parse({"byte_range": "0-1"}), {}, "byte_range: only whole objects"),
    ],
)
def test_what_cannot_be_honoured_is_refused(
    fake: Any, copy: Callable[..., CopyResult], *, write: Write, read: Read, rules: Any, words: str
) -> None:
    """Before any request, with the argument's name."""
    with pytest.raises(ValueError, match=words):
        copy(write, read, **rules)
    assert not fake.requests


def test_an_old_boto3_copies_without_conditions_only(
    fake: Any, service: Any, copy: Callable[..., CopyResult], make_s3: Callable[..., S3]
) -> None:
    """Rather than leaving the condition out."""
    service.size = 4
    members = make_s3("boto3").client("target").meta.service_model.operation_model("CopyObject").input_shape.members
    del members["IfNoneMatch"]
    with pytest.raises(ValueError, match="if_none_match: the installed boto3 is too old"):
        copy(Write(if_none_match="*"), s3=make_s3("boto3"))
    assert not fake.requests
    assert copy(s3=make_s3("boto3")).etag == "copied"


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_buckets_in_two_regions(
    aws: Any, connect: Any, source: Any, service: Any, make_s3: Callable[..., S3], *, region: str | None
) -> None:
    """Each side is asked in its own region, also where the source's is given; S3 carries the bytes between them."""

    def reply(request: Any) -> Any:
        asked = request.host + request.target
        region = "us-east-1" if "source" in asked else "eu-central-1"
        if "authorization" not in request.headers:
            return aws.make_answer(200, b"", {"x-amz-bucket-region": region})
        assert region in request.host
        assert f"/{region}/" in request.headers["authorization"]
        return service(request)

    aws.otherwise = reply
    writes = make_s3(endpoint_url=None)
    delays = writes.connection.retry_delays_seconds
    reads = S3(connect(retry_delays_seconds=delays), source, region) if region else writes
    result = copy_object(
        Source(s3=reads, bucket_name="source", key="key"), Target(s3=writes, bucket_name="target", key="new")
    )
    assert result.region_name == "eu-central-1"
    assert aws.requests[-1].headers["x-amz-copy-source"] == "source/key"
