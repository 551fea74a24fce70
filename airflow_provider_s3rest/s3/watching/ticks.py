# SPDX-License-Identifier: Apache-2.0
"""When to look, how much to tell at once, and what to do in trouble."""

from __future__ import annotations

import logging
from asyncio import Event, sleep, to_thread
from dataclasses import dataclass, field
from random import uniform
from time import monotonic
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.errors import is_passing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from airflow_provider_s3rest.s3.watching.model import Snapshot

log = logging.getLogger(__name__)

MOST_EVENTS, _FIRST_EVENTS, _LEAST_EVENTS = 500, 50, 10
_FAST_SECONDS, _SLOW_SECONDS = 5.0, 30.0
_LONGEST_PASSING_SECONDS, _LONGEST_SECONDS = 60.0, 300.0


@dataclass(eq=False, slots=True)
class Tick:
    """What all watchers of a prefix are shown at once.

    :param snapshot: None if it only says that all that they told before is safe.
    :param most: how many events each of them may tell.
    :param told: whether any of them told something.
    :param more: whether any of them has more to tell.
    :param failed: whether what one of them told was not stored in time.
    """

    snapshot: Snapshot | None
    most: int = MOST_EVENTS
    told: bool = False
    more: bool = False
    failed: bool = False
    begun: float = field(default_factory=monotonic)
    over: Event = field(default_factory=Event)


@dataclass(slots=True)
class Pace:
    """How many events are told at once: few at first, more while the one who stores them is fast."""

    most: int = _FIRST_EVENTS

    def learn(self, tick: Tick) -> None:
        """Take note how long it took until as many as allowed were stored."""
        seconds = monotonic() - tick.begun
        if tick.failed or seconds > _SLOW_SECONDS:
            self.most = max(_LEAST_EVENTS, self.most // (4 if tick.failed else 2))
        elif tick.more and seconds < _FAST_SECONDS:
            self.most = min(MOST_EVENTS, self.most * 2)


class Outlook:
    """Looks at a prefix again and again, also through trouble: a watcher that gave up would lose what happens.

    :param look: looks once, and gets the snapshot before.
    :param interval: seconds from one look to the next.
    """

    def __init__(self, what: str, look: Callable[[Snapshot | None], Awaitable[Snapshot]], interval: float) -> None:
        self._what = what
        self._look = look
        self._interval = interval
        self._snapshot: Snapshot | None = None
        self._failures = 0
        self._due = monotonic()

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next look."""
        return monotonic() >= self._due

    async def wait(self) -> None:
        """Wait until it is time."""
        await sleep(max(0.0, self._due - monotonic()))

    async def snapshot(self) -> Snapshot:
        """Wait until it is time, and look until that goes well."""
        while True:
            await self.wait()
            try:
                self._snapshot = await self._look(self._snapshot)
            except Exception as error:  # noqa: BLE001 - whatever it is, giving up would be worse
                # Telling needs modules to be imported.
                self._fail(error, passing=await to_thread(is_passing, error))
                continue
            if self._failures:
                log.info("%s: can be looked at again", self._what)
            self._failures = 0
            # Watchers that began together do not look together for ever.
            self._due = monotonic() + self._interval * uniform(0.95, 1.05)  # noqa: S311
            return self._snapshot

    def _fail(self, error: Exception, *, passing: bool) -> None:
        longest = max(self._interval, _LONGEST_PASSING_SECONDS if passing else _LONGEST_SECONDS)
        delay = min(longest, self._interval * 2**self._failures) * uniform(0.75, 1.0)  # noqa: S311
        self._due = monotonic() + delay
        if not passing:
            log.error("%s: can't be looked at, and is tried again in %.0f s: %s", self._what, delay, error)
        elif not self._failures:
            log.warning("%s: can't be looked at for now, and is tried again until it can: %s", self._what, error)
        self._failures = min(self._failures + 1, 20)
