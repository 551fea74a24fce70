# SPDX-License-Identifier: Apache-2.0
"""Somebody who waits: what has been seen for them so far, and what that means."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider_s3rest.s3.notifications.receiver import Receiver
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Fold, Quiet, Tally, Target, Verdict


class Waiter:
    """One wait for one condition.

    :param interval: the time between two looks, in seconds.
    :param memory: what the last decision before this wait remembered.
    :param log: is told how the wait goes, in the context in which it began.
    """

    __slots__ = (
        *("folds", "interval", "receiver", "verdict", "again_in"),
        *("_condition", "_memory", "_log", "_context", "_tallies", "_troubled", "_told", "__weakref__"),
    )

    def __init__(
        self,
        condition: Condition,
        *,
        interval: float,
        memory: Quiet | None,
        log: Callable[[str], object],
    ) -> None:
        self.interval = interval
        self.receiver: Receiver | None = None
        """Who nudges whoever has to look; the interval is then only that between two looks that fail."""
        self.verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.again_in: float | None = None
        """After how many seconds the wait may be over though nobody writes or deletes anything."""
        self.folds: dict[Target, dict[int, Fold]] = {}
        """What is to be gathered of each target, by its place among the looks of the condition."""
        for place, each in enumerate(condition.looks):
            self.folds.setdefault(each.target, {})[place] = each.fold
        self._condition = condition
        self._memory = memory
        self._log = log
        self._context = contextvars.copy_context()
        self._tallies: dict[int, Tally] = {}
        self._troubled: set[Target] = set()
        self._told: object = None

    @property
    def is_satisfied(self) -> bool:
        """Whether what is waited for has come."""
        verdict = self.verdict
        return verdict.done() and not verdict.cancelled() and verdict.exception() is None

    def hear(self, target: Target, tallies: Mapping[Fold, Tally]) -> None:
        """Decide anew by a look at one target, and by the latest one at each other."""
        if self.verdict.done():
            return
        if self._troubled:
            self._troubled.discard(target)
            if not self._troubled:
                self._say("S3 answers again")
        if self._learns(target, tallies) and len(self._tallies) == len(self._condition.looks):
            self._decide()

    def _learns(self, target: Target, tallies: Mapping[Fold, Tally]) -> bool:
        """Take over what was seen; tell whether it can change the verdict, since to decide costs more than to look."""
        news = self._memory is not None or self.again_in is not None
        for place, fold in self.folds[target].items():
            tally, before = tallies[fold], self._tallies.get(place)
            news |= before is None or before.fingerprint != tally.fingerprint or before.changes_in != tally.changes_in
            self._tallies[place] = tally
        return news

    def _decide(self) -> None:
        tallies = [self._tallies[place] for place in range(len(self._tallies))]
        verdict = self._condition.decide(tallies, self._memory)
        self._memory = verdict.memory
        self.again_in = None if verdict.again_in is None else verdict.again_in.total_seconds()
        if verdict.done:
            self.verdict.set_result(verdict)
        elif self._told != (news := verdict.memory or verdict.reason):
            self._told = news
            self._say(verdict.reason)

    def hear_of_trouble(self, target: Target, error: Exception) -> None:
        """Tell of looks that fail; once, until all of them succeed again."""
        if self.verdict.done():
            return
        if not self._troubled:
            self._say(f"Waiting on, though S3 can't be asked at present: {error}")
        self._troubled.add(target)

    def fail(self, error: Exception) -> None:
        """End the wait."""
        if not self.verdict.done():
            self.verdict.set_exception(error)

    def _say(self, text: str) -> None:
        self._context.run(self._log, text)
