# SPDX-License-Identifier: Apache-2.0
"""Tests of a queue in an event loop: trouble is waited through, and messages are done away with many at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.notifications.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Calls:
    """Makes calls in threads, as an account of the desk does."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    async def call(self, function: Callable[[Any], Any]) -> Any:
        """Call a function."""
        return await asyncio.to_thread(function, self._s3)

    async def is_passing(self, error: Exception) -> bool:
        """Judge an error."""
        return is_passing(error)


def test_the_patient_wait_through_a_refusal(
    sqs: Any, make_s3: Callable[..., Any], notify: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Each one is told, unlike trouble that passes by itself."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> list[Any]:
        inbox = Inbox(Calls(make_s3(retry_delays_seconds=())), sqs.url, sleep)
        return await inbox.receive(patient=True)

    for _ in range(10):
        sqs.refuses("AccessDeniedException", 403, message="Not you")
    sqs.holds(notify())
    assert len(asyncio.run(main())) == 1
    assert slept == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0]
    assert caplog.text.count("is tried again: An error occurred (AccessDeniedException)") == 10


def test_messages_are_done_away_with_many_at_once(
    sqs: Any, make_s3: Callable[..., Any], notify: Callable[..., str]
) -> None:
    """One request for each kind of end."""

    async def main() -> None:
        inbox = Inbox(Calls(make_s3()), sqs.url)
        first, second, third, *others = await inbox.receive()
        inbox.delete(first)
        inbox.delete(second)
        inbox.hide(third, 120)
        for message in others:
            inbox.give_back(message)
        await inbox.settled()
        await inbox.settled()

    sqs.holds(*(notify(str(number)) for number in range(5)))
    asyncio.run(main())
    ends = [(name, [entry.get("VisibilityTimeout") for entry in asked["Entries"]]) for name, asked in sqs.asked[1:]]
    assert sorted(ends, key=str) == [
        ("ChangeMessageVisibilityBatch", [120]),
        ("ChangeMessageVisibilityBatch", [30, 30]),
        ("DeleteMessageBatch", [None, None]),
    ]
