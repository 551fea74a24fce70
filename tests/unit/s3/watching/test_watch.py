# SPDX-License-Identifier: Apache-2.0
"""One watcher between snapshots and its position."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.watching.ledger import Ledger
from airflow_provider_s3rest.s3.watching.model import KINDS, Change, Known, Snapshot
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
    await watch.take(batch)
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


def test_what_was_being_told_is_told_again_whatever_has_become_of_it(store: Any) -> None:
    """An object was told of, the watcher died, and then the object was deleted: both is told."""

    async def test() -> None:
        watch = watch_in(store)
        await watch.take(await watch.look(look_of("a", "b"), MANY))
        heir = watch_in(store)
        assert await tell(heir, look_of("b=e2")) == ["new a", "new b"]
        assert await tell(heir, look_of("b=e2")) == ["deleted a", "changed b"]
        assert await tell(watch_in(store), look_of("b=e2")) == []

    asyncio.run(test())


def test_what_can_not_be_written_down_is_not_told(store: Any, killed: Any) -> None:
    """It waits until it can."""

    async def test() -> None:
        watch, snapshot = watch_in(store), look_of("a")
        batch = await watch.look(snapshot, MANY)
        store.lives = 0
        with pytest.raises(killed):
            await watch.take(batch)
        store.lives = None
        assert await tell(watch, snapshot) == ["new a"]

    asyncio.run(test())


def test_events_of_long_keys_come_in_smaller_batches(store: Any) -> None:
    """What is about to be told must fit into one value too."""

    async def test() -> None:
        keys = [f"{number:03d}" + "\U0001f600" * 250 for number in range(100)]
        watch, told = watch_in(store), []
        while events := await tell(watch, look_of(*keys)):
            told += events
            assert max(map(len, store.values.values())) < 65_000
        assert told == [f"new {key}" for key in keys]

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
        await watch.take(first)
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


_LOOKS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["e1", "e2"]), max_size=8),
        st.none() | st.tuples(st.integers(0, 3), st.integers(0, 6)),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(looks=_LOOKS)
def test_whoever_follows_the_events_knows_what_is_there(
    looks: list[tuple[dict[str, str], tuple[int, int] | None]], make_store: Any, killed: Any
) -> None:
    """Wherever it is killed - between two events, between two writes - and doubled only by a kill, with the same id."""
    follower = _Follower(killed)

    async def test() -> None:
        store = make_store()
        watch = watch_in(store)
        for number, (etags, death) in enumerate([*looks, ({"z": "e1"}, None)]):
            events, store.lives = death or (MANY, None)
            try:
                snapshot = Snapshot(tuple(Known(key, etags[key], 1, number) for key in sorted(etags)))
                await follower.hear(watch, snapshot, events)
                assert follower.objects == etags
            except killed:
                watch = watch_in(store)

    asyncio.run(test())
    if not any(death for _, death in looks):
        assert len(follower.ids) == len(set(follower.ids))


class _Follower:
    """Makes of events what the bucket holds."""

    def __init__(self, killed: type[Exception]) -> None:
        self.ids: list[str] = []
        self.objects: dict[str, str] = {}
        self._killed = killed

    async def hear(self, watch: Watch, snapshot: Snapshot, events: int) -> None:
        """Have a watcher tell all that a look shows; it dies after so many events."""
        more = True
        while more:
            batch = await watch.look(snapshot, 3)
            await watch.take(batch)
            for change in batch.told[:events]:
                self._note(change)
            events -= len(batch.told)
            if events < 0:
                raise self._killed
            await watch.settle()
            more = batch.more

    def _note(self, change: Change) -> None:
        self.ids.append(change.event_id("b"))
        if change.kind == "deleted":
            self.objects.pop(change.known.key, None)
        else:
            self.objects[change.known.key] = change.known.etag


def test_who_was_displaced_goes_on_from_where_the_other_is(store: Any, known: Callable[..., Known]) -> None:
    """Two triggerers that both think that the watcher is theirs tell some things twice, and lose nothing."""

    async def test() -> None:
        one, other = watch_in(store), watch_in(store)
        told = [await tell(each, look_of(*"abcdefgh"[:number])) for number, each in enumerate([one, other] * 4, 1)]
        assert {event for events in told for event in events} == {f"new {key}" for key in "abcdefgh"}
        assert await tell(watch_in(store), look_of(*"abcdefgh")) == []

    asyncio.run(test())
    assert known("a")
