# SPDX-License-Identifier: Apache-2.0
"""Watchers of a bucket of the real S3 server, under Airflow's own manager of shared streams."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.triggers.shared_stream import SharedStreamManager

from airflow_provider_s3rest.s3.polling.desk import _desks
from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from airflow_provider_s3rest.local.stack import LocalStack

ODD_KEYS = ["in/é ü.csv", "in/a+b%20c", "in//x", "in/trailing/", "in/\U0001f600", "in/'\"&<>"]


class Store:
    """The state of an asset, as Airflow keeps it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.told: set[str] = set()
        """The ids of the events that came of it."""

    async def aget(self, key: str) -> Any:
        """Read."""
        return json.loads(self.values[key]) if key in self.values else None

    async def aset(self, key: str, value: Any) -> None:
        """Write."""
        self.values[key] = json.dumps(value)

    async def adelete(self, key: str) -> None:
        """Delete."""
        self.values.pop(key, None)


@pytest.fixture
def watch(local_stack: LocalStack, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Watch the bucket until something has been told so many times, by the state of an asset."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(local_stack.connection()))

    def watch(count: int, store: Store, *, then: Callable[[], object] = lambda: None, **arguments: Any) -> Any:
        trigger = S3RestObjectTrigger(**{"bucket_name": bucket, "prefix": "in/", "poll_interval": 0.05} | arguments)
        trigger.asset_state_store = type("Accessors", (), {"_by_name": {"asset": store}})()
        return asyncio.run(_follow(trigger, count, store, then))

    return watch


async def _follow(
    trigger: S3RestObjectTrigger, count: int, store: Store, then: Callable[[], object]
) -> list[dict[str, Any]]:
    """Do as the triggerer does, until all is told and known to be."""
    streams, key = SharedStreamManager(), trigger.shared_stream_key()
    told: list[dict[str, Any]] = []

    async def run() -> None:
        stream: AsyncIterator[Any] = streams.subscribe(trigger_id=1, trigger=trigger, key=key)
        async for event in trigger.filter_shared_stream(stream):
            seq = streams.bind_pending_event(trigger_id=1, key=key)
            if event.payload["event_id"] not in store.told:
                # A watcher that was stopped before it knew of the database tells an event once more.
                told.append(event.payload)
            store.told.add(event.payload["event_id"])
            asyncio.get_running_loop().call_soon(streams.confirm_persisted, [seq])

    task = asyncio.create_task(run())

    async def until(reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not reached():
                await asyncio.sleep(0.01)
                assert not task.done(), task.result()

    await until(lambda: bool(store.values))
    await asyncio.to_thread(then)
    before = dict(store.values)
    await until(lambda: len(told) >= count and (store.values != before or not count))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await streams.unsubscribe(1, key)
    # One that was stopped before it began, since all had been told, has none.
    desk = _desks.get(asyncio.get_running_loop())
    assert not (desk and desk._accounts)
    return told


def test_what_happens_is_told(watch: Callable[..., list[dict[str, Any]]], s3_client: Any, bucket: str) -> None:
    """From a first look on, across restarts, with what the service says of each object."""
    store = Store()
    s3_client.put_object(Bucket=bucket, Key="in/old", Body=b"1")

    def change() -> None:
        s3_client.put_object(Bucket=bucket, Key="out/x", Body=b"1")
        s3_client.put_object(Bucket=bucket, Key="in/new", Body=b"12")
        s3_client.delete_object(Bucket=bucket, Key="in/old")

    told = watch(2, store, then=change)
    head = s3_client.head_object(Bucket=bucket, Key="in/new")
    assert {payload["key"]: payload["event"] for payload in told} == {"in/new": "new", "in/old": "deleted"}
    (new,) = (payload for payload in told if payload["event"] == "new")
    assert (new["etag"], new["size"], new["version_id"]) == (head["ETag"].strip('"'), 2, None)
    assert new["last_modified"][:19] == head["LastModified"].isoformat()[:19]

    s3_client.put_object(Bucket=bucket, Key="in/new", Body=b"123")
    (changed,) = watch(1, store)
    assert (changed["event"], changed["key"], changed["size"]) == ("changed", "in/new", 3)
    assert changed["event_id"] != new["event_id"]


def test_versions_are_told(watch: Callable[..., list[dict[str, Any]]], s3_client: Any, bucket: str) -> None:
    """A bucket that keeps them is asked for that of each object."""
    s3_client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = {key: s3_client.put_object(Bucket=bucket, Key=key, Body=b"1")["VersionId"] for key in ("in/a", "in/b")}
    told = watch(2, Store(), existing=True)
    assert {payload["key"]: payload["version_id"] for payload in told} == versions


def test_keys_are_told_as_they_are(
    watch: Callable[..., list[dict[str, Any]]], s3_client: Any, bucket: str, local_stack: LocalStack
) -> None:
    """Whatever characters they hold; those that the local server keeps."""
    assert local_stack
    for key in ODD_KEYS:
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"1")
    listed = [each["Key"] for each in s3_client.list_objects_v2(Bucket=bucket, Prefix="in/")["Contents"]]
    told = watch(len(listed), Store(), existing=True)
    assert sorted(payload["key"] for payload in told) == sorted(listed)


def test_a_watcher_that_ends_in_the_middle_goes_on_there(
    watch: Callable[..., list[dict[str, Any]]], s3_client: Any, bucket: str
) -> None:
    """What it told is not told again, what it did not is."""
    keys = [f"in/{number:04d}" for number in range(120)]
    for key in keys:
        s3_client.put_object(Bucket=bucket, Key=key, Body=b"1")
    store = Store()
    first = [payload["key"] for payload in watch(50, store, existing=True)]
    assert first == keys[: len(first)]
    rest = [payload["key"] for payload in watch(120 - len(first), store, existing=True)]
    assert {*first, *rest} == {*keys}
