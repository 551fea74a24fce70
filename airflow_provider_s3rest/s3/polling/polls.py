# SPDX-License-Identifier: Apache-2.0
"""One key or prefix that is looked at again and again, for all who wait for something there."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Protocol

from airflow_provider_s3rest.s3.waiting.looking import look, nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.polling.accounts import Account
    from airflow_provider_s3rest.s3.polling.waiters import Waiter
    from airflow_provider_s3rest.s3.waiting.model import Fold, Tally, Target

LONGEST_BACK_OFF_SECONDS = 300.0
GRID_SECONDS = 0.25
_FIRST_SECONDS = 0.5
_JITTER = (0.9, 1.1)
# Many first looks come at one time, as when the triggerer starts; the second ones may come at any of the interval.
_SECOND_JITTER = (0.1, 1.1)
_MOST_DOUBLINGS = 16
# Between two looks because of nudges: seconds, and times as long as the look took.
_LEAST_REST_SECONDS, _REST_FACTOR = 1.0, 10.0
_TOLD_AT_ONCE = 50
"""How many hear of a look before others have their turn in the event loop."""


class Timers(Protocol):
    """The clock of an event loop, which nobody can set."""

    def time(self) -> float:
        """Return the time in seconds."""

    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Have a function called at a time."""


class Poll:
    """The looks at one target: one at a time, and each when somebody is due for it.

    It ends with the last who waits.

    :param account: whose requests they are; it has the poll among its ``polls`` until that ends.
    :param jitter: gives any number between two.
    """

    def __init__(
        self, account: Account, target: Target, timers: Timers, jitter: Callable[[float, float], float]
    ) -> None:
        self._account = account
        self._target = target
        self._timers = timers
        self._jitter = jitter
        self._waiters: dict[Waiter, int] = {}
        """Who waits, and the number of the first look that began afterwards."""
        self._unwatch: dict[Waiter, Callable[[], object]] = {}
        self._nudges: list[Callable[[], object]] = []
        self._folds: frozenset[Fold] | None = None
        self._looks = 0
        self._failures = 0
        self._began = 0.0
        self._rested = -math.inf
        """When a nudge may make it look again."""
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def join(self, waiter: Waiter) -> None:
        """Look for one more, and soon: what was seen before does not count for them."""
        self._waiters[waiter] = self._looks + 1
        self._folds = None
        if waiter.receiver:
            self._unwatch[waiter] = waiter.receiver.watch(self._target, self.nudge)
        self._look_in(self._jitter(0.0, min(waiter.interval, _FIRST_SECONDS)))

    def leave(self, waiter: Waiter) -> None:
        """Look for one less."""
        self._waiters.pop(waiter, None)
        self._folds = None
        if unwatch := self._unwatch.pop(waiter, None):
            unwatch()
        if not self._waiters:
            if waiter.is_satisfied:
                self._answer(len(self._nudges))
            self._end()

    def nudge(self, done: Callable[[], object]) -> None:
        """Look as soon as possible, but not all the time, however many nudges come.

        :param done: is called after a look that did not fail, when all who wait have heard of it, or need none.
        """
        self._nudges.append(done)
        self._look_in(max(0.0, self._rested - self._timers.time()))

    def _answer(self, nudges: int) -> None:
        """Say of the first nudges that what they told of has been seen."""
        seen, self._nudges = self._nudges[:nudges], self._nudges[nudges:]
        for done in seen:
            done()

    def _end(self) -> None:
        if self._account.polls.get(self._target) is self:
            del self._account.polls[self._target]
        if self._timer:
            self._timer.cancel()
        if self._task:
            self._task.cancel()

    def _look_in(self, seconds: float) -> None:
        """Look after so many seconds, if not earlier; what becomes due during a look is looked at after it."""
        due = self._timers.time() + seconds
        if due < self._due:
            self._due = math.ceil(due / GRID_SECONDS) * GRID_SECONDS
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._task and self._due < math.inf:
            self._timer = self._timers.call_at(self._due, partial(self._account.turns.take, self._begin))

    def _begin(self) -> None:
        if not self._waiters:
            # The last one left while this poll waited for its turn.
            return
        self._timer, self._due = None, math.inf
        self._looks += 1
        self._began = self._timers.time()
        self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            trouble = await self._try()
            self._failures = self._failures + 1 if trouble else 0
            self._task = None
            rest, now = self._rest(), self._timers.time()
            self._rested = now + (rest if trouble else max(_LEAST_REST_SECONDS, (now - self._began) * _REST_FACTOR))
            self._set_timer()
            self._look_in(rest)
        except Exception as error:  # noqa: BLE001 - all who wait raise it
            self._task = None
            # Whoever comes now begins another poll.
            self._end()
            for waiter in self._waiters:
                waiter.fail(error)

    async def _try(self) -> Exception | None:
        """Look once, and tell all who wait.

        :returns: the trouble that kept it from being seen, but may pass.
        """
        number, nudges = self._looks, len(self._nudges)
        if self._folds is None:
            self._folds = frozenset(fold for waiter in self._waiters for fold in waiter.folds[self._target].values())
        try:
            tallies = await self._seen(self._folds)
        except Exception as error:
            if not await self._account.is_passing(error):
                raise
            trouble = error
        else:
            await self._tell(number, lambda waiter: waiter.hear(self._target, tallies))
            self._answer(nudges)
            return None
        await self._tell(number, lambda waiter: waiter.hear_of_trouble(self._target, trouble))
        return trouble

    async def _seen(self, folds: frozenset[Fold]) -> dict[Fold, Tally]:
        exact = self._target.exact
        if exact and (at := await self._account.key_listings.absent_at(self._target)):
            return dict.fromkeys(folds, nothing(at))
        return await self._account.look(partial(look, target=self._target, folds=folds), exact=exact)

    async def _tell(self, number: int, tell: Callable[[Waiter], None]) -> None:
        """Tell all who waited when a look began."""
        concerned = [waiter for waiter, first in self._waiters.items() if first <= number]
        for place, waiter in enumerate(concerned, 1):
            tell(waiter)
            if not place % _TOLD_AT_ONCE:
                await asyncio.sleep(0)

    def _rest(self) -> float:
        """Return after how many seconds to look again."""
        if self._failures:
            interval = min(waiter.interval for waiter in self._waiters)
            doubled = interval * (1 << min(self._failures - 1, _MOST_DOUBLINGS))
            return self._jitter(*_JITTER) * max(interval, min(doubled, LONGEST_BACK_OFF_SECONDS))
        interval = min((waiter.interval for waiter in self._waiters if not waiter.receiver), default=math.inf)
        by_itself = min(
            (waiter.again_in for waiter in self._waiters if waiter.receiver and waiter.again_in is not None),
            default=math.inf,
        )
        return min(by_itself, interval * self._jitter(*(_SECOND_JITTER if self._looks == 1 else _JITTER)))
