# SPDX-License-Identifier: Apache-2.0
"""What the restart trial makes of the events that it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.restarts.coverage import Coverage, Event

START = datetime(2026, 11, 26, tzinfo=UTC)
KILLS = [START + timedelta(seconds=10), START + timedelta(seconds=20)]
OBJECTS = {"a": "1", "b": "2"}


def event(key: str, etag: str, second: float, event_id: str | None = None) -> Event:
    """An event of a version of an object."""
    return Event(at=START + timedelta(seconds=second), event_id=event_id or key, version=(key, etag))


def test_one_event_for_each_object_is_no_problem() -> None:
    """Nothing is lost, nothing is told twice."""
    coverage = Coverage(objects=OBJECTS, events=[event("a", "1", 1), event("b", "2", 2)], kills=KILLS)
    assert coverage.problems() == []
    assert coverage.figures()["doubled"] == 0


def test_an_object_without_an_event_is_lost() -> None:
    """Another version's event does not count for it."""
    coverage = Coverage(objects=OBJECTS, events=[event("a", "1", 1), event("b", "3", 2)], kills=KILLS)
    assert coverage.lost == [("b", "2")]
    assert [each.version for each in coverage.invented] == [("b", "3")]


def test_a_double_with_a_kill_between_is_explained() -> None:
    """Airflow had the event, and the kill came before the position moved."""
    events = [event("a", "1", 8), event("b", "2", 9), event("a", "1", 12)]
    coverage = Coverage(objects=OBJECTS, events=events, kills=KILLS)
    assert coverage.problems() == []
    assert coverage.figures()["doubled"] == 1
    assert coverage.ages == [2.0]


def test_a_double_within_one_life_is_a_problem() -> None:
    """Nothing of Airflow's explains it."""
    events = [event("a", "1", 11), event("b", "2", 12), event("a", "1", 13)]
    coverage = Coverage(objects=OBJECTS, events=events, kills=KILLS)
    assert coverage.unexplained == [events[2]]
    assert len(coverage.problems()) == 1


def test_a_double_under_another_id_is_a_problem() -> None:
    """Nobody could recognise it."""
    events = [event("a", "1", 8), event("b", "2", 9), event("a", "1", 12, "other")]
    coverage = Coverage(objects=OBJECTS, events=events, kills=KILLS)
    assert coverage.renamed == [events[2]]
    assert coverage.doubles == []
