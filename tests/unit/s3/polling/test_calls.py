# SPDX-License-Identifier: Apache-2.0
"""Tests of blocking calls made for an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.polling.threads import Threads, Turns

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_function_is_called_with_the_account_in_another_thread(play: Callable[..., Any]) -> None:
    """And its result comes back."""

    async def scene(room: Any) -> None:
        called = room.desk.call("a", room.open_account, lambda s3: (s3, threading.current_thread()))
        s3, thread = await called
        assert s3 is room.accounts[0]
        assert thread is not threading.current_thread()

    play(scene)


def test_equal_calls_at_one_time_are_one(play: Callable[..., Any]) -> None:
    """By their key; later ones, those with another key and those without any are made."""

    async def scene(room: Any) -> list[int]:
        made: list[int] = []

        async def call(key: str | None) -> int:
            result: int = await room.desk.call("a", room.open_account, lambda _: made.append(1) or len(made), key=key)
            return result

        same = await asyncio.gather(*(call("k") for _ in range(10)))
        assert set(same) == {1}
        await call("k")
        await asyncio.gather(call("k"), call("other"))
        await asyncio.gather(call(None), call(None))
        return made

    assert len(play(scene)) == 6


def test_an_error_is_that_of_all_who_called(play: Callable[..., Any]) -> None:
    """Each of them raises it."""

    async def scene(room: Any) -> None:
        def fail(_: Any) -> None:
            raise OSError("No.")

        calls = (room.desk.call("a", room.open_account, fail, key="k") for _ in range(3))
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [str(result) for result in results] == ["No."] * 3

    play(scene)


def test_one_of_several_callers_may_leave(play: Callable[..., Any]) -> None:
    """The call goes on for the others."""

    async def scene(room: Any) -> None:
        entered, free = threading.Event(), threading.Event()

        def function(_: Any) -> str:
            entered.set()
            free.wait(30)
            return "done"

        loop = asyncio.get_running_loop()
        first, second = (loop.create_task(room.desk.call("a", room.open_account, function, key="k")) for _ in range(2))
        await asyncio.to_thread(entered.wait, 30)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        free.set()
        assert await second == "done"

    play(scene)


def test_a_call_that_all_have_left_is_not_joined(play: Callable[..., Any]) -> None:
    """Another one is made."""

    async def scene(room: Any) -> None:
        free = threading.Event()
        loop = asyncio.get_running_loop()
        with room.desk.using("a", room.open_account):
            first = loop.create_task(room.desk.call("a", room.open_account, lambda _: free.wait(30), key="k"))
            await room.settle()
            first.cancel()
            second = loop.create_task(room.desk.call("a", room.open_account, lambda _: "second", key="k"))
            assert await second == "second"
            free.set()

    play(scene)


def test_an_account_that_is_kept_open_is_opened_once(play: Callable[..., Any]) -> None:
    """Without that it is opened for every call."""

    async def scene(room: Any) -> None:
        with room.desk.using("a", room.open_account):
            for _ in range(3):
                await room.desk.call("a", room.open_account, lambda _: None)
        assert room.opened == 1
        for _ in range(2):
            await room.desk.call("a", room.open_account, lambda _: None)
        assert room.opened == 3

    play(scene)


def test_no_more_threads_run_than_are_allowed() -> None:
    """Nor more than are needed."""

    async def main() -> list[int]:
        lock, busy, most = threading.Lock(), 0, 0

        def function() -> int:
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
            barrier.wait(30)
            with lock:
                busy -= 1
            return most

        counts = []
        for wanted, allowed in ((6, 3), (2, 3)):
            barrier = threading.Barrier(min(wanted, allowed))
            most = 0
            pool = Threads(allowed)
            await asyncio.gather(*(pool.run(function) for _ in range(wanted)))
            counts.append(most)
            assert pool._begun == min(wanted, allowed)
            pool.dismiss()
        return counts

    assert asyncio.run(main()) == [3, 2]


def test_threads_that_were_dismissed_take_nothing_more() -> None:
    """Nobody would ever hear of it."""

    async def main() -> None:
        pool = Threads(1)
        pool.dismiss()
        with pytest.raises(RuntimeError, match="dismissed"):
            await pool.run(lambda: None)

    asyncio.run(main())


def test_a_loop_that_is_closed_is_not_called_back() -> None:
    """The thread ends in peace."""
    entered, free = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []
    pool = Threads(1)

    def function() -> None:
        threads.append(threading.current_thread())
        entered.set()
        free.wait(30)

    async def main() -> None:
        call = asyncio.get_running_loop().create_task(pool.run(function))
        await asyncio.to_thread(entered.wait, 30)
        call.cancel()

    asyncio.run(main())
    pool.dismiss()
    free.set()
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_calls_that_take_long_get_all_the_threads_that_there_may_be() -> None:
    """While those that take a moment share a few."""

    async def main() -> tuple[int, int]:
        pool = Threads(4, share=8)
        await asyncio.gather(*(pool.run(lambda: None) for _ in range(8)))
        shared = pool._begun
        entered, free = threading.Event(), threading.Event()

        def take_long() -> None:
            entered.set()
            free.wait(30)

        first = [asyncio.get_running_loop().create_task(pool.run(take_long)) for _ in range(3)]
        await asyncio.to_thread(entered.wait, 30)
        second = [asyncio.get_running_loop().create_task(pool.run(free.set)) for _ in range(4)]
        await asyncio.gather(*first, *second)
        pool.dismiss()
        return shared, pool._begun

    assert asyncio.run(main()) == (1, 4)


def test_what_is_done_comes_back_a_part_at_a_time() -> None:
    """So that others have their turn in the event loop between; each gets its own result."""

    async def main() -> list[int]:
        pool = Threads(1, share=1000)
        results = await asyncio.gather(*(pool.run(lambda number=number: number) for number in range(120)))
        pool.dismiss()
        return results

    assert asyncio.run(main()) == list(range(120))


def test_functions_take_turns() -> None:
    """Not more than fifty in one go, in the order in which they came."""

    async def main() -> tuple[list[int], list[int]]:
        turns, called = Turns(), []
        for number in range(120):
            turns.take(lambda number=number: called.append(number))  # type: ignore[misc]
        seen = []
        for _ in range(4):
            await asyncio.sleep(0)
            seen.append(len(called))
        return seen, called

    seen, called = asyncio.run(main())
    assert called == list(range(120))
    assert seen == [50, 100, 120, 120]
