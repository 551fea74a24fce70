# SPDX-License-Identifier: Apache-2.0
"""Tests of notifications on their whole way: from a bucket of moto to a queue of moto, and out of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.notifications.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

KEYS = ["plain", "red flower+.jpg", "dir//ü/%20?#&", "😀/"]


@pytest.fixture
def s3(open_s3: Callable[[str], S3]) -> S3:
    """The S3 of moto."""
    return open_s3("moto")


@pytest.fixture
def sqs(s3: S3) -> Any:
    """Its SQS, past the product's queues."""
    return s3.engines.queue_client(None, str(s3.connection.endpoint_url))


@pytest.fixture
def queue(s3: S3, sqs: Any) -> Queue:
    """A queue of this test's own."""
    return Queue(s3, sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex}")["QueueUrl"])


@pytest.fixture
def bucket(s3: S3, sqs: Any, queue: Queue, make_bucket: Callable[[S3], str]) -> str:
    """A bucket that notifies the queue."""
    name = make_bucket(s3)
    asked = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])
    target = {"QueueArn": asked["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.client().put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [target]}
    )
    return name


def _held(sqs: Any, queue: Queue) -> tuple[int, int]:
    """How many messages are to be seen, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def test_what_happens_in_the_bucket_arrives(s3: S3, sqs: Any, queue: Queue, bucket: str) -> None:
    """Keys come out as they went in, and after deletion the queue is empty; S3's test event was dropped."""
    made = {key: s3.upsert_object(bucket, key, b"data") for key in KEYS}
    s3.client().delete_object(Bucket=bucket, Key=KEYS[0])
    messages = queue.receive(wait_seconds=0)
    found = [notification for message in messages for notification in message.notifications]
    assert [(item.bucket_name, item.key, item.kind) for item in found] == [
        *((bucket, key, "created") for key in KEYS),
        (bucket, KEYS[0], "deleted"),
    ]
    assert [(item.size, item.etag) for item in found[:-1]] == [(4, made[key].etag) for key in KEYS]
    assert _held(sqs, queue) == (0, len(messages))
    queue.delete(message.receipt for message in messages)
    assert _held(sqs, queue) == (0, 0)


def test_what_was_not_deleted_comes_again(s3: S3, queue: Queue, bucket: str) -> None:
    """Whoever received it may have died."""
    s3.upsert_object(bucket, "key", b"data")
    (first,) = queue.receive(wait_seconds=0)
    assert queue.receive(wait_seconds=0) == []
    queue.hide({first.receipt: 0})
    (again,) = queue.receive(wait_seconds=0)
    assert (again.message_id, again.notifications) == (first.message_id, first.notifications)
    assert again.receive_count > first.receive_count


def test_what_nobody_wants_is_left_in_the_queue(s3: S3, sqs: Any, queue: Queue, bucket: str) -> None:
    """Hidden for a while."""
    s3.upsert_object(bucket, "key", b"data")
    queue.give_back(queue.receive(wait_seconds=0))
    assert queue.receive(wait_seconds=0) == []
    assert _held(sqs, queue) == (0, 1)


def test_poison_is_in_nobodys_way(
    s3: S3, sqs: Any, queue: Queue, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays in the queue, out of sight, and what comes after it is received."""
    sent = sqs.send_message(QueueUrl=queue.url, MessageBody="secret words")
    s3.upsert_object(bucket, "key", b"data")
    (message,) = queue.receive(wait_seconds=0)
    queue.delete([message.receipt])
    assert queue.receive(wait_seconds=0) == []
    assert _held(sqs, queue) == (0, 1)
    (line,) = [line for line in caplog.messages if "set aside" in line]
    assert sent["MessageId"] in line
    assert "secret" not in caplog.text


def test_a_queue_that_is_not_there_is_told(s3: S3, queue: Queue) -> None:
    """In the service's words, with the queue's URL."""
    with pytest.raises(ClientError, match=r"does not exist.* \(queue http://127.0.0.1:\d+/\d+/test-\w+-no\)"):
        Queue(s3, f"{queue.url}-no").receive(wait_seconds=0)
