# SPDX-License-Identifier: Apache-2.0
"""Tests of what all who wait for the same share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.polling import polls
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition, PrefixCondition
from airflow_provider_s3rest.s3.waiting.looking import look
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.waiting.model import Fold, Tally, Target


def page(*keys: str) -> bytes:
    """Make a listing."""
    items = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>e</ETag>"
        "<Size>5</Size></Contents>"
        for key in keys
    )
    return f"<ListBucketResult>{items}</ListBucketResult>".encode()


@pytest.fixture
def bucket(fake: Any) -> set[str]:
    """The keys that are there; they may be changed at any time."""
    there: set[str] = set()

    def answer(request: Any) -> Any:
        if "list-type=2" in request.target:
            return fake.make_answer(body=page(*sorted(there)))
        found = request.path.decode().removeprefix("/bucket/") in there
        return fake.make_answer(200, b"12345") if found else fake.make_answer(404)

    fake.otherwise = answer
    return there


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The name of every target that was looked at, and the number of its folds."""
    seen: list[tuple[str, int]] = []

    def spy(s3: S3, target: Target, folds: Collection[Fold]) -> dict[Fold, Tally]:
        seen.append((target.name, len(folds)))
        return look(s3, target, folds)

    monkeypatch.setattr(polls, "look", spy)
    return seen


def test_a_wait_ends_with_the_object_that_was_waited_for(play: Callable[..., Any], bucket: set[str]) -> None:
    """At the first look after it was written."""

    async def scene(room: Any) -> Any:
        wait = room.begin("a")
        await room.after(1)
        assert not wait.done()
        bucket.add("a")
        await room.after(11)
        return await wait

    verdict = play(scene)
    assert [(item.key, item.size) for item in verdict.found] == [("a", 5)]


def test_many_who_wait_for_one_key_share_its_looks(
    play: Callable[..., Any], bucket: set[str], looks: list[tuple[str, int]]
) -> None:
    """Whatever their number, there is one look at a time, by one fold, and as often as one of them would want."""

    async def scene(room: Any) -> None:
        waits = [room.begin("a") for _ in range(50)]
        await room.after(1)
        assert (looks, len(room.polls), room.opened) == ([("a", 1)], 1, 1)
        await room.after(25)
        assert looks == [("a", 1)] * 3
        bucket.add("a")
        await room.after(11)
        assert all(verdict.done for verdict in await asyncio.gather(*waits))

    play(scene)


def test_the_most_impatient_sets_the_pace(
    play: Callable[..., Any], bucket: set[str], looks: list[tuple[str, int]]
) -> None:
    """As long as they wait."""

    async def scene(room: Any) -> None:
        room.begin("a", interval=100.0)
        impatient = room.begin("a", interval=10.0)
        await room.after(25)
        assert len(looks) == 3
        impatient.cancel()
        await room.after(99)
        assert len(looks) == 4

    play(scene)
    assert not bucket


@pytest.mark.usefixtures("bucket")
def test_equal_filters_are_gathered_once(play: Callable[..., Any], looks: list[tuple[str, int]]) -> None:
    """Different ones by the same listing."""

    async def scene(room: Any) -> None:
        for glob in ("p/*.csv", "p/*.csv", "p/*.json"):
            room.begin(KeyCondition.parse("bucket", Wishes(glob=glob)))
        await room.after(1)

    play(scene)
    assert looks == [("p/", 2)]


def test_only_those_are_woken_whose_wait_is_over(play: Callable[..., Any], bucket: set[str]) -> None:
    """Others at the same prefix wait on."""

    async def scene(room: Any) -> None:
        first, second = (room.begin(PrefixCondition.parse("bucket", "p/", at_least_objects=least)) for least in (1, 2))
        bucket.add("p/1")
        await room.after(1)
        assert (await first).total == 1
        assert not second.done()
        bucket.add("p/2")
        await room.after(11)
        assert (await second).total == 2

    play(scene)


def test_several_keys_are_judged_by_the_latest_look_at_each(play: Callable[..., Any], bucket: set[str]) -> None:
    """One that is gone again does not count."""

    async def scene(room: Any) -> list[str]:
        wait = room.begin(KeyCondition.parse("bucket", Wishes(key=["a", "b"])))
        bucket.add("a")
        await room.after(1)
        bucket.remove("a")
        await room.after(11)
        bucket.add("b")
        await room.after(11)
        assert not wait.done()
        bucket.add("a")
        await room.after(11)
        return [item.key for item in (await wait).found]

    assert play(scene) == ["a", "b"]


def test_who_comes_later_is_looked_for_soon(
    play: Callable[..., Any], bucket: set[str], looks: list[tuple[str, int]]
) -> None:
    """And does not wait for the next turn of the others."""

    async def scene(room: Any) -> None:
        room.begin("a", interval=1000.0)
        await room.after(1)
        bucket.add("a")
        late = room.begin("a", interval=1000.0)
        await room.after(1)
        assert (await late).done

    play(scene)
    assert len(looks) == 2


def test_a_look_that_had_begun_does_not_count_for_who_comes_later(
    play: Callable[..., Any], bucket: set[str], fake: Any, looks: list[tuple[str, int]]
) -> None:
    """What it saw may be older than their wish; another look follows at once."""

    async def scene(room: Any) -> None:
        late: list[Any] = []
        loop, answer = asyncio.get_running_loop(), fake.otherwise

        def join_meanwhile(request: Any) -> Any:
            fake.otherwise = answer

            async def join() -> None:
                late.append(room.begin("a", interval=1000.0))
                await asyncio.sleep(0)

            asyncio.run_coroutine_threadsafe(join(), loop).result()
            return answer(request)

        fake.otherwise = join_meanwhile
        bucket.add("a")
        first = room.begin("a", interval=1000.0)
        await room.after(0.25)
        assert (await first).done
        assert not late[0].done()
        await room.after(0.5)
        assert (await late[0]).done

    play(scene)
    assert len(looks) == 2


@pytest.mark.parametrize(("key", "engine"), [("a", "obstore"), ("a//b", "plain")])
def test_each_key_takes_the_engine_that_sends_it(
    play: Callable[..., Any],
    bucket: set[str],
    fake: Any,
    engines_of: Callable[..., list[str]],
    key: str,
    engine: str,
) -> None:
    """As it is."""
    bucket.add(key)

    async def scene(room: Any) -> None:
        wait = room.begin(key)
        await room.after(1)
        assert (await wait).found[0].key == key

    play(scene)
    assert engines_of(fake)[0] == engine


@pytest.mark.usefixtures("bucket")
def test_looks_of_different_keys_spread(play: Callable[..., Any]) -> None:
    """Over the whole interval from the second round on, though the first comes soon."""

    async def scene(room: Any) -> None:
        fractions = iter([number / 100 for number in range(100)] * 2)
        room.desk._jitter = lambda low, high: low + (high - low) * next(fractions)
        for number in range(100):
            room.begin(f"k{number}", interval=10.0)
        await room.after(0.75)
        due = room.timers.due
        assert len(due) == 100
        assert max(due) - min(due) > 9
        assert max(list(map(due.count, due))) <= 4

    play(scene)
