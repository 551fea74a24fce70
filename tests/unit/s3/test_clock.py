# SPDX-License-Identifier: Apache-2.0
"""Tests of a machine whose clock is wrong: S3 refuses what is signed by it, and tells its own time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.clock import Clock
from airflow_provider_s3rest.s3.presigning import UrlTerms, presign

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

HOUR = 3600.0
DELETED = b"<DeleteResult><Deleted><Key>key</Key></Deleted></DeleteResult>"
REFUSAL = b"<Error><Code>RequestTimeTooSkewed</Code><Message>Too large</Message></Error>"
OPERATIONS: dict[str, Callable[[S3], object]] = {
    "get": lambda s3: s3.get_object("bucket", "key").read(),
    "head": lambda s3: s3.head_object("bucket", "key"),
    "put": lambda s3: s3.upsert_object("bucket", "key", b"data"),
    "delete": lambda s3: s3.delete_objects("bucket", "key"),
    "list": lambda s3: list(s3.query_objects("bucket")),
    "list buckets": lambda s3: s3.list_buckets(),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


def _age(stamp: str) -> float:
    """Return how many seconds ago a signature was made, by the machine's clock."""
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return (datetime.now(UTC) - moment).total_seconds()


@pytest.fixture(params=[HOUR, -HOUR, 100_000.0], ids=["slow", "fast", "slow by a day"])
def skewed(request: pytest.FixtureRequest, fake: Any) -> Any:
    """A server that is an hour ahead, or behind, and refuses signatures that are 15 minutes off."""
    fake.ahead_seconds = request.param

    def reply(request: Any) -> Any:
        if abs(_age(request.headers["x-amz-date"]) + fake.ahead_seconds) > 900:
            return fake.make_answer(403, REFUSAL)
        if "list-type" in request.target:
            return fake.make_answer(200, b"<ListBucketResult/>")
        return fake.make_answer(200, DELETED if request.method == "POST" else b"")

    fake.otherwise = reply
    return fake


@every_operation
def test_boto3_signs_once_more(skewed: Any, make_s3: Callable[..., S3], sleeps: list[float], operation: str) -> None:
    """The second request bears the service's time, at once; and the next operation needs no second one."""
    s3 = make_s3("boto3")
    OPERATIONS[operation](s3)
    assert len(skewed.requests) == 2
    assert skewed.requests[0].body == skewed.requests[1].body
    assert skewed.requests[0].headers["authorization"] != skewed.requests[1].headers["authorization"]
    OPERATIONS[operation](s3)
    assert len(skewed.requests) == 3
    assert not sleeps


def test_deletions_follow_the_services_clock(skewed: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """Without boto3."""
    OPERATIONS["delete"](make_s3())
    OPERATIONS["delete"](make_s3())
    assert ["boto3" in request.headers["user-agent"].lower() for request in skewed.requests] == [False] * 3
    assert not sleeps


@pytest.mark.parametrize("operation", ["get", "head", "put"])
def test_obstore_leaves_it_to_another(
    skewed: Any,
    make_s3: Callable[..., S3],
    engines_of: Callable[..., list[str]],
    sleeps: list[float],
    operation: str,
) -> None:
    """To obstore there is no clock but ours: another engine repeats the request, and does all that follows."""
    s3 = make_s3()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(OPERATIONS[operation], s3).result()
        pool.submit(OPERATIONS[operation], s3).result()
    assert engines_of(skewed) == ["obstore", "plain", "plain", "plain"]
    assert not sleeps


@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_a_clock_that_is_right_is_left_alone(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Where the service's time is ours, signing again would change nothing."""
    fake.then_error(403, "RequestTimeTooSkewed", times=5)
    with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
        make_s3(engine).get_object("bucket", "key")
    assert len(fake.requests) == (2 if engine == "obstore" else 1)


def test_once_for_each_request(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A service that refuses its own time too is not asked for ever."""
    fake.ahead_seconds = HOUR
    fake.then_error(403, "RequestTimeTooSkewed", times=5)
    with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
        make_s3("boto3").get_object("bucket", "key")
    assert len(fake.requests) == 2


def test_a_refused_head_is_asked_again_once(fake: Any, make_s3: Callable[..., S3]) -> None:
    """It has no words and obstore sees no time, so another looks once whether that is the reason."""
    s3 = make_s3("obstore")
    fake.then(403, times=9)
    for count in (2, 3):
        with pytest.raises(ClientError, match="403"):
            s3.head_object("bucket", "key")
        assert len(fake.requests) == count


def test_a_clock_that_is_set_right(skewed: Any, make_s3: Callable[..., S3]) -> None:
    """When the machine's time is mended while a task runs, the next refusal says so."""
    s3 = make_s3()
    s3.head_object("bucket", "key")
    skewed.ahead_seconds = 0
    s3.head_object("bucket", "key")
    skewed.requests.clear()
    s3.head_object("bucket", "key")
    (request,) = skewed.requests
    assert "boto3" not in request.headers["user-agent"].lower()


def test_presigned_urls_bear_the_time_of_the_service(skewed: Any, make_s3: Callable[..., S3]) -> None:
    """One that was signed by a fast clock would not be valid yet."""
    s3 = make_s3()
    s3.head_object("bucket", "key")
    url = presign(s3, "bucket", "key", UrlTerms.parse("GET", 60)).url
    (stamp,) = parse_qs(urlsplit(url).query)["X-Amz-Date"]
    assert abs(_age(stamp) + skewed.ahead_seconds) < 60


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Tue, 99 Nov 2026 01:02:03 GMT", "Fri, 31 Dec 9999 23:59:59 -1400"]
)
def test_an_answer_that_tells_no_time(date: str | None) -> None:
    """Nothing can be learnt from it."""
    clock = Clock()
    assert not clock.follow(date)
    assert not clock.is_wrong


@pytest.mark.parametrize(("ahead", "follows"), [(0, False), (200, False), (-200, False), (300, True), (-300, True)])
def test_small_differences_are_no_reason(ahead: int, follows: bool) -> None:  # noqa: FBT001
    """S3 allows 15 minutes, other services 5."""
    clock = Clock()
    assert clock.follow(format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)) is follows
    assert clock.is_wrong is follows
