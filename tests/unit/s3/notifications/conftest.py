# SPDX-License-Identifier: Apache-2.0
"""A scripted SQS: the scripted server of S3's tests, asked by queues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.notifications.queue import Queue
from tests.unit.s3.notifications import samples

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeQueue:
    """What SQS says, and what it was asked."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake
        self.url = f"{fake.url}/123456789012/q"
        fake.always(200, b"{}")

    def holds(self, *bodies: str, receive_count: int = 1) -> None:
        """Give messages with these bodies once."""
        messages = [
            {
                "MessageId": f"id-{number}",
                "ReceiptHandle": f"receipt-{number}",
                "Body": body,
                "Attributes": {"ApproximateReceiveCount": str(receive_count)},
            }
            for number, body in enumerate(bodies)
        ]
        self.says({"Messages": messages})

    def says(self, answer: dict[str, Any]) -> None:
        """Answer the next request so."""
        self._fake.then(200, json.dumps(answer).encode())

    def refuses(
        self, code: str, status: int = 400, message: str = "Sorry", query_code: str = "", times: int = 1
    ) -> None:
        """Refuse the next requests."""
        body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message}).encode()
        headers = {"x-amzn-query-error": f"{query_code};Sender"} if query_code else {}
        self._fake.then(status, body, times=times, **headers)

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """The operations so far, with their parameters."""
        return [
            (request.headers["x-amz-target"].partition(".")[2], json.loads(request.body))
            for request in self._fake.requests
        ]


@pytest.fixture
def sqs(fake: Any) -> FakeQueue:
    """The scripted SQS."""
    return FakeQueue(fake)


@pytest.fixture
def queue(sqs: FakeQueue, make_s3: Callable[..., Any]) -> Queue:
    """A queue of it."""
    return Queue(make_s3(), sqs.url)


@pytest.fixture
def notify() -> Callable[..., str]:
    """Make the body of a notification about a key."""

    def body(key: str = "key", name: str = "ObjectCreated:Put", bucket: str = "bucket", **fields: Any) -> str:
        record = samples.record(name, key=key, **fields)
        record["s3"]["bucket"]["name"] = bucket
        return samples.plain(record)

    return body
