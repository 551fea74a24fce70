# SPDX-License-Identifier: Apache-2.0
"""One watcher between snapshots and its position."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.watching.ledger import Ledger
from airflow_provider_s3rest.s3.watching.model import KINDS, Known, Snapshot
from airflow_provider_s3rest.s3.watching.watch import Interest, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 1000


def look_of(*objects: str) -> Snapshot:
    """Make a snapshot of objects, each given as its key and perhaps its ETag."""
    parts = (each.partition("=") for each in objects)
    return Snapshot(tuple(Known(key, etag or "e1", 1, 1) for key, _, etag in parts))


def watch_in(*stores: Any, **interest: Any) -> Watch:
    """Make a watcher."""
    return Watch(Interest(**{"kinds": KINDS, "existing": True} | interest), Ledger(stores, "p"))


async def tell(watch: Watch, snapshot: Snapshot, most: int = MANY) -> list[str]:
    """Let a watcher tell something, all of which is safe then."""
    batch = await watch.look(snapshot, most)
    watch.take(batch)
    await watch.settle()
    return [f"{change.kind} {change.known.key}" for change in batch.told]


def test_what_was_told_is_told_once() -> None:
    """Also without any store, as long as the watcher lives."""

    async def test() -> None:
        watch = watch_in()
        assert await tell(watch, look_of("a", "b")) == ["new a", "new b"]
        assert await tell(watch, look_of("a", "b")) == []
        assert await tell(watch, look_of("a=e2")) == ["changed a", "deleted b"]

    asyncio.run(test())


def test_what_was_not_taken_is_told_again(store: Any) -> None:
    """As where its version ids could not be learnt."""

    async def test() -> None:
        watch, snapshot = watch_in(store), look_of("a")
        await watch.look(snapshot, MANY)
        await watch.settle()
        assert await tell(watch, snapshot) == ["new a"]

    asyncio.run(test())


def test_kinds_that_are_not_wanted_are_known_all_the_same(store: Any) -> None:
    """They are passed over, in memory and after a restart."""

    async def test() -> None:
        watch = watch_in(store, kinds=["deleted"])
        assert await tell(watch, look_of("a", "b")) == []
        assert await tell(watch_in(store, kinds=["deleted", "new"]), look_of("b", "c")) == ["deleted a", "new c"]

    asyncio.run(test())


def test_more_is_told_later_also_of_a_newer_look() -> None:
    """At most so many at once; what has become of the rest meanwhile is told as it is then."""

    async def test() -> None:
        watch, snapshot = watch_in(), look_of("a", "b", "c", "d")
        first = await watch.look(snapshot, 2)
        assert (len(first.told), first.more) == (2, True)
        watch.take(first)
        assert (await watch.look(snapshot, 2)).more is False
        await watch.settle()
        assert await tell(watch, look_of("b", "d=e2")) == ["deleted a", "new d"]

    asyncio.run(test())


def test_the_first_look_is_stored_at_once(store: Any) -> None:
    """From then on nothing is lost; what does not match is not even known."""

    async def test() -> None:
        await watch_in(store, existing=False, is_meant=lambda key: key != "x").look(look_of("a", "x"), MANY)
        assert await tell(watch_in(store), look_of("b", "x")) == ["deleted a", "new b", "new x"]

    asyncio.run(test())


def test_a_first_look_that_could_not_be_stored_counts_all_the_same(store: Any, killed: Any) -> None:
    """It is stored later; what has happened since then is told."""

    async def test() -> None:
        watch = watch_in(store, existing=False)
        store.lives = 0
        with pytest.raises(killed):
            await watch.look(look_of("a"), MANY)
        store.lives = None
        assert await tell(watch, look_of("a", "b")) == ["new b"]
        assert await tell(watch_in(store), look_of("a", "b")) == []

    asyncio.run(test())


def test_state_that_was_cleared_begins_anew(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody clears the state of the asset while it is watched: the next look is the first one again."""

    async def test() -> None:
        watch = watch_in(store)
        assert await tell(watch, look_of("a")) == ["new a"]
        store.values.clear()
        assert await tell(watch, look_of("a", "b")) == ["new b"]
        assert await tell(watch, look_of("a", "b", "c")) == ["new a", "new b", "new c"]

    asyncio.run(test())
    assert "Position p has been stored by somebody else, or cleared: it is read again" in caplog.text


def test_who_was_displaced_goes_on_from_where_the_other_is(store: Any, known: Callable[..., Known]) -> None:
    """Two triggerers that both think that the watcher is theirs tell some things twice, and lose nothing."""

    async def test() -> None:
        one, other = watch_in(store), watch_in(store)
        told = [await tell(each, look_of(*"abcdefgh"[:number])) for number, each in enumerate([one, other] * 4, 1)]
        assert {event for events in told for event in events} == {f"new {key}" for key in "abcdefgh"}
        assert await tell(watch_in(store), look_of(*"abcdefgh")) == []

    asyncio.run(test())
    assert known("a")
