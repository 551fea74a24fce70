# SPDX-License-Identifier: Apache-2.0
"""Tests of watchers that a bucket of moto notifies, under Airflow's manager of shared streams; S3 is never asked."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.shared_stream import SharedStreamManager

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.s3.notifications.inbox import Inbox
from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger
from tests.integration.notified import Place, asked_of_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from airflow_provider_s3rest.s3.notifications.queue import Message


class Triggerer:
    """Runs triggers as Airflow's does, and stores their events at once, unless its ``database`` is down."""

    def __init__(self, place: Place, **manager: Any) -> None:
        self.streams = SharedStreamManager(**manager)
        self.told: asyncio.Queue[tuple[int, dict[str, Any]]] = asyncio.Queue()
        self.database = True
        self._place = place
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, number: int, **arguments: Any) -> asyncio.Task[None]:
        """Start a trigger."""
        defaults = {"bucket_name": self._place.bucket, "source": "sqs", "queue_url": self._place.url}
        trigger = S3RestObjectTrigger(**{**defaults, **arguments})
        self._tasks[number] = asyncio.create_task(self._run(number, trigger))
        return self._tasks[number]

    async def stop(self) -> None:
        """End all triggers, as a killed triggerer does."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def puts(self, *keys: str) -> None:
        """Write objects."""
        await asyncio.to_thread(self._place.put, *keys)

    async def hears(self, count: int = 1) -> list[str]:
        """Wait for events, and return who tells what."""
        told = [await self.told.get() for _ in range(count)]
        return sorted(f"{number} {payload['event']} {payload['key']}" for number, payload in told)

    async def held(self, *numbers: int) -> None:
        """Wait until the queue shows and hides so many messages."""
        async with asyncio.timeout(60):
            while await asyncio.to_thread(self._place.held) != numbers:  # noqa: ASYNC110 - moto tells nobody
                await asyncio.sleep(0.02)

    async def _run(self, number: int, trigger: S3RestObjectTrigger) -> None:
        key = trigger.shared_stream_key()
        stream = self.streams.subscribe(trigger_id=number, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                seq = self.streams.bind_pending_event(trigger_id=number, key=key)
                assert seq is not None
                json.dumps(event.payload)
                self.told.put_nowait((number, event.payload))
                if self.database:
                    asyncio.get_running_loop().call_soon(self.streams.confirm_persisted, [seq])
        finally:
            await self.streams.unsubscribe(number, key)


@pytest.fixture
def place(
    moto_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Place]:
    """A bucket that notifies a queue, of which Airflow has the connection; only the test asks for its objects."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(moto_fields | {"conn_type": "s3rest"}))
    s3 = S3RestHook().store
    name = f"watched-{uuid.uuid4().hex[:12]}"
    s3.client().create_bucket(Bucket=name)
    place = Place(s3, name)
    caplog.set_level(logging.INFO, "werkzeug")
    caplog.clear()
    yield place
    assert [line for line in asked_of_s3(caplog.messages) if line.startswith(("GET", "HEAD"))] == []


@pytest.fixture
def play(place: Place) -> Callable[..., None]:
    """Run a scene in a triggerer."""

    def play(scene: Callable[[Triggerer], Coroutine[Any, Any, None]], **manager: Any) -> None:
        async def main() -> None:
            triggerer = Triggerer(place, **manager)
            try:
                await scene(triggerer)
            finally:
                await triggerer.stop()

        asyncio.run(main())

    return play


def test_what_happens_becomes_events(play: Callable[..., None], place: Place) -> None:
    """Then the messages are deleted."""

    async def scene(triggerer: Triggerer) -> None:
        triggerer.start(1)
        await triggerer.puts("in/a b", "in/c+")
        await asyncio.to_thread(place.delete, "in/c+")
        assert await triggerer.hears(3) == ["1 deleted in/c+", "1 new in/a b", "1 new in/c+"]
        await triggerer.held(0, 0)

    play(scene)


def test_watchers_of_one_queue_share_it(play: Callable[..., None]) -> None:
    """Each is told what it watches; what none of them does is left to others."""

    async def scene(triggerer: Triggerer) -> None:
        triggerer.start(1, prefix="in/", glob="*.csv")
        triggerer.start(2, prefix="in/", events=["deleted"])
        triggerer.start(3, prefix="")
        await triggerer.puts("in/a.csv", "in/b.txt")
        assert await triggerer.hears(3) == ["1 new in/a.csv", "3 new in/a.csv", "3 new in/b.txt"]
        await triggerer.held(0, 0)
        assert len(triggerer.streams._groups) == 1

    play(scene)


def test_what_nobody_watches_goes_back(play: Callable[..., None]) -> None:
    """Hidden for a while."""

    async def scene(triggerer: Triggerer) -> None:
        triggerer.start(1, prefix="in/")
        await triggerer.puts("out/a", "in/b")
        assert await triggerer.hears() == ["1 new in/b"]
        await triggerer.held(0, 1)

    play(scene)


def test_what_is_not_in_the_database_comes_again(play: Callable[..., None]) -> None:
    """A triggerer that dies before shows the message at once, and the next one tells the same event."""

    async def scene(triggerer: Triggerer) -> None:
        triggerer.start(1)
        triggerer.database = False
        await triggerer.puts("in/a")
        _, first = await triggerer.told.get()
        await triggerer.stop()
        await triggerer.held(1, 0)
        triggerer.database = True
        triggerer.start(2)
        number, again = await triggerer.told.get()
        assert (number, again) == (2, first)
        await triggerer.held(0, 0)

    play(scene)


def test_who_does_not_store_its_events_fails_and_leaves_them(play: Callable[..., None]) -> None:
    """After the ack timeout of Airflow."""

    async def scene(triggerer: Triggerer) -> None:
        triggerer.database = False
        task = triggerer.start(1)
        await triggerer.puts("in/a")
        await asyncio.wait([task])
        assert "AckTimeout" in repr(task.exception())
        await triggerer.held(0, 1)

    play(scene, ack_timeout=0.2)


def test_poison_stops_nobody(play: Callable[..., None], place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """It is reported, and set aside."""

    async def scene(triggerer: Triggerer) -> None:
        await asyncio.to_thread(place.sqs.send_message, QueueUrl=place.url, MessageBody="secret words")
        triggerer.start(1)
        await triggerer.puts("in/a")
        assert await triggerer.hears() == ["1 new in/a"]
        await triggerer.held(0, 1)

    play(scene)
    assert "is set aside" in caplog.text
    assert "secret" not in caplog.text


def test_messages_under_way_are_kept_hidden(play: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as Airflow needs to store what they told; SQS would show them again before."""
    monkeypatch.setattr("airflow_provider_s3rest.triggers.s3rest.queue_stream._KEPT_AFTER_SECONDS", 0.05)
    kept: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    hide = Inbox.hide

    def spy(inbox: Inbox, message: Message, seconds: int) -> None:
        kept.put_nowait((message.notifications[0].key, seconds))
        hide(inbox, message, seconds)

    monkeypatch.setattr(Inbox, "hide", spy)

    async def scene(triggerer: Triggerer) -> None:
        triggerer.database = False
        triggerer.start(1)
        await triggerer.puts("in/a")
        assert [await kept.get() for _ in range(2)] == [("in/a", 120)] * 2
        await triggerer.held(0, 1)

    play(scene)
    assert [kept.get_nowait() for _ in range(kept.qsize())][-1] == ("in/a", 0)


def test_alone_a_message_is_deleted_when_its_events_are_taken(place: Place) -> None:
    """As Airflow before 3.3 wants it."""

    async def main() -> None:
        trigger = S3RestObjectTrigger(bucket_name=place.bucket, source="sqs", queue_url=place.url)
        events = trigger.run()
        await asyncio.to_thread(place.put, "in/a", "in/b")
        keys = [(await anext(events)).payload["key"] for _ in range(2)]
        assert keys == ["in/a", "in/b"]
        waiting = asyncio.ensure_future(anext(events))
        async with asyncio.timeout(60):
            while await asyncio.to_thread(place.held) != (0, 0):
                await asyncio.wait((waiting,), timeout=0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"existing": True}, "existing: no notification tells of what is there already"),
        ({"events": ["changed"]}, 'events: no notification tells "changed" from "new"'),
        ({"queue_url": None}, "queue_url: is missing"),
        ({"source": "poll"}, "queue_url: belongs to source"),
    ],
)
def test_what_no_notification_can_tell_is_refused(place: Place, arguments: dict[str, Any], reason: str) -> None:
    """When the DAG is read."""
    defaults = {"bucket_name": place.bucket, "source": "sqs", "queue_url": place.url}
    with pytest.raises(ValueError, match=reason):
        S3RestObjectTrigger(**{**defaults, **arguments}).serialize()
