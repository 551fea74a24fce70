# SPDX-License-Identifier: Apache-2.0
"""Tells how long work gets on: bytes or objects, percent, rate and time left, at most every 10 seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_SECONDS = 10.0

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class Progress:
    """Counts what has been done and says so now and then; work that is over sooner says nothing. Safe for threads.

    :param what: what is being done, such as ``Uploading s3://bucket/key``.
    :param say: is given each report, a line of text.
    :param total: how much there is to do; None where nobody knows.
    :param unit: ``bytes``, or what is counted, such as ``objects``.
    :param clock: seconds that only grow.
    """

    def __init__(
        self,
        what: str,
        say: Callable[[str], object],
        *,
        total: int | None = None,
        unit: str = "bytes",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._say = say
        self.total = total
        self._unit = unit
        self._clock = clock
        self._lock = threading.Lock()
        self._done = 0
        self._began = self._told = clock()

    def add(self, amount: int) -> None:
        """Count what has been done since the last call."""
        with self._lock:
            self._done += amount
            now = self._clock()
            if now - self._told < INTERVAL_SECONDS:
                return
            self._told = now
            report = self._report(now - self._began)
        self._say(report)

    def _report(self, seconds: float) -> str:
        rate = self._done / seconds
        parts = [f"{self._what}: {self._amount(self._done)}"]
        if self.total:
            parts[0] += f" of {self._amount(self.total)}, {100 * self._done // self.total} %"
        parts.append(f"{self._amount(round(rate))}/s")
        if self.total and rate:
            parts.append(f"about {_duration(max(0, self.total - self._done) / rate)} left")
        return ", ".join(parts)

    def _amount(self, amount: int) -> str:
        return _size(amount) if self._unit == "bytes" else f"{amount:,} {self._unit}"


def _size(number: float) -> str:
    for unit in _UNITS[:-1]:
        if number < _STEP:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _STEP
    return f"{number:.1f} {_UNITS[-1]}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
