# SPDX-License-Identifier: Apache-2.0
"""Tests of receiving messages, setting them aside, giving them back and deleting them."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.notifications.queue import Queue
from airflow_provider_s3rest.s3.retry import is_transient
from tests.unit.s3.notifications import samples

if TYPE_CHECKING:
    from collections.abc import Callable


def test_ten_messages_are_waited_for(queue: Queue, sqs: Any, notify: Callable[..., str]) -> None:
    """One long poll, by which the messages are hidden for a while from others."""
    sqs.holds(notify("a"), notify("b"), receive_count=3)
    first, second = queue.receive()
    assert sqs.asked == [
        (
            "ReceiveMessage",
            {
                "QueueUrl": sqs.url,
                "MaxNumberOfMessages": 10,
                "WaitTimeSeconds": 20,
                "VisibilityTimeout": 120,
                "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
            },
        )
    ]
    assert (first.message_id, first.receipt, first.receive_count) == ("id-0", "receipt-0", 3)
    assert second.notifications[0].key == "b"


def test_waiting_can_be_cut_short(queue: Queue, sqs: Any) -> None:
    """A poke asks and goes."""
    assert queue.receive(wait_seconds=0, hidden_seconds=30) == []
    (_, asked), *others = sqs.asked
    assert (asked["WaitTimeSeconds"], asked["VisibilityTimeout"], others) == (0, 30, [])


def test_requests_are_signed_for_sqs(queue: Queue, fake: Any) -> None:
    """They carry the connection's own credentials, and its region where the URL names none."""
    queue.receive()
    (request,) = fake.requests
    assert "/us-east-1/sqs/aws4_request" in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == "session-token-0"
    assert "airflow-provider-s3rest/" in request.headers["user-agent"]


def test_the_region_stands_in_the_url(aws: Any, make_s3: Any) -> None:
    """Whatever the region of the buckets is."""
    aws.always(200, b"{}")
    s3 = make_s3(endpoint_url=None, region_name="us-west-2")
    Queue(s3, "https://sqs.eu-central-1.amazonaws.com/1/q").receive()
    (request,) = aws.requests
    assert request.host == "sqs.eu-central-1.amazonaws.com:443"
    assert "/eu-central-1/sqs/" in request.headers["authorization"]


def test_nothing_ambient_is_sent(
    queue: Queue, sqs: Any, fake: Any, monkeypatch: pytest.MonkeyPatch, make_s3: Any
) -> None:
    """The environment changes neither who asks nor whom."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.setenv(name, "http://evil.invalid")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "EVIL")
    monkeypatch.setenv("AWS_PROFILE", "evil")
    monkeypatch.setenv("AWS_REGION", "evil-1")
    Queue(make_s3(requester_pays=True, expected_bucket_owner="123456789012"), sqs.url).receive()
    queue.receive()
    assert len(fake.requests) == 2
    assert not any("evil" in str(request.headers).lower() for request in fake.requests)


def test_poison_is_reported_and_set_aside(
    queue: Queue, sqs: Any, notify: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """It is hidden nearly as long as SQS allows, and the log tells which message and why, never what it holds."""
    sqs.holds("secret words", notify("good"))
    (good,) = queue.receive()
    assert good.notifications[0].key == "good"
    assert sqs.asked[1:] == [
        (
            "ChangeMessageVisibilityBatch",
            {
                "QueueUrl": sqs.url,
                "Entries": [{"Id": "0", "ReceiptHandle": "receipt-0", "VisibilityTimeout": 42_900}],
            },
        )
    ]
    assert caplog.messages == [f"Message id-0 of {sqs.url} is set aside for 12 hours: the message is not JSON"]


def test_good_messages_do_not_depend_on_bad_ones(
    sqs: Any, make_s3: Any, notify: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Those that can't be set aside at present come again."""
    sqs.holds("secret words", notify("good"))
    sqs.refuses("ServiceUnavailable", 503)
    (good,) = Queue(make_s3(retry_delays_seconds=()), sqs.url).receive()
    assert good.notifications[0].key == "good"
    assert "could not be set aside" in caplog.text


def test_who_may_not_set_aside_is_told(sqs: Any, queue: Queue) -> None:
    """In the words of SQS, since it would be so for ever."""
    sqs.holds("secret words")
    sqs.refuses("AccessDeniedException", 403, "You may not ChangeMessageVisibility")
    with pytest.raises(ClientError, match="You may not ChangeMessageVisibility"):
        queue.receive()


def test_the_test_event_is_deleted_quietly(queue: Queue, sqs: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It notifies of nothing."""
    sqs.holds(json.dumps(samples.TEST_EVENT))
    assert queue.receive() == []
    assert [operation for operation, _ in sqs.asked] == ["ReceiveMessage", "DeleteMessageBatch"]
    assert not caplog.messages


def test_messages_are_deleted_by_tens(queue: Queue, sqs: Any) -> None:
    """SQS takes no more at once."""
    queue.delete(f"r{number}" for number in range(12))
    (_, first), (_, second) = sqs.asked
    assert [entry["ReceiptHandle"] for entry in first["Entries"]] == [f"r{number}" for number in range(10)]
    assert second["Entries"] == [{"Id": "0", "ReceiptHandle": "r10"}, {"Id": "1", "ReceiptHandle": "r11"}]


def test_nothing_to_delete_asks_nothing(queue: Queue, sqs: Any) -> None:
    """SQS would refuse an empty batch."""
    queue.delete([])
    assert sqs.asked == []


def test_what_sqs_failed_to_delete_is_tried_again(queue: Queue, sqs: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Once, and alone."""
    sqs.says({"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]})
    queue.delete(["a", "b"])
    assert [entry["ReceiptHandle"] for entry in sqs.asked[1][1]["Entries"]] == ["b"]
    assert not caplog.messages


def test_what_can_not_be_deleted_is_reported(queue: Queue, sqs: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Such as by a receipt that is too old; it comes again."""
    refused = {"Id": "0", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": "Too old"}
    failed = {"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "Sorry"}
    sqs.says({"Failed": [refused, failed]})
    sqs.says({"Failed": [failed]})
    queue.delete(["a", "b"])
    assert caplog.messages == [
        f"2 messages of {sqs.url} could not be deleted (ReceiptHandleIsInvalid: Too old)",
    ]


@pytest.mark.parametrize(("receive_count", "seconds"), [(1, 30), (2, 60), (4, 240), (6, 900), (1_000_000, 900)])
def test_messages_that_nobody_wanted_come_back_ever_later(
    queue: Queue, sqs: Any, notify: Callable[..., str], receive_count: int, seconds: int
) -> None:
    """So that those which concern nobody do not keep the receivers busy."""
    sqs.holds(notify(), receive_count=receive_count)
    queue.give_back(queue.receive())
    assert sqs.asked[1][1]["Entries"][0]["VisibilityTimeout"] == seconds


@pytest.mark.parametrize(
    ("code", "query_code", "status"),
    [
        ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
        ("AccessDeniedException", "", 403),
        ("InvalidAddress", "InvalidAddress", 400),
    ],
)
def test_a_refusal_is_told_at_once(
    queue: Queue, sqs: Any, sleeps: list[float], code: str, query_code: str, status: int
) -> None:
    """In the service's words, with the queue that it is about; no retry would change it."""
    sqs.refuses(code, status, message="Not you", query_code=query_code)
    with pytest.raises(ClientError, match="Not you") as caught:
        queue.receive()
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert error.response["Error"]["Code"] == (query_code or code)
    assert str(error).endswith(f"(queue {sqs.url})")
    assert (len(sqs.asked), sleeps) == (1, [])


@pytest.mark.parametrize(
    ("code", "query_code", "status"),
    [
        ("RequestThrottled", "RequestThrottled", 403),
        ("OverLimit", "OverLimit", 403),
        ("KmsThrottled", "KMS.ThrottlingException", 400),
        ("ThrottlingException", "", 400),
        ("InternalFailure", "", 500),
        ("ServiceUnavailable", "", 503),
    ],
)
def test_what_may_pass_is_tried_again(
    queue: Queue, sqs: Any, sleeps: list[float], code: str, query_code: str, status: int
) -> None:
    """As the connection says, and then whoever waits can tell."""
    sqs.refuses(code, status, query_code=query_code, times=7)
    with pytest.raises(ClientError) as caught:
        queue.receive()
    assert sleeps == [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]
    assert is_transient(status, caught.value.response["Error"]["Code"])


def test_a_connection_that_breaks_is_tried_again(queue: Queue, fake: Any, sqs: Any, notify: Callable[..., str]) -> None:
    """Also one that breaks in the middle of an answer."""
    fake.then(cut=-1)
    fake.then(200, b'{"Messages": []}', cut=5)
    sqs.holds(notify())
    assert len(queue.receive()) == 1


def test_a_token_that_expired_is_renewed(
    sqs: Any, fake: Any, make_s3: Any, make_source: Any, notify: Callable[..., str]
) -> None:
    """A wait may last for days."""
    sqs.refuses("ExpiredTokenException", 403)
    sqs.holds(notify())
    queue = Queue(make_s3(credentials=make_source(2)), sqs.url)
    assert len(queue.receive()) == 1
    assert [request.headers["x-amz-security-token"][-1] for request in fake.requests] == ["0", "1"]


def test_a_wrong_clock_is_set_by_the_service(sqs: Any, fake: Any, make_s3: Any, sleeps: list[float]) -> None:
    """SQS refuses a signature that is too old in other words than S3."""
    fake.ahead_seconds = 3600
    sqs.refuses("InvalidSignatureException", 403, "Signature expired: 1 is now earlier than 2")
    s3 = make_s3(max_concurrency=31)
    Queue(s3, sqs.url).receive()
    assert (len(fake.requests), sleeps) == (2, [])
    assert s3.engines.clock.is_wrong


def test_a_wrong_secret_is_told_at_once(queue: Queue, sqs: Any, sleeps: list[float]) -> None:
    """The same words come for it, but the clock is right."""
    sqs.refuses("InvalidSignatureException", 403)
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        queue.receive()
    assert (len(sqs.asked), sleeps) == (1, [])


def test_a_bad_url_is_told_before_any_request(make_s3: Any) -> None:
    """It names the argument."""
    with pytest.raises(ValueError, match=r"^queue_url: "):
        Queue(make_s3(), "q")
