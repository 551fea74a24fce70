# SPDX-License-Identifier: Apache-2.0
"""A position in small values: what it takes, and that no death of its writer makes it forget or make up anything."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.watching.changes import differences
from airflow_provider_s3rest.s3.watching.ledger import DisplacedError, Ledger
from airflow_provider_s3rest.s3.watching.model import Change, Known, Snapshot
from airflow_provider_s3rest.s3.watching.position import MAX_PIECE_LETTERS, Position, PositionError

if TYPE_CHECKING:
    from collections.abc import Callable


def _listing(number: int) -> list[Known]:
    rng = random.Random(1)  # noqa: S311 - the same in every run
    return [
        Known(f"incoming/2026/11/part-{index:07d}.parquet", f"{rng.getrandbits(128):032x}", rng.randrange(10**7), index)
        for index in range(number)
    ]


async def _load(*stores: Any) -> Position:
    position, _ = await Ledger(stores, "p").load()
    assert position is not None
    return position


def test_many_objects_are_stored_small(store: Any) -> None:
    """Each value stays below Airflow's warning; all of them take about 40 bytes for each object."""
    objects = _listing(20_000)
    asyncio.run(Ledger([store], "p").save(Position(objects)))
    assert max(map(len, store.values.values())) <= MAX_PIECE_LETTERS + 2
    assert sum(map(len, store.values.values())) < 20_000 * 45
    assert list(asyncio.run(_load(store)).objects()) == objects


def test_a_change_rewrites_its_piece_only(store: Any, known: Callable[..., Known]) -> None:
    """One new object among many costs two writes, and the old piece is deleted."""

    async def change() -> None:
        ledger, position = Ledger([store], "p"), Position(_listing(20_000))
        await ledger.save(position)
        before = len(store.values)
        store.writes.clear()
        position.move([Change("new", known("incoming/2026/11/part-0010000x"))])
        await ledger.save(position)
        assert len(store.writes) == 2
        assert len(store.values) == before

    asyncio.run(change())


def test_long_keys_make_smaller_pieces(store: Any) -> None:
    """Keys of 1,000 random characters can't be squeezed, so that a piece holds fewer."""
    rng = random.Random(1)  # noqa: S311 - the same in every run
    objects = sorted(Known(rng.randbytes(500).hex(), rng.randbytes(16).hex(), 1, 1) for _ in range(300))
    asyncio.run(Ledger([store], "p").save(Position(objects)))
    assert max(map(len, store.values.values())) <= MAX_PIECE_LETTERS + 2
    assert list(asyncio.run(_load(store)).objects()) == objects


def test_what_shrinks_takes_less(store: Any) -> None:
    """Pieces that have become small are joined, and empty ones go."""

    async def shrink() -> None:
        objects = _listing(20_000)
        ledger, position = Ledger([store], "p"), Position(objects)
        await ledger.save(position)
        position.move(Change("deleted", each) for each in objects if each.modified % 1000)
        await ledger.save(position)
        assert len(store.values) == 2
        assert [each.modified for each in position.objects()] == list(range(0, 20_000, 1000))
        position.move([Change("deleted", each) for each in position.objects()])
        await ledger.save(position)
        assert (len(position), len(store.values)) == (0, 1)
        assert len(await _load(store)) == 0

    asyncio.run(shrink())


_KEYS = st.sampled_from([f"k{number:02d}" for number in range(40)] + ["é\n\t\x00\U0001f600"])
_STEPS = st.lists(
    st.tuples(st.dictionaries(_KEYS, st.sampled_from(["e1", "e2", "e3"]), max_size=40), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS, stores=st.integers(1, 2))
def test_a_killed_writer_leaves_what_was_or_what_is(
    steps: list[tuple[dict[str, str], int]], stores: int, make_store: Any, killed: Any
) -> None:
    """Whenever it dies, what is read is the position before or the one after; and no piece is left over for ever."""

    async def live() -> None:
        kept = [make_store() for _ in range(stores)]
        before: list[Known] = []
        for etags, lives in steps:
            now = [Known(key, etags[key], 1, 1) for key in sorted(etags)]
            ledger = Ledger(kept, "p")
            position = (await ledger.load())[0] or Position()
            assert list(position.objects()) == before
            position.move(differences(position.objects(), now))
            for each in kept:
                each.lives = lives
            try:
                await ledger.save(position)
            except killed:
                after, _ = await Ledger(kept, "p").load()
                found = list(after.objects()) if after else []
                assert found in (before, now)
                before = found
            else:
                before = now
                # What an earlier writer left over when it died will be overwritten.
                spare = {f"p.{number}" for number in range(position.head.following, 1000)}
                for each in kept:
                    assert len(each.values.keys() - spare) == 1 + len(position.pieces)

    _shrink_pieces(live)


def _shrink_pieces(live: Any) -> None:
    from airflow_provider_s3rest.s3.watching import position

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(position, "MAX_PIECE_LETTERS", 200)
        patch.setattr(position, "_PIECE_OBJECTS", 5)
        patch.setattr(position, "_FEW_OBJECTS", 3)
        asyncio.run(live())


def test_a_failed_save_is_made_good_by_the_next(store: Any, known: Callable[..., Known], killed: Any) -> None:
    """After trouble at any write, the next save stores everything, and nothing is left over."""

    async def fail(lives: int) -> None:
        ledger, position = Ledger([store], "p"), Position(_listing(3000))
        await ledger.save(position)
        position.move([Change("new", known("incoming/2026/11/part-0000500x")), Change("new", known("z"))])
        store.lives = lives
        with pytest.raises(killed):
            await ledger.save(position)
        store.lives = None
        position.move([Change("new", known("incoming/2026/11/part-0000500y"))])
        await ledger.save(position)
        assert list((await _load(store)).objects()) == list(position.objects())
        assert len(store.values) == 1 + len(position.pieces)

    for lives in range(5):
        store.values.clear()
        store.lives = None
        asyncio.run(fail(lives))


def test_a_damaged_piece_is_reported_and_forgotten(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The rest is read; the objects of that piece will be told again."""

    async def damage() -> None:
        await Ledger([store], "p").save(Position(_listing(3000)))
        store.values["p.1"] = store.values["p.0"]
        del store.values["p.2"]
        assert len(await _load(store)) == 1000

    asyncio.run(damage())
    assert caplog.messages == [
        f"Piece {number} of position p is damaged: what it knew will be told again" for number in (1, 2)
    ]


@pytest.mark.parametrize("head", ["{}", "[]", '"x"', '{"format": 1, "commits": "x"}'])
def test_a_damaged_head_is_reported_and_everything_forgotten(
    store: Any, head: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is as if nothing had ever been told, which loses nothing."""
    store.values["p"] = head
    assert len(asyncio.run(_load(store))) == 0
    assert "everything will be told again" in caplog.text


def test_a_newer_format_is_left_alone(store: Any) -> None:
    """An older version of the provider does not overwrite what it can't read."""
    store.values["p"] = '{"format": 2}'
    with pytest.raises(PositionError, match=r"has format 2.*install the newer provider"):
        asyncio.run(_load(store))


def test_of_two_writers_the_later_takes_over(store: Any, known: Callable[..., Known]) -> None:
    """A triggerer that was taken for dead finds out, instead of mixing its pieces with those of its successor."""

    async def displace() -> None:
        first, position = Ledger([store], "p"), Position([known("a")])
        await first.save(position)
        second = Ledger([store], "p")
        later, _ = await second.load()
        assert later is not None
        later.move([Change("new", known("b"))])
        await second.save(later)
        position.move([Change("new", known("c"))])
        with pytest.raises(DisplacedError):
            await first.save(position)
        assert [each.key for each in (await _load(store)).objects()] == ["a", "b"]

    asyncio.run(displace())


def test_assets_that_share_a_trigger_share_its_position(make_store: Any, known: Callable[..., Known]) -> None:
    """An asset that joins gets what the other has; of two that differ, the later counts, and both become alike."""

    async def join() -> None:
        old, new, stale = make_store(), make_store(), make_store()
        await Ledger([stale], "p").save(Position([known("x")]))
        await Ledger([old], "p").save(Position([known("a")]))
        ledger = Ledger([new, old, stale], "p")
        position, _ = await ledger.load()
        assert position is not None
        await ledger.save(position)
        assert new.values == old.values == stale.values
        assert [each.key for each in (await _load(stale)).objects()] == ["a"]

    asyncio.run(join())


def test_what_is_about_to_be_told_belongs_to_its_position(
    store: Any, known: Callable[..., Known], caplog: pytest.LogCaptureFixture
) -> None:
    """It is read with the position that it leads on from, and with no later one."""
    changes = [Change("new", known("é")), Change("deleted", known("b"))]

    async def intend() -> None:
        ledger, position = Ledger([store], "p"), Position([known("b")])
        await ledger.save(position)
        await ledger.intend(changes)
        assert (await Ledger([store], "p").load())[1] == changes
        damaged = store.values["p.next"].replace('"changes": "', '"changes": "eJ')
        kept, store.values["p.next"] = store.values["p.next"], damaged
        assert (await Ledger([store], "p").load())[1] == []
        store.values["p.next"] = kept
        position.move(changes)
        await ledger.save(position)
        assert (await Ledger([store], "p").load())[1] == []

    asyncio.run(intend())
    assert caplog.messages == ["Position p: what the watcher was about to tell is damaged, and may not be told"]


def test_equal_objects_are_in_memory_once(known: Callable[..., Known]) -> None:
    """A position that was read takes those of the snapshot."""
    position, snapshot = Position([known("a"), known("b")]), Snapshot((known("a"), known("b", etag="e2")))
    position.share(snapshot)
    first, second = position.objects()
    assert first is snapshot.objects[0]
    assert second == known("b")
