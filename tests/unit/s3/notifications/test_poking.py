# SPDX-License-Identifier: Apache-2.0
"""Tests of one who waits alone, and looks only when told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.notifications.poking import when_told
from airflow_provider_s3rest.s3.waiting.model import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.notifications.queue import Queue

TARGETS = (Target("bucket", "dir/", exact=False), Target("bucket", "key", exact=True))


class Clock:
    """Each question takes a second."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        self.time += 1
        return self.time


def _operations(sqs: Any) -> list[tuple[str, list[str]]]:
    return [
        (operation, [entry["ReceiptHandle"] for entry in parameters.get("Entries", ())])
        for operation, parameters in sqs.asked
    ]


def test_a_message_about_a_target_is_deleted_after_the_look(queue: Queue, sqs: Any, notify: Callable[..., str]) -> None:
    """What concerns others goes back before."""
    sqs.holds(notify("other"), notify("dir/a"), notify("key"), notify("key", bucket="elsewhere"))

    def look() -> str:
        assert len(sqs.asked) == 2
        return "seen"

    assert when_told(queue, TARGETS, look, seconds=60) == "seen"
    assert _operations(sqs) == [
        ("ReceiveMessage", []),
        ("ChangeMessageVisibilityBatch", ["receipt-0", "receipt-3"]),
        ("DeleteMessageBatch", ["receipt-1", "receipt-2"]),
    ]


def test_nobody_looks_without_being_told(queue: Queue, sqs: Any, notify: Callable[..., str]) -> None:
    """The queue is waited for in long polls, until the time is up."""
    sqs.holds(notify("other"))
    assert when_told(queue, TARGETS, pytest.fail, seconds=4, now=Clock()) is None
    waits = [asked["WaitTimeSeconds"] for operation, asked in sqs.asked if operation == "ReceiveMessage"]
    assert waits == [3, 1]


def test_a_long_wait_is_made_of_long_polls(queue: Queue, sqs: Any, notify: Callable[..., str]) -> None:
    """Of 20 seconds, the longest that SQS knows."""
    sqs.says({})
    sqs.holds(notify("key"))
    assert when_told(queue, TARGETS, lambda: 1, seconds=3600) == 1
    assert [asked.get("WaitTimeSeconds") for _, asked in sqs.asked] == [20, 20, None]


def test_a_message_outlives_a_look_that_failed(queue: Queue, sqs: Any, notify: Callable[..., str]) -> None:
    """It is seen again at once, and makes somebody look again."""
    sqs.holds(notify("key"))

    def look() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - nothing else raises it
        when_told(queue, TARGETS, look, seconds=60)
    operation, changed = sqs.asked[-1]
    assert (operation, changed["Entries"][0]["VisibilityTimeout"]) == ("ChangeMessageVisibilityBatch", 0)
