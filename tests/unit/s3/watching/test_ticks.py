# SPDX-License-Identifier: Apache-2.0
"""When a prefix is looked at, and how much is told at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.watching import ticks
from airflow_provider_s3rest.s3.watching.model import Snapshot
from airflow_provider_s3rest.s3.watching.ticks import Outlook, Pace, Tick

if TYPE_CHECKING:
    from collections.abc import Iterator

DOWN = EndpointConnectionError(endpoint_url="http://127.0.0.1")
REFUSED = S3RestNotFoundError("There is no bucket 'b'")


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time, and no jitter."""
    made = Clock()
    monkeypatch.setattr(ticks, "monotonic", made.monotonic)
    monkeypatch.setattr(ticks, "sleep", made.sleep)
    monkeypatch.setattr(ticks, "uniform", lambda _, most: 1.0 if most > 1 else most)
    return made


def outlook(interval: float, answers: Iterator[Snapshot | Exception]) -> Outlook:
    """Make an outlook that sees these one after another."""

    async def look(_: Snapshot | None) -> Snapshot:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Outlook("s3://b/p", look, interval)


def test_looks_keep_their_distance(clock: Clock) -> None:
    """The first is at once; each other an interval after the one before, whatever was done between."""

    async def test() -> None:
        looks = outlook(60.0, iter([Snapshot(())] * 3))
        await looks.snapshot()
        clock.now += 20.0
        assert not looks.is_due
        await looks.snapshot()
        clock.now += 100.0
        assert looks.is_due
        await looks.snapshot()

    asyncio.run(test())
    assert clock.sleeps == [0.0, 40.0, 0.0]


@pytest.mark.parametrize(
    ("interval", "error", "longest"),
    [(5.0, DOWN, 60.0), (5.0, REFUSED, 300.0), (120.0, DOWN, 120.0), (3600.0, REFUSED, 3600.0)],
)
def test_trouble_is_waited_through(clock: Clock, interval: float, error: Exception, longest: float) -> None:
    """Ever more seldom, but always again; a refusal that somebody has mended is noticed too."""
    seen = Snapshot(())
    looks = outlook(interval, iter([error] * 30 + [seen]))
    assert asyncio.run(looks.snapshot()) is seen
    assert clock.sleeps[:2] == [0.0, interval]
    assert clock.sleeps == sorted(clock.sleeps)
    assert clock.sleeps[-1] == longest


@pytest.mark.usefixtures("clock")
def test_an_outage_is_told_once_and_a_refusal_each_time(caplog: pytest.LogCaptureFixture) -> None:
    """A refusal needs somebody to mend it."""
    caplog.set_level("INFO")
    looks = outlook(5.0, iter([DOWN, DOWN, REFUSED, REFUSED, Snapshot(())]))
    asyncio.run(looks.snapshot())
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in said] == ["WARNING", "ERROR", "ERROR", "INFO"]
    assert said[1][1] == "s3://b/p: can't be looked at, and is tried again in 20 s: There is no bucket 'b'"


@pytest.mark.parametrize(
    ("most", "seconds", "tick", "then"),
    [
        (50, 1.0, {"more": True}, 100),
        (400, 1.0, {"more": True}, 500),
        (50, 1.0, {}, 50),
        (50, 10.0, {"more": True}, 50),
        (50, 40.0, {"more": True}, 25),
        (12, 40.0, {}, 10),
        (400, 300.0, {"failed": True}, 100),
    ],
)
def test_as_much_is_told_at_once_as_is_stored_in_time(
    clock: Clock, most: int, seconds: float, tick: dict[str, Any], then: int
) -> None:
    """Airflow stores one event after another, and gives up on what it has not stored after five minutes."""

    async def test() -> None:
        pace, shown = Pace(most), Tick(None, begun=0.0, **tick)
        clock.now += seconds
        pace.learn(shown)
        assert pace.most == then

    asyncio.run(test())
