# SPDX-License-Identifier: Apache-2.0
"""Tests of listings without boto3."""

from __future__ import annotations

import hashlib
import re
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestNoBucketError
from airflow_provider_s3rest.s3.engines import Engines
from airflow_provider_s3rest.s3.listing import list_pages
from airflow_provider_s3rest.s3.plain.client import Request
from airflow_provider_s3rest.s3.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=ASIA0/\d{8}/([^/]+)/s3/aws4_request, SignedHeaders=(\S+), Signature=")


def page(*keys: str, token: str = "") -> bytes:
    """Make a page of a listing."""
    time = "<LastModified>2026-11-24T01:02:03.000Z</LastModified>"
    items = "".join(f"<Contents><Key>{key}</Key>{time}<ETag>e</ETag><Size>5</Size></Contents>" for key in keys)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"<ListBucketResult>{more}{items}</ListBucketResult>".encode()


def keys_of(s3: S3, prefix: str = "p/") -> list[str]:
    """List everything below a prefix."""
    return [item.key for found in list_pages(s3, "bucket", prefix) for item in found.items]  # type: ignore[union-attr]


@pytest.fixture
def without_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client of boto3 can be made."""

    def refuse(*_: object) -> None:
        raise AssertionError("boto3 is used")

    monkeypatch.setattr("airflow_provider_s3rest.s3.engines.Engines.client_of", refuse)


@pytest.mark.usefixtures("without_boto3")
def test_boto3_is_not_needed_while_all_goes_well(fake: Any, make_s3: Callable[..., S3]) -> None:
    """For as many pages as there are."""
    fake.then(body=page("p/a", token="t +/="))
    fake.then(body=page("p/b"))
    assert keys_of(make_s3()) == ["p/a", "p/b"]
    assert [request.target for request in fake.requests] == [
        "/bucket?encoding-type=url&list-type=2&prefix=p%2F",
        "/bucket?continuation-token=t%20%2B%2F%3D&encoding-type=url&list-type=2&prefix=p%2F",
    ]


@pytest.mark.usefixtures("without_boto3")
def test_a_request_is_signed_with_all_its_headers(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Those of the connection's terms among them, and the session token."""
    fake.always(body=page())
    keys_of(make_s3(requester_pays=True, expected_bucket_owner="123456789012"))
    headers = fake.requests[0].headers
    signed = SIGNED.match(headers["authorization"])
    assert signed
    assert signed[1] == "us-east-1"
    assert set(signed[2].split(";")) == {
        *("host", "user-agent", "x-amz-content-sha256", "x-amz-date", "x-amz-expected-bucket-owner"),
        *("x-amz-request-payer", "x-amz-security-token"),
    }
    assert headers["x-amz-security-token"] == "session-token-0"
    assert headers["x-amz-expected-bucket-owner"] == "123456789012"
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"").hexdigest()


@pytest.mark.usefixtures("without_boto3")
@pytest.mark.parametrize("prefix", ["", "a b+c/", "ключ/", "//", "a/../b", "100%?#&=~"])
def test_a_prefix_is_sent_verbatim(fake: Any, make_s3: Callable[..., S3], prefix: str) -> None:
    """Whatever it holds."""
    fake.always(body=page())
    keys_of(make_s3(), prefix)
    asked = parse_qs(fake.requests[0].target.partition("?")[2], keep_blank_values=True, strict_parsing=True)
    assert asked["prefix"] == [prefix]


@pytest.mark.usefixtures("without_boto3")
def test_no_bucket_is_believed_at_once(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Nobody else would be told otherwise."""
    fake.then_error(404, "NoSuchBucket")
    with pytest.raises(S3RestNoBucketError, match="There is no bucket 'bucket'"):
        keys_of(make_s3())
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("without_boto3")
def test_a_refusal_is_believed_at_once(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In the service's words."""
    fake.then_error(403, "AccessDenied")
    with pytest.raises(ClientError, match=r"\(AccessDenied\) when calling the ListObjectsV2 operation"):
        keys_of(make_s3())
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("without_boto3")
def test_what_may_pass_is_waited_for_as_the_connection_says(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float]
) -> None:
    """And no longer."""
    fake.then_error(503, "SlowDown", times=3)
    with pytest.raises(ClientError, match="SlowDown"):
        keys_of(make_s3(retry_delays_seconds=(1.0, 2.0)))
    assert (len(fake.requests), len(sleeps)) == (3, 2)


@pytest.mark.usefixtures("without_boto3")
def test_what_is_refused_is_not_asked_again(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Whatever the service calls it."""
    fake.then_error(400, "InvalidArgument")
    with pytest.raises(ClientError, match="InvalidArgument"):
        keys_of(make_s3())
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("without_boto3")
def test_a_page_that_breaks_off_is_asked_for_again(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As after any trouble that may pass."""
    fake.then(body=page("p/a"), cut=40)
    fake.then(body=page("p/a"))
    assert keys_of(make_s3()) == ["p/a"]


@pytest.mark.usefixtures("without_boto3")
def test_what_is_no_listing_is_an_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As a page of a captive portal is none."""
    fake.always(body=b"<html>Welcome</html>")
    with pytest.raises(S3RestIntegrityError, match="is no listing"):
        keys_of(make_s3())


@pytest.mark.usefixtures("without_boto3")
def test_an_error_inside_a_good_answer_is_one(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """To be waited for where it may pass."""
    fake.then_error(200, "InternalError")
    fake.then(body=page("p/a"))
    assert keys_of(make_s3(retry_delays_seconds=(1.0,))) == ["p/a"]
    assert sleeps == [1.0]


@pytest.mark.usefixtures("without_boto3")
def test_an_expired_token_is_renewed(fake: Any, make_s3: Callable[..., S3], make_source: Any) -> None:
    """Once; the next page needs it no more."""
    fake.then_error(400, "ExpiredToken")
    fake.then(body=page("p/a", token="t"))
    fake.then(body=page("p/b"))
    assert keys_of(make_s3(credentials=make_source(2))) == ["p/a", "p/b"]
    assert [request.headers["x-amz-security-token"][-1] for request in fake.requests] == ["0", "1", "1"]


@pytest.mark.usefixtures("without_boto3")
def test_the_clock_of_the_service_is_followed(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Where it refuses ours."""
    fake.ahead_seconds = 3600
    fake.then_error(403, "RequestTimeTooSkewed")
    fake.then(body=page("p/a"))
    assert keys_of(make_s3()) == ["p/a"]
    first, second = (datetime.strptime(r.headers["x-amz-date"], "%Y%m%dT%H%M%S%z") for r in fake.requests)
    assert 3500 < (second - first).total_seconds() < 3700


@pytest.mark.usefixtures("without_boto3")
def test_an_endpoint_that_gives_no_answer_is_named(make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """After all retries."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(HTTPClientError, match=f"{nowhere} gave no answer: .*refused"):
            keys_of(make_s3(endpoint_url=nowhere, retry_delays_seconds=(1.0,)))
    assert sleeps == [1.0]


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_a_proxy_is_the_complete_engines_to_use(
    fake: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Once."""
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fake.always(body=page("p/a"))
    assert keys_of(make_s3()) == ["p/a"]
    assert fake.requests[0].headers["user-agent"].startswith("Boto3")


def test_aws_is_asked_at_the_host_of_the_bucket(connect: Callable[..., Any], source: Any) -> None:
    """In its region, over TLS."""
    engines = Engines(connect(region_name="eu-central-1"), source, None, RetryPolicy(delays_seconds=()))
    request = Request(method="GET", bucket_name="bucket", key="a b//../c")
    base, target, headers = engines.plain._signed(request, source.current())
    assert (base, target) == (f"https://{headers['host']}", "/a%20b//%2E%2E/c")
    assert headers["host"] == "bucket.s3.eu-central-1.amazonaws.com"


def test_a_directory_bucket_is_the_complete_engines_to_ask(make_s3: Callable[..., S3]) -> None:
    """It has credentials of its own."""
    assert make_s3().engines.plain_for("data--use1-az4--x-s3") is None
