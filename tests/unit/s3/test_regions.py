# SPDX-License-Identifier: Apache-2.0
"""Tests of where requests go: endpoints, addressing styles and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.network import bucket_url, home_region, regional_host

if TYPE_CHECKING:
    from collections.abc import Callable

every_engine = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])


@pytest.mark.parametrize(
    ("endpoint", "style", "bucket", "url"),
    [
        (None, "auto", "bucket", "https://bucket.s3.eu-central-1.amazonaws.com"),
        (None, "virtual", "bucket", "https://bucket.s3.eu-central-1.amazonaws.com"),
        (None, "path", "bucket", "https://s3.eu-central-1.amazonaws.com/bucket"),
        (None, "auto", "dotted.bucket", "https://s3.eu-central-1.amazonaws.com/dotted.bucket"),
        (None, "auto", "UPPER_case", "https://s3.eu-central-1.amazonaws.com/UPPER_case"),
        ("https://s3.example.com", "auto", "bucket", "https://s3.example.com/bucket"),
        ("https://s3.example.com/", "path", "bucket", "https://s3.example.com/bucket"),
        ("https://s3.example.com:9000", "virtual", "bucket", "https://bucket.s3.example.com:9000"),
    ],
)
def test_every_engine_address_a_bucket_alike(
    connect: Any, make_source: Any, endpoint: str | None, style: str, bucket: str, url: str
) -> None:
    """The URL for obstore is the one that botocore makes up itself."""
    connection = connect(
        endpoint_url=endpoint, retry_delays_seconds=(), addressing_style=style, region_name="eu-central-1"
    )
    base, in_host = bucket_url(connection, bucket, "eu-central-1")
    assert (base if in_host else f"{base}/{bucket}") == url
    client = S3(connection, make_source()).client(bucket)
    sent: list[str] = []

    def stop(request: Any, **_: object) -> None:
        sent.append(request.url)
        raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register("before-send.s3", stop)
    with pytest.raises(ReadTimeoutError):
        client.head_object(Bucket=bucket, Key="key")
    assert sent == [f"{url}/key"]


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "s3.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_every_partition_has_its_host(region: str, host: str) -> None:
    """Suffixes other than the usual come from botocore's data."""
    assert regional_host(region) == host


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-iso-b", "us-isob-east-1")],
)
def test_the_home_region_is_of_the_roles_partition(connect: Any, partition: str, region: str) -> None:
    """A role in China lists its buckets in China."""
    role = RolesAnywhere(
        profile_arn="p",
        role_arn=f"arn:{partition}:iam::123456789012:role/data",
        trust_anchor_arn="t",
        region=region,
        session_name="name",
        duration_seconds=900,
        certificate="c",
        private_key="k",
    )
    assert home_region(connect(authentication=role)) == region


@pytest.fixture
def in_frankfurt(aws: Any) -> Any:
    """AWS with every bucket in eu-central-1, which it says to whoever asks elsewhere."""

    def reply(request: Any) -> Any:
        right = "eu-central-1" in request.host
        if "authorization" not in request.headers:
            return aws.make_answer(301, b"", {"x-amz-bucket-region": "eu-central-1"})
        if right and "/eu-central-1/" in request.headers["authorization"]:
            return aws.make_answer(200)
        body = b"<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>"
        return aws.make_answer(301, body, {"x-amz-bucket-region": "eu-central-1"})

    aws.otherwise = reply
    return aws


@every_engine
def test_a_buckets_region_is_discovered_once(in_frankfurt: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """One unsigned HEAD, and every request after it goes to the right place."""
    s3 = make_s3(engine, endpoint_url=None)
    for _ in range(2):
        s3.upsert_object("bucket", "key", b"data")
    assert [request.host for request in in_frankfurt.requests] == [
        "s3.us-east-1.amazonaws.com:443",
        *["bucket.s3.eu-central-1.amazonaws.com:443"] * 2,
    ]
    assert in_frankfurt.requests[0].target == "/bucket"


def test_the_region_is_remembered_by_the_process(in_frankfurt: Any, make_s3: Callable[..., S3]) -> None:
    """Another S3 of the same process needs no second HEAD."""
    for concurrency in (1, 2):
        make_s3(endpoint_url=None, max_concurrency=concurrency).head_object("bucket", "key")
    assert len(in_frankfurt.requests) == 3


@every_engine
def test_a_wrong_region_is_corrected_once(in_frankfurt: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """A redirect makes the request go again, to the bucket's own region."""
    make_s3(engine, endpoint_url=None, region_name="us-east-1").upsert_object("bucket", "key", b"data")
    assert in_frankfurt.requests[-1].host == "bucket.s3.eu-central-1.amazonaws.com:443"
    assert len(in_frankfurt.requests) <= 3


@every_engine
def test_a_redirect_that_leads_nowhere_is_final(
    aws: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str
) -> None:
    """A service that redirects for ever is asked no more than it takes to find out."""
    aws.always(301, b"<Error><Code>PermanentRedirect</Code></Error>", x_amz_bucket_region="us-east-1")
    with pytest.raises(ClientError, match="PermanentRedirect"):
        make_s3(engine, endpoint_url=None, region_name="us-east-1").upsert_object("bucket", "key", b"data")
    assert (len(aws.requests) <= 3, sleeps) == (True, [])


@every_engine
def test_a_redirect_of_another_service_is_an_error(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Where there is an endpoint, there is nowhere else to go."""
    fake.then_error(301, "PermanentRedirect")
    with pytest.raises(ClientError, match="PermanentRedirect"):
        make_s3(engine).upsert_object("bucket", "key", b"data")
    assert len(fake.requests) == 1


def test_the_argument_overrides_the_connection(fake: Any, connect: Any, source: Any) -> None:
    """An operator's region wins over the connection's."""
    S3(connect(endpoint_url=fake.url, region_name="eu-central-1"), source, "eu-west-3").head_object("bucket", "key")
    assert "/eu-west-3/s3/" in fake.requests[0].headers["authorization"]


@pytest.mark.parametrize("region", ["evil.com/#", "US-East-1", "a b", "-", "a\n"])
def test_a_bad_region_is_refused(connect: Any, source: Any, region: str) -> None:
    """It would become a part of a host's name."""
    with pytest.raises(ValueError, match=r"^region_name: "):
        S3(connect(), source, region)


def test_a_region_that_could_be_no_region_is_ignored(aws: Any, make_s3: Callable[..., S3]) -> None:
    """Not even the service's own header may lead elsewhere."""
    aws.then(301, x_amz_bucket_region="evil.com/#")
    make_s3(endpoint_url=None).head_object("bucket", "key")
    assert aws.requests[-1].host == "bucket.s3.us-east-1.amazonaws.com:443"


def test_the_region_of_an_absent_bucket(aws: Any, make_s3: Callable[..., S3]) -> None:
    """The error is that of the operation, in the home region; nothing is remembered."""
    aws.always(404, Content_Length="0")
    with pytest.raises(S3RestNotFoundError):
        make_s3(endpoint_url=None).head_object("bucket", "key")
    with pytest.raises(S3RestNotFoundError):
        make_s3(endpoint_url=None).head_object("bucket", "key")
    assert len(aws.requests) == 4


def test_discovery_is_retried(aws: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """An outage of discovery follows the same schedule."""
    aws.then(503, times=2)
    aws.then(403, x_amz_bucket_region="eu-central-1")
    make_s3(endpoint_url=None).head_object("bucket", "key")
    assert sleeps == [0.0, 10.0]


def test_discovery_that_fails_says_so(aws: Any, make_s3: Callable[..., S3]) -> None:
    """A refusal without a region is an error of the service."""
    aws.always(403)
    with pytest.raises(ClientError, match="HeadBucket"):
        make_s3(endpoint_url=None).head_object("bucket", "key")


def test_discovery_without_a_network(make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there is a connection error, retried and then raised."""
    from botocore.exceptions import HTTPClientError

    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("airflow_provider_s3rest.s3.regions._DISCOVERED", {})
    with pytest.raises(HTTPClientError, match="region could not be asked for"):
        make_s3(endpoint_url=None).head_object("bucket", "key")
