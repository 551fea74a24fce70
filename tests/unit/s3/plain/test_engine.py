# SPDX-License-Identifier: Apache-2.0
"""Tests of the engine for one object at a time: its connections, and answers that are none."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.options import ByteRange, Read

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPConnection

    from airflow_provider_s3rest.s3 import S3


@pytest.fixture
def s3(make_s3: Callable[..., S3]) -> S3:
    """By this engine alone."""
    return make_s3("plain")


def _idle(s3: S3) -> list[HTTPConnection]:
    return [each for idle in s3.engines.plain._connections._idle.values() for each in idle]


def test_one_connection_does_for_one_request_after_the_other(fake: Any, s3: S3) -> None:
    """Whatever these do."""
    fake.serve(b"data")
    s3.upsert_object("bucket", "key", b"data")
    (first,) = _idle(s3)
    s3.head_object("bucket", "key")
    s3.get_object("bucket", "key").read()
    assert _idle(s3) == [first]


def test_a_connection_with_something_left_in_it_is_not_used_again(fake: Any, s3: S3) -> None:
    """The next answer would begin in the midst of the body."""
    fake.serve(b"data")
    s3.get_object("bucket", "key").close()
    assert _idle(s3) == []


def test_a_connection_that_the_service_ends_is_not_used_again(fake: Any, s3: S3) -> None:
    """It says so in its answer."""
    fake.then(body=b"data", Connection="close")
    assert s3.get_object("bucket", "key").read() == b"data"
    assert _idle(s3) == []


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_who_forgets_to_close_leaves_nothing_open(fake: Any, s3: S3, connection: str) -> None:
    """The test would fail by the warning of a socket that was not closed."""
    fake.then(body=bytes(2**20), Connection=connection)
    s3.get_object("bucket", "key")
    gc.collect()
    assert _idle(s3) == []


def test_a_refusal_gives_its_connection_back(fake: Any, s3: S3) -> None:
    """Its words have been read."""
    fake.then_error(404, "NoSuchKey")
    with pytest.raises(Exception, match="There is no object"):
        s3.get_object("bucket", "key")
    assert len(_idle(s3)) == 1


@pytest.mark.parametrize("lacks", ["Last-Modified", "Content-Range"])
def test_an_answer_that_tells_too_little_is_an_error(fake: Any, s3: S3, lacks: str) -> None:
    """Of which object and which bytes it is must be known."""
    told = {"Content_Range": "bytes 1-2/4", lacks.replace("-", "_"): "?"}
    fake.then(206, b"at", **told)
    with pytest.raises(S3RestIntegrityError):
        s3.get_object("bucket", "key", Read(byte_range=ByteRange(1, 3)))


def test_an_object_may_begin_like_an_error(fake: Any, s3: S3) -> None:
    """Only in answers that are no object it would be one."""
    fake.then(body=b"<Error><Code>InternalError</Code></Error>")
    assert s3.get_object("bucket", "key").read().startswith(b"<Error>")


def test_what_may_not_exist_is_asked_for_once(fake: Any, s3: S3) -> None:
    """And nothing of boto3's errors is needed for the answer."""
    fake.then(404)
    assert s3.find_object("bucket", "key") is None
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [301, 307, 400])
def test_a_head_that_was_sent_elsewhere_is_sent_to_the_buckets_region(
    fake: Any, make_s3: Callable[..., S3], monkeypatch: pytest.MonkeyPatch, sleeps: list[float], status: int
) -> None:
    """AWS says no more than that, so its region is asked for again."""
    regions = iter(["us-east-1", "eu-central-1"])
    monkeypatch.setattr("airflow_provider_s3rest.s3.regions._DISCOVERED", {})
    monkeypatch.setattr("airflow_provider_s3rest.s3.discovery.discover_region", lambda *_: next(regions))
    monkeypatch.setattr(network, "bucket_url", lambda *_: (fake.url, False))
    fake.then(status)
    assert make_s3("plain", endpoint_url=None).head_object("bucket", "key").region_name == "eu-central-1"
    scopes = [request.headers["authorization"].split("/")[2] for request in fake.requests]
    assert scopes == ["us-east-1", "eu-central-1"]
    assert not sleeps
