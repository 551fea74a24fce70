# SPDX-License-Identifier: Apache-2.0
"""Tests of what a task log is told of long work."""

from __future__ import annotations

import threading

import pytest

from airflow_provider_s3rest.s3.progress import Progress

MIB = 1024**2


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def said() -> list[str]:
    """All reports."""
    return []


def test_short_work_says_nothing(clock: Clock, said: list[str]) -> None:
    """Ten seconds are no news."""
    progress = Progress("Writing", said.append, clock=clock)
    for _ in range(999):
        clock.seconds += 0.01
        progress.add(1)
    assert not said


def test_everything_is_told(clock: Clock, said: list[str]) -> None:
    """Bytes, percent, rate and the time left."""
    progress = Progress("Writing 'key'", said.append, total=400 * MIB, clock=clock)
    clock.seconds += 20
    progress.add(100 * MIB)
    assert said == ["Writing 'key': 100.0 MiB of 400.0 MiB, 25 %, 5.0 MiB/s, about 1 min 0 s left"]


def test_an_unknown_total(clock: Clock, said: list[str]) -> None:
    """Then there is no percent, and nobody knows how long it takes."""
    progress = Progress("Writing", said.append, clock=clock)
    clock.seconds += 10
    progress.add(1000)
    assert said == ["Writing: 1000 B, 100 B/s"]


def test_objects_are_counted(clock: Clock, said: list[str]) -> None:
    """Any unit but bytes is a number of things."""
    progress = Progress("Deleting", said.append, total=10_000, unit="objects", clock=clock)
    clock.seconds += 10
    progress.add(2500)
    assert said == ["Deleting: 2,500 objects of 10,000 objects, 25 %, 250 objects/s, about 30 s left"]


def test_at_most_every_ten_seconds(clock: Clock, said: list[str]) -> None:
    """However often something is done."""
    progress = Progress("Deleting", said.append, unit="objects", clock=clock)
    for _ in range(1000):
        clock.seconds += 0.1
        progress.add(1)
    assert 9 <= len(said) <= 10


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (5 * 1024**3, "5.0 GiB"),
        (3 * 1024**4, "3.0 TiB"),
        (2048 * 1024**4, "2048.0 TiB"),
    ],
)
def test_sizes_have_their_unit(clock: Clock, said: list[str], amount: int, words: str) -> None:
    """The largest is TiB."""
    progress = Progress("Reading", said.append, clock=clock)
    clock.seconds += 10
    progress.add(amount)
    assert said[0].startswith(f"Reading: {words}, ")


@pytest.mark.parametrize(
    ("left", "words"),
    [(1, "about 1 s left"), (59, "about 59 s left"), (61, "about 1 min 1 s left"), (7260, "about 2 h 1 min left")],
)
def test_the_time_left(clock: Clock, said: list[str], left: int, words: str) -> None:
    """In the two units that matter."""
    progress = Progress("Reading", said.append, total=1000 + 100 * left, clock=clock)
    clock.seconds += 10
    progress.add(1000)
    assert said[0].endswith(words)


def test_nothing_done_yet(clock: Clock, said: list[str]) -> None:
    """Then there is no time left to tell."""
    progress = Progress("Reading", said.append, total=10, clock=clock)
    clock.seconds += 10
    progress.add(0)
    assert said == ["Reading: 0 B of 10 B, 0 %, 0 B/s"]


def test_more_than_there_was(clock: Clock, said: list[str]) -> None:
    """A total that was too small makes no negative time."""
    progress = Progress("Reading", said.append, total=10, clock=clock)
    clock.seconds += 10
    progress.add(20)
    assert said[0].endswith("about 0 s left")


def test_threads_may_add(clock: Clock, said: list[str]) -> None:
    """Nothing gets lost between them."""
    progress = Progress("Deleting", said.append, unit="objects", clock=clock)
    threads = [threading.Thread(target=lambda: [progress.add(1) for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.seconds += 10
    progress.add(0)
    assert said == ["Deleting: 4,000 objects, 400 objects/s"]
