# SPDX-License-Identifier: Apache-2.0
"""What differs between a position and a snapshot, and how an event tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.watching.changes import differences
from airflow_provider_s3rest.s3.watching.model import Change, Known

if TYPE_CHECKING:
    from collections.abc import Callable

_some = st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from(["e1", "e2"]), max_size=8)


def _objects(etags: dict[str, str]) -> list[Known]:
    return [Known(key, etags[key], 1, 0) for key in sorted(etags)]


@settings(deadline=None)
@given(before=_some, now=_some)
def test_the_differences_lead_from_what_was_to_what_is(before: dict[str, str], now: dict[str, str]) -> None:
    """Each key that differs is told once, in order, with the right kind."""
    changes = list(differences(_objects(before), _objects(now)))
    keys = [change.known.key for change in changes]
    assert keys == sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    for kind, known in changes:
        assert kind == ("new" if known.key not in before else "changed" if known.key in now else "deleted")
        assert known.etag == (before if kind == "deleted" else now)[known.key]


def test_the_same_bytes_written_again_are_a_change(known: Callable[..., Known]) -> None:
    """An object whose ETag and size stay has changed when its time has."""
    old, new = known("a", modified=1), known("a", modified=2)
    assert list(differences([old], [new])) == [Change("changed", new)]


def test_an_object_that_is_not_meant_is_no_news(known: Callable[..., Known]) -> None:
    """A new key that does not match is passed over."""
    found = differences([], [known("a.csv"), known("b.tmp")], lambda key: key.endswith(".csv"))
    assert [change.known.key for change in found] == ["a.csv"]


def test_one_writing_has_one_event_id(known: Callable[..., Known]) -> None:
    """Whether it is new or changed depends on who looks, the id does not; a deletion has its own."""
    new, changed, deleted = (Change(kind, known("a")) for kind in ("new", "changed", "deleted"))
    assert new.event_id("b") == changed.event_id("b")
    assert len({new.event_id("b"), new.event_id("c"), deleted.event_id("b")}) == 3
    assert Change("new", known("a", etag="e2")).event_id("b") != new.event_id("b")
    assert new.event_id("b") == "f4c76cd15926c58b8bd60ce2701ed477"


def test_a_payload_says_everything(known: Callable[..., Known]) -> None:
    """It is plain JSON, with the time in ISO format."""
    payload = Change("new", known("a", size=7)).payload("b", "v1")
    assert payload | {"event_id": ""} == {
        "event": "new",
        "bucket_name": "b",
        "key": "a",
        "version_id": "v1",
        "etag": "e1",
        "size": 7,
        "last_modified": "2025-11-26T00:00:00+00:00",
        "event_id": "",
    }
