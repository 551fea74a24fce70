# SPDX-License-Identifier: Apache-2.0
"""Tests of notifications on their whole way: from a bucket of moto to a queue of moto, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.notifications.queue import Queue
from tests.integration.notified import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

KEYS = ["plain", "red flower+.jpg", "dir//ü/%20?#&", "😀/"]


@pytest.fixture
def s3(open_s3: Callable[[str], S3]) -> S3:
    """The S3 of moto."""
    return open_s3("moto")


@pytest.fixture
def place(s3: S3, make_bucket: Callable[[S3], str]) -> Place:
    """A bucket that notifies a queue."""
    return Place(s3, make_bucket(s3))


@pytest.fixture
def queue(place: Place) -> Queue:
    """The queue."""
    return Queue(place.s3, place.url)


def test_what_happens_in_the_bucket_arrives(queue: Queue, place: Place) -> None:
    """Keys come out as they went in, and after deletion the queue is empty; S3's test event was dropped."""
    made = {key: place.s3.upsert_object(place.bucket, key, b"data") for key in KEYS}
    place.delete(KEYS[0])
    messages = queue.receive(wait_seconds=0)
    found = [notification for message in messages for notification in message.notifications]
    assert [(item.bucket_name, item.key, item.kind) for item in found] == [
        *((place.bucket, key, "created") for key in KEYS),
        (place.bucket, KEYS[0], "deleted"),
    ]
    assert [(item.size, item.etag) for item in found[:-1]] == [(4, made[key].etag) for key in KEYS]
    assert place.held() == (0, len(messages))
    queue.delete(message.receipt for message in messages)
    assert place.held() == (0, 0)


def test_what_was_not_deleted_comes_again(queue: Queue, place: Place) -> None:
    """Whoever received it may have died."""
    place.put("key")
    (first,) = queue.receive(wait_seconds=0)
    assert queue.receive(wait_seconds=0) == []
    queue.hide({first.receipt: 0})
    (again,) = queue.receive(wait_seconds=0)
    assert (again.message_id, again.notifications) == (first.message_id, first.notifications)
    assert again.receive_count > first.receive_count


def test_what_nobody_wants_is_left_in_the_queue(queue: Queue, place: Place) -> None:
    """Hidden for a while."""
    place.put("key")
    queue.give_back(queue.receive(wait_seconds=0))
    assert queue.receive(wait_seconds=0) == []
    assert place.held() == (0, 1)


def test_poison_is_in_nobodys_way(queue: Queue, place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """It stays in the queue, out of sight, and what comes after it is received."""
    sent = place.sqs.send_message(QueueUrl=queue.url, MessageBody="secret words")
    place.put("key")
    (message,) = queue.receive(wait_seconds=0)
    queue.delete([message.receipt])
    assert queue.receive(wait_seconds=0) == []
    assert place.held() == (0, 1)
    (line,) = [line for line in caplog.messages if "set aside" in line]
    assert sent["MessageId"] in line
    assert "secret" not in caplog.text


def test_a_queue_that_is_not_there_is_told(s3: S3, queue: Queue) -> None:
    """In the service's words, with the queue's URL."""
    with pytest.raises(ClientError, match=r"does not exist.* \(queue http://127.0.0.1:\d+/\d+/test-\w+-no\)"):
        Queue(s3, f"{queue.url}-no").receive(wait_seconds=0)
