# SPDX-License-Identifier: Apache-2.0
"""The trigger of object events under Airflow's own manager of shared streams."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.shared_stream import SharedStreamManager

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.results import ObjectSummary
from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger, watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

TIME = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
PAUSE = 0.005


class Bucket:
    """Stands in for S3, and counts how often it is listed."""

    def __init__(self) -> None:
        self.objects: dict[str, ObjectSummary] = {}
        self.lists = 0
        self.error: Exception | None = None
        self.workers = 2

    def put(self, *keys: str, etag: str = "e1") -> None:
        """Write objects."""
        for key in keys:
            self.objects[key] = ObjectSummary(key=key, size=1, etag=etag, last_modified=TIME, storage_class="STANDARD")

    def delete(self, *keys: str) -> None:
        """Delete objects."""
        for key in keys:
            del self.objects[key]

    def list_objects(self, _bucket_name: str, prefix: str, *, limit: int) -> Iterator[ObjectSummary]:
        """List as S3 does, or fail."""
        self.lists += 1
        if self.error:
            raise self.error
        return iter([self.objects[key] for key in sorted(self.objects) if key.startswith(prefix)][:limit])

    def head_object(self, _bucket_name: str, key: str, _read: object) -> Any:
        """Keep no versions."""
        return type("Head", (), {"version_id": None, "key": key})


class Store:
    """The state of an asset; it outlives the triggerer."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.error: Exception | None = None

    async def aget(self, key: str) -> Any:
        """Read."""
        return json.loads(self.values[key]) if key in self.values else None

    async def aset(self, key: str, value: Any) -> None:
        """Write, or fail unless it is only what is about to be told."""
        if self.error and not key.endswith(".next"):
            raise self.error
        self.values[key] = json.dumps(value)

    async def adelete(self, key: str) -> None:
        """Delete."""
        self.values.pop(key, None)


class Triggerer:
    """Runs triggers as Airflow's does, and stores their events at once, unless ``database`` is down."""

    def __init__(self, **manager: Any) -> None:
        self.streams = SharedStreamManager(**manager)
        self.events: list[tuple[int, str, str]] = []
        self.ids: list[str] = []
        self.database = True
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def start(self, number: int, trigger: S3RestObjectTrigger, *stores: Store) -> None:
        """Start a trigger of some assets."""
        if stores:
            accessors = {f"asset-{index}": store for index, store in enumerate(stores)}
            trigger.asset_state_store = type("Accessors", (), {"_by_name": accessors, "_by_uri": {}})()
        self._tasks[number] = asyncio.create_task(self._run(number, trigger))

    async def stop(self, *numbers: int) -> None:
        """End triggers, as a killed triggerer does, or somebody who removes a watcher."""
        for number in numbers or list(self._tasks):
            task = self._tasks.pop(number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(PAUSE)

    async def told(self, *events: str, number: int = 1) -> None:
        """Wait until a trigger has told just these, each as the kind and key."""
        wanted = sorted(events)
        await self.until(lambda: sorted(f"{kind} {key}" for who, kind, key in self.events if who == number) == wanted)

    async def _run(self, number: int, trigger: S3RestObjectTrigger) -> None:
        key = trigger.shared_stream_key()
        stream = self.streams.subscribe(trigger_id=number, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                seq = self.streams.bind_pending_event(trigger_id=number, key=key)
                assert seq is not None
                if self.database:
                    self.events.append((number, event.payload["event"], event.payload["key"]))
                    self.ids.append(event.payload["event_id"])
                    asyncio.get_running_loop().call_soon(self.streams.confirm_persisted, [seq])
        finally:
            await self.streams.unsubscribe(number, key)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that takes the place of S3."""
    made = Bucket()

    async def call(_trigger: object, function: Callable[[Any], Any], **_: object) -> Any:
        return await asyncio.to_thread(function, made)

    monkeypatch.setattr(watcher, "_call", call)
    monkeypatch.setattr(watcher, "keep_open", lambda _: nullcontext())
    monkeypatch.setattr("airflow_provider_s3rest.s3.watching.snapshots.list_objects", Bucket.list_objects)
    return made


def make(**arguments: Any) -> S3RestObjectTrigger:
    """Make a trigger that looks often."""
    return S3RestObjectTrigger(**{"bucket_name": "bucket", "prefix": "in/", "poll_interval": 0.02} | arguments)


def in_triggerer(test: Callable[[Triggerer], Coroutine[Any, Any, None]], **manager: Any) -> None:
    """Run a test in a triggerer."""

    async def run() -> None:
        triggerer = Triggerer(**manager)
        await test(triggerer)
        await triggerer.stop()
        assert triggerer.streams._groups == {}

    asyncio.run(run())


def position(store: Store) -> dict[str, Any]:
    """Return the head of the position in a store."""
    (head,) = (value for key, value in store.values.items() if "." not in key)
    return dict(json.loads(head))


def test_what_happens_after_the_first_look_is_told(bucket: Bucket) -> None:
    """New, changed and deleted objects become events; what was there is not news."""
    bucket.put("in/old", "in/kept", "out/x")
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), store)
        await triggerer.until(lambda: bool(store.values))
        bucket.put("in/new", "out/y")
        bucket.put("in/kept", etag="e2")
        bucket.delete("in/old")
        await triggerer.told("new in/new", "changed in/kept", "deleted in/old")

    in_triggerer(test)


def test_what_exists_can_be_news(bucket: Bucket) -> None:
    """With ``existing`` the first look tells everything, once for all lives."""
    bucket.put("in/a", "in/b")
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(existing=True), store)
        await triggerer.told("new in/a", "new in/b")
        await triggerer.until(lambda: position(store)["commits"] == 2)
        await triggerer.stop()
        bucket.put("in/c")
        triggerer.start(2, make(existing=True), store)
        await triggerer.told("new in/c", number=2)

    in_triggerer(test)


def test_triggers_of_one_prefix_share_its_looks(bucket: Bucket) -> None:
    """Ten watchers with patterns and kinds of their own cost one listing for each interval."""

    async def test(triggerer: Triggerer) -> None:
        for number in range(10):
            kinds = ["new"] if number % 2 else ["new", "deleted"]
            triggerer.start(number, make(glob=f"*{number}", events=kinds, existing=True), Store())
        await triggerer.until(lambda: bucket.lists > 2)
        bucket.put(*(f"in/{number}" for number in range(10)))
        for number in range(10):
            await triggerer.told(f"new in/{number}", number=number)
        assert len(triggerer.streams._groups) == 1
        bucket.delete("in/3", "in/4")
        await triggerer.told("new in/4", "deleted in/4", number=4)
        await triggerer.told("new in/3", number=3)

    in_triggerer(test)


def test_what_is_not_in_the_database_is_told_again(bucket: Bucket) -> None:
    """A triggerer that dies before its database has an event loses none; the event comes again with the same id."""
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), store)
        await triggerer.until(lambda: bool(store.values))
        triggerer.database = False
        bucket.put("in/a")
        lists = bucket.lists
        await triggerer.until(lambda: bucket.lists > lists)
        await triggerer.stop()
        triggerer.database = True
        triggerer.start(2, make(), store)
        await triggerer.told("new in/a", number=2)

    in_triggerer(test)


def test_what_was_told_and_not_yet_committed_has_the_same_id(bucket: Bucket) -> None:
    """The state of the asset could not be written, so that a restart doubles an event, recognisable by its id."""
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), store)
        await triggerer.until(lambda: bool(store.values))
        store.error = OSError("down")
        bucket.put("in/a")
        await triggerer.told("new in/a")
        await triggerer.stop()
        store.error = None
        triggerer.start(2, make(), store)
        await triggerer.told("new in/a", number=2)
        assert len(set(triggerer.ids)) == 1

    in_triggerer(test)


def test_events_wait_while_the_state_can_not_be_written(bucket: Bucket) -> None:
    """What was told last is remembered first."""
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), store)
        await triggerer.until(lambda: bool(store.values))
        store.error = OSError("down")
        bucket.put("in/a")
        await triggerer.told("new in/a")
        bucket.put("in/b")
        lists = bucket.lists
        await triggerer.until(lambda: bucket.lists > lists + 1)
        await triggerer.told("new in/a")
        store.error = None
        await triggerer.told("new in/a", "new in/b")

    in_triggerer(test)


def test_who_does_not_store_its_events_fails_alone(bucket: Bucket) -> None:
    """After the ack timeout of Airflow the trigger ends, and another one, as Airflow starts it, tells all again."""
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), store)
        await triggerer.until(lambda: bool(store.values))
        triggerer.database = False
        bucket.put("in/a")
        await triggerer.until(triggerer._tasks[1].done)
        assert "AckTimeout" in repr(triggerer._tasks.pop(1).exception())
        triggerer.database = True
        triggerer.start(2, make(), store)
        await triggerer.told("new in/a", number=2)

    in_triggerer(test, ack_timeout=0.2)


def test_who_joins_late_catches_up(bucket: Bucket) -> None:
    """A watcher that was away while others went on is told all that it missed."""
    mine, theirs = Store(), Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), mine)
        triggerer.start(2, make(), theirs)
        await triggerer.until(lambda: bool(mine.values) and bool(theirs.values))
        await triggerer.stop(1)
        bucket.put("in/a")
        await triggerer.told("new in/a", number=2)
        triggerer.start(3, make(), mine)
        await triggerer.told("new in/a", number=3)

    in_triggerer(test)


def test_many_events_come_in_batches(bucket: Bucket) -> None:
    """A thousand objects are told in order, some at a time, without waiting for the interval."""
    bucket.put(*(f"in/{number:04d}" for number in range(1000)))
    store = Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(existing=True, poll_interval=3600), store)
        await triggerer.until(lambda: len(triggerer.events) == 1000)
        assert triggerer.events == sorted(triggerer.events)
        await triggerer.until(lambda: position(store)["commits"] == 6)
        assert bucket.lists == 1

    in_triggerer(test)


def test_assets_of_one_trigger_all_keep_its_position(bucket: Bucket) -> None:
    """Two assets are watched by one trigger: whichever is left goes on from where both were."""
    one, other = Store(), Store()

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(), one, other)
        await triggerer.until(lambda: one.values == other.values != {})
        await triggerer.stop()
        bucket.put("in/a")
        triggerer.start(2, make(), other)
        await triggerer.told("new in/a", number=2)

    in_triggerer(test)


@pytest.mark.parametrize("error", [S3RestNotFoundError("There is no bucket"), ConnectionError("?"), KeyError("conn")])
def test_no_trouble_ends_a_watch(bucket: Bucket, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Airflow would start a failed watcher again at once, and for ever: instead it is logged and tried again."""

    async def test(triggerer: Triggerer) -> None:
        bucket.error = error
        triggerer.start(1, make(existing=True), Store())
        await triggerer.until(lambda: bucket.lists > 2)
        bucket.error = None
        bucket.put("in/a")
        await triggerer.told("new in/a")

    in_triggerer(test)
    assert "s3://bucket/in/: can't be looked at" in caplog.text
    assert "can be looked at again" in caplog.text


def test_a_prefix_with_too_many_objects_says_what_to_do(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """It is not watched in part."""
    bucket.put("in/a", "in/b", "in/c")

    async def test(triggerer: Triggerer) -> None:
        triggerer.start(1, make(existing=True, max_objects=2), Store())
        await triggerer.until(lambda: bucket.lists > 1)
        bucket.delete("in/a")
        await triggerer.told("new in/b", "new in/c")

    in_triggerer(test)
    assert 'watch a narrower prefix, raise max_objects, or let the bucket notify a queue (source="sqs")' in caplog.text


def test_without_shared_streams_it_looks_alone(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Airflow 3.3 the position lives as long as the trigger."""
    monkeypatch.setattr(watcher, "_BETWEEN_BATCHES_SECONDS", 0)

    async def test() -> None:
        events: AsyncIterator[Any] = make(existing=True).run()
        bucket.put(*(f"in/{number:03d}" for number in range(700)))
        keys = [(await anext(events)).payload["key"] for _ in range(700)]
        assert keys == sorted(bucket.objects)
        bucket.delete("in/000")
        assert (await anext(events)).payload["event"] == "deleted"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bucket_name": "s3://b"}, "bucket_name: 's3://b' is not the name of a bucket"),
        ({"bucket_name": None}, "bucket_name"),
        ({"glob": ""}, "glob: is empty"),
        ({"regex": "("}, "regex: '\\(' is no regular expression"),
        ({"events": []}, "events: must be some of new, changed, deleted"),
        ({"events": ["new", "gone"]}, "events: must be some of new, changed, deleted"),
        ({"poll_interval": 0}, "poll_interval: must be more than 0 seconds"),
        ({"poll_interval": "soon"}, "poll_interval: 'soon' is no duration"),
        ({"existing": "maybe"}, "existing: must be true or false"),
        ({"source": "kafka"}, "source: 'kafka' is none of poll"),
        ({"queue_url": "https://sqs.us-east-1.amazonaws.com/1/q"}, "queue_url: belongs to source"),
        ({"max_objects": 0}, "max_objects: must be a number, 1 or more"),
        ({"color": "red"}, "color: no argument of S3RestObjectTrigger in this version of the provider"),
    ],
)
def test_bad_arguments_are_found_when_the_dag_is_read(arguments: dict[str, Any], message: str) -> None:
    """The DAG processor serializes; the constructor of a trigger must not fail, since that would end the triggerer."""
    trigger = make(**arguments)
    with pytest.raises(ValueError, match=message):
        trigger.serialize()


def test_a_row_of_another_version_is_reported_slowly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Arguments that this version does not know end the trigger, but Airflow does not start it again every second."""
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr("asyncio.sleep", nap)

    async def run() -> None:
        async for _ in make(color="red").run():
            pytest.fail("it told something")

    with pytest.raises(ValueError, match="color"):
        asyncio.run(run())
    assert naps == [300.0]
    assert "The watch can't begin: color" in caplog.text


def test_its_row_is_the_same_however_it_is_written() -> None:
    """Airflow compares rows: tuples and durations are stored in one form, and a row makes the same trigger."""
    path, row = make(events=("deleted", "new"), poll_interval=dt.timedelta(seconds=5), glob=("*.a", "*.b")).serialize()
    assert path == "airflow_provider_s3rest.triggers.s3rest.S3RestObjectTrigger"
    assert row == json.loads(json.dumps(row))
    assert (row["events"], row["poll_interval"], row["glob"]) == (["new", "deleted"], 5.0, ["*.a", "*.b"])
    again = S3RestObjectTrigger(**row)
    assert again.serialize() == (path, row)


def test_triggers_share_looks_only_where_these_are_the_same() -> None:
    """What each of them makes of a look does not matter, where and when it looks does."""
    key = make().shared_stream_key()
    assert {make(**each).shared_stream_key() for each in ({"glob": "*"}, {"events": "new"}, {"existing": True})} == {
        key
    }
    others = (
        {"prefix": "x"},
        {"bucket_name": "other"},
        {"poll_interval": 7},
        {"s3rest_conn_id": "x"},
        {"region_name": "r"},
    )
    assert len({make(**each).shared_stream_key() for each in others} | {key}) == 6
