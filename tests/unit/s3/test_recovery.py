# SPDX-License-Identifier: Apache-2.0
"""Tests of what every engine does about a request that fails, counted on the wire."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestCredentialError, S3RestNotFoundError, S3RestPreconditionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

pytestmark = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])

DELAYS = [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]
OPERATIONS: dict[str, Callable[[S3], object]] = {
    "get": lambda s3: s3.get_object("bucket", "key"),
    "head": lambda s3: s3.head_object("bucket", "key"),
    "put": lambda s3: s3.upsert_object("bucket", "key", b"data"),
    "delete": lambda s3: s3.delete_objects("bucket", "key"),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


@every_operation
@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"), (502, "x")]
)
def test_the_whole_schedule(
    fake: Any, make_s3: Any, sleeps: list[float], engine: str, operation: str, status: int, code: str
) -> None:
    """An outage costs one request and six retries, after 0, 10, 30, 60, 120 and 300 seconds."""
    fake.then_error(status, code, times=9)
    with pytest.raises(ClientError):
        OPERATIONS[operation](make_s3(engine))
    assert sleeps == DELAYS
    assert len(fake.requests) == 7


@every_operation
@pytest.mark.parametrize("refusal", [(501, "NotImplemented"), (403, "AccessDenied"), (400, "InvalidRequest")])
def test_no_retry(
    fake: Any,
    make_s3: Any,
    make_source: Any,
    sleeps: list[float],
    engine: str,
    operation: str,
    refusal: tuple[int, str],
) -> None:
    """What would fail again is not tried again, but that a HEAD's bare 403 is heard by boto3 too."""
    fake.then_error(*refusal, times=9)
    with pytest.raises(ClientError):
        OPERATIONS[operation](make_s3(engine, credentials=make_source(temporary=False)))
    unexplained = (engine, operation, refusal[0]) == ("obstore", "head", 403)
    assert (len(fake.requests), sleeps) == (2 if unexplained else 1, [])


@every_operation
def test_no_credentials_no_request(
    fake: Any, make_s3: Any, source: Any, monkeypatch: pytest.MonkeyPatch, engine: str, operation: str
) -> None:
    """What the credential source raises arrives as it is."""

    def refuse() -> None:
        raise S3RestCredentialError("No")

    monkeypatch.setattr(source, "current", refuse)
    with pytest.raises(S3RestCredentialError):
        OPERATIONS[operation](make_s3(engine))
    assert not fake.requests


@every_operation
def test_a_broken_connection_is_retried(
    fake: Any, make_s3: Any, sleeps: list[float], engine: str, operation: str
) -> None:
    """A server that hangs up without an answer is asked again."""
    fake.then(cut=-1, times=9)
    with pytest.raises(HTTPClientError) as caught:
        OPERATIONS[operation](make_s3(engine))
    assert sleeps == DELAYS
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own


def test_an_absent_server_is_retried(make_s3: Any, sleeps: list[float], engine: str) -> None:
    """Nobody listening is a connection error too."""
    with pytest.raises(BotoCoreError, match=r"Connection refused|Could not connect"):
        make_s3(engine, endpoint_url="http://127.0.0.1:9").get_object("bucket", "key")
    assert sleeps == DELAYS


def test_the_connection_sets_the_delays(fake: Any, make_s3: Any, sleeps: list[float], engine: str) -> None:
    """Other delays, other retries."""
    fake.then_error(500, "InternalError", times=9)
    with pytest.raises(ClientError):
        make_s3(engine, retry_delays_seconds=(1.5,)).get_object("bucket", "key")
    assert (len(fake.requests), sleeps) == (2, [1.5])


def test_a_body_is_sent_again_in_full(fake: Any, make_s3: Any, engine: str) -> None:
    """The retry of a PUT carries the same bytes."""
    fake.then_error(500, "InternalError", times=2)
    make_s3(engine).upsert_object("bucket", "key", iter([b"da", b"ta"]))
    assert [request.body for request in fake.requests] == [b"data"] * 3


@every_operation
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidToken"])
def test_expired_credentials_are_replaced_once(
    fake: Any, make_s3: Any, make_source: Any, sleeps: list[float], engine: str, operation: str, code: str
) -> None:
    """The refused set is rejected, the request goes again with the next, and a second refusal is final."""
    fake.then_error(400, code, times=2)
    source = make_source(3)
    first = source.current()
    with pytest.raises(ClientError):
        OPERATIONS[operation](make_s3(engine, credentials=source))
    assert source.rejected == [first]
    assert [request.headers["x-amz-security-token"][-1] for request in fake.requests] == ["0", "1"]
    assert not sleeps


def test_work_goes_on_with_the_next_credentials(fake: Any, make_s3: Any, make_source: Any, engine: str) -> None:
    """A task that outlives its credentials notices nothing."""
    fake.then_error(400, "ExpiredToken")
    make_s3(engine, credentials=make_source(2)).upsert_object("bucket", "key", b"data")
    assert len(fake.requests) == 2


def test_no_other_credentials_no_replay(fake: Any, make_s3: Any, engine: str) -> None:
    """Where the source has nothing else, one request is enough."""
    fake.then_error(400, "ExpiredToken", times=2)
    with pytest.raises(ClientError, match="ExpiredToken"):
        make_s3(engine).get_object("bucket", "key")
    assert len(fake.requests) == 1


def test_a_bodyless_400_may_mean_expired(fake: Any, make_s3: Any, make_source: Any, engine: str) -> None:
    """HEAD with an expired token answers 400 without a word."""
    fake.then(400)
    make_s3(engine, credentials=make_source(2)).head_object("bucket", "key")
    assert len(fake.requests) == 2


def test_credentials_are_asked_for_at_each_request(fake: Any, make_s3: Any, make_source: Any, engine: str) -> None:
    """A source that renews its credentials is heard at once."""
    source = make_source(2)
    s3 = make_s3(engine, credentials=source)
    s3.head_object("bucket", "key")
    del source.sets[0]
    s3.head_object("bucket", "key")
    assert [request.headers["x-amz-security-token"] for request in fake.requests] == [
        "session-token-0",
        "session-token-1",
    ]


@pytest.mark.parametrize(("status", "code"), [(404, "NoSuchKey"), (404, "NoSuchVersion")])
def test_absent_object(fake: Any, make_s3: Any, engine: str, status: int, code: str) -> None:
    """The error is a FileNotFoundError, and names bucket, key and the service's code."""
    fake.then_error(status, code)
    with pytest.raises(S3RestNotFoundError, match=rf"'key'.*'bucket'.*{code}: Sorry & so on") as caught:
        make_s3(engine).get_object("bucket", "key")
    assert isinstance(caught.value, FileNotFoundError)


@every_operation
def test_absent_bucket(fake: Any, make_s3: Any, engine: str, operation: str) -> None:
    """No bucket is an error of its own, for every operation."""
    fake.then(404) if operation == "head" else fake.then_error(404, "NoSuchBucket")
    with pytest.raises(S3RestNotFoundError, match="'bucket'"):
        OPERATIONS[operation](make_s3(engine))


def test_lost_condition(fake: Any, make_s3: Any, engine: str) -> None:
    """412 has its own type."""
    fake.then_error(412, "PreconditionFailed")
    with pytest.raises(S3RestPreconditionError, match="PreconditionFailed"):
        make_s3(engine).upsert_object("bucket", "key", b"data")


def test_other_errors_are_those_of_botocore(fake: Any, make_s3: Any, engine: str) -> None:
    """Both engines tell code, message, status and request id in the same places, and pickle."""
    fake.then_error(403, "AccessDenied")
    with pytest.raises(ClientError) as caught:
        make_s3(engine).get_object("bucket", "key")
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert str(error) == "An error occurred (AccessDenied) when calling the GetObject operation: Sorry & so on"
    assert error.response["Error"]["Code"] == "AccessDenied"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error.response["ResponseMetadata"]["RequestId"] == "RID"


def test_no_token_in_an_error(fake: Any, make_s3: Any, engine: str) -> None:
    """S3 echoes the session token in some errors; what a task would log of it does not."""
    fake.then_error(400, "ExpiredToken")
    with pytest.raises(ClientError) as caught:
        make_s3(engine).get_object("bucket", "key")
    assert "session-token-0" not in "".join(traceback.format_exception(caught.value))
