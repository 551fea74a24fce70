# SPDX-License-Identifier: Apache-2.0
"""A scripted SQS: the scripted server of S3's tests, asked by queues."""

from __future__ import annotations

import functools
import json
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.notifications.queue import Queue
from tests.unit.s3.notifications import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class FakeQueue:
    """What SQS says, and what it was asked."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake
        self._sent = 0
        self._arrived: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.broken: set[str] = set()
        """Operations that fail, once it is open."""
        self.url = f"{fake.url}/123456789012/q"
        fake.always(200, b"{}")

    def holds(self, *bodies: str, receive_count: int = 1) -> None:
        """Give messages with these bodies once."""
        self.says(self._messages(bodies, receive_count))

    def _messages(self, bodies: Sequence[str], receive_count: int) -> dict[str, Any]:
        messages = []
        for body in bodies:
            number = self._sent
            self._sent += 1
            messages.append(
                {
                    "MessageId": f"id-{number}",
                    "ReceiptHandle": f"receipt-{number}",
                    "Body": body,
                    "Attributes": {"ApproximateReceiveCount": str(receive_count)},
                }
            )
        return {"Messages": messages}

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

    def open(self) -> None:
        """Make long polls wait for what :meth:`arrives`, as SQS does, until :meth:`close`."""

        def answer(request: Any) -> Any:
            operation = request.headers["x-amz-target"].partition(".")[2]
            if operation in self.broken:
                return self._fake.make_answer(503, b"{}")
            found = self._arrived.get() if operation == "ReceiveMessage" else {}
            return self._fake.make_answer(200, json.dumps(found).encode())

        self._fake.otherwise = answer

    def arrives(self, *bodies: str, receive_count: int = 1) -> None:
        """Have one long poll find messages with these bodies."""
        self._arrived.put(self._messages(bodies, receive_count))

    def close(self) -> None:
        """Let the long poll that waits, if one does, find nothing."""
        self._arrived.put({})

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """The operations so far, with their parameters."""
        return [
            (request.headers["x-amz-target"].partition(".")[2], json.loads(request.body))
            for request in self._fake.requests
        ]


@pytest.fixture(scope="session")
def server(make_fake: Callable[[], Any]) -> Iterator[Any]:
    """The server of all these tests."""
    server = make_fake()
    yield server
    server.close()


@pytest.fixture
def fake(server: Any) -> Any:
    """The server, as new."""
    server.forget()
    server.ahead_seconds = 0.0
    return server


@pytest.fixture(scope="session")
def opened(server: Any, connect: Callable[..., Any], make_sleeps: type, make_source: type) -> Callable[..., Any]:
    """Make an S3 for all tests that need one with the same fields: a client takes a tenth of a second."""

    @functools.cache
    def open_once(**fields: Any) -> Any:
        defaults = {"endpoint_url": server.url, "retry_delays_seconds": (0.0, 10.0, 30.0, 60.0, 120.0, 300.0)}
        return S3(connect(**(defaults | fields)), make_source(), sleep=slept)

    slept = open_once.sleeps = make_sleeps()  # type: ignore[attr-defined]
    return open_once


@pytest.fixture
def sleeps(opened: Any) -> list[float]:
    """The waits of this test."""
    opened.sleeps.clear()
    waits: list[float] = opened.sleeps
    return waits


@pytest.fixture
def make_s3(opened: Any, sleeps: list[float], connect: Any, fake: Any) -> Callable[..., Any]:  # noqa: ARG001
    """Make an S3 that speaks to the server; with credentials of its own, for this test alone."""

    def make(credentials: Any = None, **fields: Any) -> Any:
        if credentials:
            return S3(connect(endpoint_url=fake.url), credentials)
        return opened(**fields)

    return make


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
