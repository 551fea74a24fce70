# SPDX-License-Identifier: Apache-2.0
"""Tests of what stays behind when somebody waits no longer: nothing."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.polling import Desk
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3


async def cancelled(*waits: asyncio.Task[Any]) -> None:
    """Cancel waits, and see them end so."""
    for wait in waits:
        wait.cancel()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * len(waits)


@pytest.fixture
def gate(fake: Any) -> Any:
    """Holds the answer to every request back until it is opened; ``entered`` tells that one has arrived."""

    class Gate:
        def __init__(self) -> None:
            self.entered = threading.Event()
            self.opened = threading.Event()

        async def reached(self) -> None:
            """Wait until a request has arrived."""
            await asyncio.to_thread(self.entered.wait, 30)

    gate = Gate()

    def answer(_: Any) -> Any:
        gate.entered.set()
        gate.opened.wait(30)
        return fake.make_answer(404)

    fake.otherwise = answer
    yield gate
    gate.opened.set()


def threads() -> set[threading.Thread]:
    """The threads of all desks, and others of the provider."""
    return {thread for thread in threading.enumerate() if thread.name == "s3rest"}


def test_the_last_who_leaves_ends_the_poll_and_the_account(play: Callable[..., Any], fake: Any) -> None:
    """Others keep both."""
    fake.always(404)

    async def scene(room: Any) -> None:
        first, second = room.begin("a"), room.begin("a")
        await room.after(1)
        await cancelled(first)
        assert (len(room.polls), len(room.timers.due)) == (1, 1)
        await cancelled(second)
        assert (room.desk._accounts, room.timers.due) == ({}, [])

    play(scene)


def test_a_wait_that_is_over_leaves_nothing_either(play: Callable[..., Any], fake: Any) -> None:
    """Though others still wait for something else."""
    fake.otherwise = lambda request: fake.make_answer(200 if request.path.endswith(b"a") else 404)

    async def scene(room: Any) -> None:
        wait, other = room.begin("a"), room.begin("b")
        await room.after(1)
        await wait
        assert len(room.polls) == 1
        await cancelled(other)

    play(scene)


def test_threads_end_with_their_account(play: Callable[..., Any], fake: Any) -> None:
    """At once, where they do nothing."""
    fake.always(404)
    before = threads()

    async def scene(room: Any) -> set[threading.Thread]:
        wait = room.begin("a")
        await room.after(1)
        begun = threads() - before
        assert begun
        await cancelled(wait)
        return begun

    for thread in play(scene):
        thread.join(10)
        assert not thread.is_alive()


def test_a_look_that_is_under_way_is_given_up(play: Callable[..., Any], gate: Any) -> None:
    """Its thread ends as soon as the answer has come."""
    before = threads()

    async def scene(room: Any) -> set[threading.Thread]:
        wait = room.begin("a")
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[0])
        await gate.reached()
        busy = threads() - before
        await cancelled(wait)
        assert room.desk._accounts == {}
        return busy

    busy = play(scene)
    gate.opened.set()
    for thread in busy:
        thread.join(10)
        assert not thread.is_alive()


def test_a_look_that_has_not_begun_is_not_made(
    play: Callable[..., Any], fake: Any, gate: Any, make_s3: Callable[..., S3]
) -> None:
    """Here for want of a second thread."""

    async def scene(room: Any) -> None:
        waits = [room.begin("a"), room.begin("b")]
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[0])
        await gate.reached()
        (account,) = room.desk._accounts.values()
        await cancelled(waits[1])
        gate.opened.set()
        await room.after(1)
        assert account.polls
        await cancelled(waits[0])

    play(scene, make_s3(retry_delays_seconds=(), max_concurrency=1))
    assert {request.path for request in fake.requests} == {b"/bucket/a"}


def test_a_look_that_waits_for_its_turn_is_not_begun(play: Callable[..., Any], fake: Any) -> None:
    """If the last who waits for it leaves meanwhile."""

    async def scene(room: Any) -> None:
        wait = room.begin("a")
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[0])
        (poll,) = room.polls
        poll.leave(next(iter(poll._waiters)))
        await room.settle()
        await cancelled(wait)

    play(scene)
    assert fake.requests == []


def test_who_waits_while_the_account_is_opened_may_leave(play: Callable[..., Any], fake: Any) -> None:
    """The others go on, whoever had begun to open it; and the last one ends that too."""
    fake.always(404)

    async def scene(room: Any) -> None:
        opening, is_open = asyncio.Event(), asyncio.Event()
        s3 = room.accounts[0]

        async def open_account() -> Any:
            opening.set()
            await is_open.wait()
            return s3

        room.open_account = open_account
        first, second = room.begin("a"), room.begin("b")
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[-1])
        await opening.wait()
        await cancelled(first)
        is_open.set()
        await room.after(1)
        assert len(fake.requests) == 2
        await cancelled(second)
        is_open.clear()
        third = room.begin("a")
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[-1])
        await asyncio.sleep(0)
        await cancelled(third)

    play(scene)


def test_an_error_that_comes_too_late_is_nobodys(play: Callable[..., Any]) -> None:
    """It is not reported as never retrieved."""

    async def scene(room: Any) -> None:
        async def open_account() -> Any:
            raise OSError("No database")

        room.open_account = open_account
        wait = room.begin("a")
        await asyncio.sleep(0)
        room.timers.go_to(room.timers.due[0])
        for _ in range(2):
            await asyncio.sleep(0)
        await cancelled(wait)
        del wait
        await room.settle()
        gc.collect()

    play(scene)


def test_a_desk_is_that_of_its_event_loop_and_ends_with_it(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Here by the loop's own clock, at the shortest interval there is."""
    fake.then(404)
    fake.then_error(404, "NoSuchKey")
    fake.always(200, b"12345")
    s3 = make_s3(retry_delays_seconds=())

    async def open_account() -> S3:
        return s3

    async def main() -> weakref.ref[Desk]:
        desk = Desk.here()
        assert Desk.here() is desk
        condition = KeyCondition.parse("bucket", Wishes(key="a"))
        assert (await desk.wait("a", open_account, condition, interval=0.01, log=lambda _: None)).done
        return weakref.ref(desk)

    before = set(threading.enumerate())
    first, second = asyncio.run(main()), asyncio.run(main())
    # The last thing that a thread of the desk holds is its last call.
    for thread in set(threading.enumerate()) - before:
        if thread.name == "s3rest":
            thread.join(10)
    gc.collect()
    assert (first(), second()) == (None, None)


def test_a_wait_tells_its_story_in_the_context_in_which_it_began(play: Callable[..., Any], fake: Any) -> None:
    """Airflow's log handlers look there for the task; the poll was begun by another one."""
    import contextvars

    fake.always(404)
    task: contextvars.ContextVar[str] = contextvars.ContextVar("task")

    async def scene(room: Any) -> list[tuple[str, str]]:
        told: list[tuple[str, str]] = []
        for name in ("first", "second"):
            task.set(name)
            room.begin("a", log=lambda text: told.append((task.get(), text)))
        await room.after(1)
        return told

    said = "0 of 1 are there; not yet: 'a'"
    assert play(scene) == [("first", said), ("second", said)]
