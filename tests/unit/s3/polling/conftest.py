# SPDX-License-Identifier: Apache-2.0
"""A desk whose time passes only when a test lets it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.polling import Desk
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.polling.polls import Poll
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Verdict


class Timers:
    """A clock that a test sets, and what is due by it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        """Tell the time."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Have a function called at a time."""
        handle = asyncio.TimerHandle(when, callback, (), asyncio.get_running_loop())
        heapq.heappush(self._due, (when, next(self._numbers), handle))
        return handle

    @property
    def due(self) -> list[float]:
        """When something is to be called."""
        return sorted(when for when, _, handle in self._due if not handle.cancelled())

    def go_to(self, when: float) -> None:
        """Let time pass, and call what becomes due."""
        self.now = when
        while self._due and self._due[0][0] <= when:
            handle = heapq.heappop(self._due)[2]
            if not handle.cancelled():
                handle._run()


class Room:
    """A desk, those who wait at it, and what they were told; time passes only as :meth:`after` lets it."""

    def __init__(self, s3: S3) -> None:
        self.timers = Timers()
        self.desk = Desk(self.timers, jitter=lambda low, high: (low + high) / 2)
        self.accounts: list[S3 | Exception] = [s3]
        self.opened = 0
        self.told: list[str] = []

    async def open_account(self) -> S3:
        """Give the next account; the last one again and again."""
        await asyncio.sleep(0)
        self.opened += 1
        account = self.accounts.pop(0) if len(self.accounts) > 1 else self.accounts[0]
        if isinstance(account, Exception):
            raise account
        return account

    def begin(
        self, condition: Condition | str, account: Hashable = "a", interval: float = 10.0, **options: Any
    ) -> asyncio.Task[Verdict]:
        """Begin to wait, for a key if it is given as text."""
        if isinstance(condition, str):
            condition = KeyCondition.parse("bucket", Wishes(key=condition))
        options = {"log": self.told.append, **options}
        wait = self.desk.wait(account, self.open_account, condition, interval=interval, **options)
        return asyncio.get_running_loop().create_task(wait)

    @property
    def polls(self) -> list[Poll]:
        """All polls of all accounts."""
        return [poll for account in self.desk._accounts.values() for poll in account.polls.values()]

    async def settle(self) -> None:
        """Let everything be done that can be done now."""
        for _ in range(5):
            await asyncio.sleep(0)
        while looks := [poll._task for poll in self.polls if poll._task]:
            await asyncio.wait(looks)
            for _ in range(5):
                await asyncio.sleep(0)

    async def after(self, seconds: float) -> None:
        """Let time pass, in steps of the polls' own grid."""
        await self.settle()
        end = self.timers.now + seconds
        while self.timers.due and self.timers.due[0] <= end:
            self.timers.go_to(self.timers.due[0])
            await self.settle()
        self.timers.go_to(end)
        await self.settle()


@pytest.fixture
def play(make_s3: Callable[..., S3]) -> Callable[..., Any]:
    """Run a scene in an event loop of its own, in a room that it is given; nothing may be left behind."""

    def run(scene: Callable[[Room], Coroutine[Any, Any, Any]], s3: S3 | None = None) -> Any:
        complaints: list[dict[str, Any]] = []

        async def stage() -> Any:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            room = Room(s3 or make_s3(retry_delays_seconds=()))
            result = await scene(room)
            await room.settle()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0)
            assert (room.desk._accounts, room.timers.due, len(asyncio.all_tasks())) == ({}, [], 1)
            return result

        result = asyncio.run(stage())
        assert not complaints
        return result

    return run
