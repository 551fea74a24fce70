# SPDX-License-Identifier: Apache-2.0
"""Tests of polls that look when a notification of the bucket says so."""

from __future__ import annotations

import asyncio
import json
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.polling.polls import Poll
from airflow_provider_s3rest.s3.polling.waiters import Waiter
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition, UnchangedCondition
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Target, Verdict

EMPTY = b"<ListBucketResult></ListBucketResult>"


class Receiver:
    """Stands in for the receiver of a queue."""

    def __init__(self) -> None:
        self.nudges: dict[Target, Callable[[Callable[[], object]], object]] = {}
        self.done: list[Target] = []

    def watch(self, target: Target, nudge: Any) -> Callable[[], object]:
        """Remember who watches what."""
        self.nudges[target] = nudge
        return lambda: self.nudges.pop(target)

    def nudge(self) -> None:
        """Nudge everybody."""
        for target, nudge in self.nudges.items():
            nudge(lambda target=target: self.done.append(target))  # type: ignore[misc]


class Scene:
    """A room with one who waits and is nudged."""

    def __init__(self, room: Any, condition: Condition) -> None:
        self.receiver = Receiver()
        self.wait: asyncio.Future[Verdict] | None = None
        self._room = room
        self._condition = condition

    def __enter__(self) -> Receiver:
        desk = self._room.desk
        waiter = Waiter(self._condition, interval=10.0, memory=None, log=self._room.told.append)
        waiter.receiver = self.receiver  # type: ignore[assignment]
        self.wait = waiter.verdict
        self._using = desk.using("a", self._room.open_account)
        account = self._using.__enter__()
        (target,) = waiter.folds
        self._poll = account.polls[target] = Poll(account, target, self._room.timers, lambda low, _: low)
        self._poll.join(waiter)
        self._waiter = waiter
        return self.receiver

    def __exit__(self, *_: object) -> None:
        self._poll.leave(self._waiter)
        self._using.__exit__(None, None, None)


@pytest.fixture
def key() -> Condition:
    """A key that is waited for."""
    return KeyCondition.parse("bucket", Wishes(key="a"))


def test_who_is_nudged_looks_once_at_the_start_and_then_only_when_nudged(
    play: Callable[..., Any], fake: Any, key: Condition
) -> None:
    """However much time passes; the notification is done with after that look."""
    fake.always(404)

    async def scene(room: Any) -> None:
        with Scene(room, key) as receiver:
            await room.after(100_000)
            assert [request.method for request in fake.requests] == ["HEAD", "GET"]
            receiver.nudge()
            assert not receiver.done
            await room.after(0.25)
            assert (len(fake.requests), len(receiver.done)) == (3, 1)
            assert room.timers.due == []
        assert receiver.nudges == {}

    play(scene)


def test_a_notification_is_not_done_with_while_looks_fail(play: Callable[..., Any], fake: Any, key: Condition) -> None:
    """They are repeated until one succeeds."""
    fake.always(404)

    async def scene(room: Any) -> None:
        with Scene(room, key) as receiver:
            await room.after(1)
            fake.then(503)
            receiver.nudge()
            await room.after(1)
            assert receiver.done == []
            await room.after(10)
            assert len(receiver.done) == 1

    play(scene)


def test_many_nudges_cause_few_looks(play: Callable[..., Any], fake: Any, key: Condition) -> None:
    """One a second at most, and none is lost."""
    fake.always(404)

    async def scene(room: Any) -> None:
        with Scene(room, key) as receiver:
            await room.after(10)
            before = len(fake.requests)
            for _ in range(20):
                receiver.nudge()
                await room.after(0.1)
            await room.after(2)
            assert len(fake.requests) - before == 3
            assert len(receiver.done) == 20

    play(scene)


def test_nudges_do_not_outrun_the_back_off(play: Callable[..., Any], fake: Any, key: Condition) -> None:
    """A service that is down is not asked more often because of them."""
    fake.always(404)

    async def scene(room: Any) -> None:
        with Scene(room, key) as receiver:
            await room.after(1)
            fake.always(503)
            before = len(fake.requests)
            for _ in range(20):
                receiver.nudge()
                await room.after(1)
            assert len(fake.requests) - before <= 3
            fake.always(404)
            await room.after(60)
            assert len(receiver.done) == 20

    play(scene)


def test_a_wait_that_has_ended_has_done_with_its_notifications(
    play: Callable[..., Any], fake: Any, queue: Callable[[str], None]
) -> None:
    """Also with those that nobody looks at any more, since another key was enough."""
    condition = KeyCondition.parse("bucket", Wishes(key=["a", "b"]), wait_for="any")

    async def scene(room: Any) -> None:
        wait = room.begin(condition, queue_url=f"{fake.url}/123456789012/q")
        await room.after(1)
        (account,) = room.desk._accounts.values()
        one, other = (account.polls[look.target] for look in condition.looks)
        done: list[str] = []
        queue("a")
        other._rested = room.timers.now + 100
        other.nudge(lambda: done.append("b"))
        while not wait.done():
            await asyncio.sleep(0)
            await room.after(0.25)
        assert done == ["b"]
        assert one is not other

    play(scene)


def test_who_is_nudged_looks_when_a_period_ends(play: Callable[..., Any], fake: Any) -> None:
    """Since nobody notifies of quiet."""
    fake.always(200, EMPTY)
    condition = UnchangedCondition.parse("bucket", "p/", quiet_for=600, at_least_objects=0)

    async def scene(room: Any) -> None:
        with Scene(room, condition) as _:
            await room.after(1)
            assert len(fake.requests) == 1
            assert room.timers.due == [pytest.approx(room.timers.now + 600, abs=1.5)]

    play(scene)


def test_one_who_is_not_nudged_sets_the_pace(play: Callable[..., Any], fake: Any, key: Condition) -> None:
    """At a poll that others share who are."""
    fake.always(404)

    async def scene(room: Any) -> None:
        with Scene(room, key) as _:
            await room.after(1)
            room.begin("a", interval=10.0)
            await room.after(25)
            assert len(fake.requests) > 3

    play(scene)


@pytest.fixture
def queue(fake: Any) -> Iterator[Callable[[str], None]]:
    """A queue that notifies of keys, on the server of the bucket; keys exist once it has."""
    arrived: SimpleQueue[dict[str, Any]] = SimpleQueue()
    there: set[bytes] = set()

    def answer(request: Any) -> Any:
        operation = request.headers.get("x-amz-target", "").partition(".")[2]
        if not operation:
            return fake.make_answer(200, b"12345") if request.path in there else fake.make_answer(404)
        return fake.make_answer(200, json.dumps(arrived.get() if operation == "ReceiveMessage" else {}).encode())

    def notify(key: str) -> None:
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "bucket"}, "object": {"key": key}},
        }
        there.add(f"/bucket/{key}".encode())
        message = {"MessageId": key, "ReceiptHandle": f"r-{key}", "Body": json.dumps({"Records": [record]})}
        arrived.put({"Messages": [message]})

    fake.otherwise = answer
    yield notify
    for _ in range(3):
        arrived.put({})


def test_a_wait_by_a_queue_ends_with_its_notification(
    play: Callable[..., Any], fake: Any, queue: Callable[[str], None]
) -> None:
    """Which is deleted before the wait returns; all who wait by one queue share its receiver."""

    async def scene(room: Any) -> None:
        waits = [room.begin(key, queue_url=f"{fake.url}/123456789012/q") for key in ("a", "a", "b")]
        await room.after(1)
        (account,) = room.desk._accounts.values()
        assert len(account.receivers) == 1
        queue("a")
        while not all(wait.done() for wait in waits[:2]):
            await asyncio.sleep(0)
            await room.after(0.25)
        operations = [request.headers.get("x-amz-target", "").partition(".")[2] for request in fake.requests]
        assert "DeleteMessageBatch" in operations
        assert not waits[2].done()
        waits[2].cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        assert account.receivers == {}

    play(scene)


def test_a_queue_that_is_refused_ends_the_wait(play: Callable[..., Any], fake: Any) -> None:
    """Since it would never be nudged."""
    fake.otherwise = lambda request: fake.make_answer(403 if "x-amz-target" in request.headers else 404, b"{}")

    async def scene(room: Any) -> None:
        wait = room.begin("a", queue_url=f"{fake.url}/123456789012/q")
        with pytest.raises(Exception, match="403"):
            await wait

    play(scene)
