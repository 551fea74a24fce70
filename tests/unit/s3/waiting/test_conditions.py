# SPDX-License-Identifier: Apache-2.0
"""Tests of what conditions look at, and how they decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_s3rest.s3.waiting.conditions import (
    AbsentCondition,
    KeyCondition,
    PrefixCondition,
    UnchangedCondition,
)
from airflow_provider_s3rest.s3.waiting.model import FoundObject, Quiet, Tally, Target
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def found(key: str) -> FoundObject:
    """Make an object of 5 bytes."""
    return FoundObject(bucket_name="bucket", key=key, size=5, etag="e", last_modified=NOW, version_id=None)


def tally(*keys: str, at: datetime = NOW, **fields: Any) -> Tally:
    """Make a tally of objects of 5 bytes."""
    known: dict[str, Any] = {"count": len(keys), "size": 5 * len(keys), "fingerprint": "/".join(keys)}
    return Tally(**(known | {"found": tuple(map(found, keys)), "at": at} | fields))


def looked_at(bucket_name: str | None = "bucket", **wishes: Any) -> list[tuple[str, str, bool]]:
    """Return the targets of some keys and patterns."""
    looks = KeyCondition.parse(bucket_name, Wishes(**wishes)).looks
    return [(look.target.bucket_name, look.target.name, look.target.exact) for look in looks]


@pytest.mark.parametrize(
    ("wishes", "targets"),
    [
        ({"key": "a"}, [("bucket", "a", True)]),
        ({"key": ["a", "/b//", "a"]}, [("bucket", "a", True), ("bucket", "/b//", True)]),
        ({"glob": "data/2026/*.csv"}, [("bucket", "data/2026/", False)]),
        ({"glob": "data/part-[0-9].csv"}, [("bucket", "data/part-", False)]),
        ({"glob": "data/**/x"}, [("bucket", "data/", False)]),
        ({"glob": "*.csv"}, [("bucket", "", False)]),
        ({"glob": "x.csv"}, [("bucket", "", False)]),
        ({"glob": "*.csv", "prefix": "data/"}, [("bucket", "data/", False)]),
        ({"glob": "data/a*", "prefix": "data/"}, [("bucket", "data/a", False)]),
        ({"glob": "data/a*", "prefix": "data/abc"}, [("bucket", "data/abc", False)]),
        ({"regex": r"\.csv$", "prefix": "data/"}, [("bucket", "data/", False)]),
        ({"regex": [r"\.csv$", "^x"]}, [("bucket", "", False)] * 2),
        ({"key": "a", "glob": "b/*"}, [("bucket", "a", True), ("bucket", "b/", False)]),
    ],
)
def test_a_key_is_asked_for_by_name_and_a_pattern_by_what_its_keys_begin_with(
    wishes: dict[str, Any], targets: list[tuple[str, str, bool]]
) -> None:
    """So that as little as possible has to be listed."""
    assert looked_at(**wishes) == targets


def test_keys_and_patterns_may_be_urls_of_several_buckets() -> None:
    """Each names its own."""
    targets = looked_at(None, key=["s3://one/a?b", "s3://two/a"], glob="s3://three/d/*")
    assert targets == [("one", "a?b", True), ("two", "a", True), ("three", "d/", False)]


@pytest.mark.parametrize(
    ("wishes", "fault"),
    [
        ({}, "key: is missing; give it, or a glob or a regex"),
        ({"key": []}, r"key: must be one text or a list of them, not \[\]"),
        ({"key": 5}, "key: must be one text or a list of them, not 5"),
        ({"key": ["a", ""]}, "key: '' is none; each must be a text, and not empty"),
        ({"key": ["a", None]}, "key: None is none; each must be a text, and not empty"),
        ({"key": "x" * 1025}, "key: must be 1 to 1024 bytes"),
        ({"key": "a", "prefix": "b"}, "prefix: narrows a glob or a regex, and there is none"),
        ({"glob": "a/*", "prefix": "b/"}, "glob: 'a/.' fits no key that begins with prefix 'b/'"),
        ({"glob": "s3://bucket/"}, "glob: is an s3:// URL, and bucket_name is given too"),
        ({"regex": "("}, "regex: '\\(' is no regular expression"),
    ],
)
def test_keys_and_patterns_that_cannot_be_are_named(wishes: dict[str, Any], fault: str) -> None:
    """Before anything is asked of the service."""
    with pytest.raises(ValueError, match=fault):
        looked_at(**wishes)


def test_a_glob_url_without_a_pattern_is_an_error() -> None:
    """It would mean the whole bucket."""
    with pytest.raises(ValueError, match="glob: 's3://bucket/' has no pattern after the bucket"):
        looked_at(None, glob="s3://bucket/")


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        ({"min_bytes": ""}, "min_bytes: is empty"),
        ({"min_bytes": 5, "max_bytes": 4}, "min_bytes: 5 is more than"),
        ({"older_than": 60, "newer_than": 30}, "newer_than: means from"),
        ({"older_then": 60}, "older_then: is no option"),
    ],
)
def test_filters_that_cannot_be_are_named(filters: dict[str, Any], fault: str) -> None:
    """As everywhere."""
    with pytest.raises(ValueError, match=fault):
        KeyCondition.parse("bucket", Wishes(key="a"), filters=filters)  # type: ignore[arg-type]


def test_what_is_too_young_now_may_be_waited_for() -> None:
    """An object that is written later than the filter's time will be old enough one day."""
    KeyCondition.parse("bucket", Wishes(key="a"), filters={"modified_after": "2026-01-01T00:00Z", "older_than": 1e9})


@pytest.mark.parametrize(
    ("wait_for", "tallies", "done"),
    [
        ("all", [tally("a"), tally("b")], True),
        ("all", [tally("a"), tally()], False),
        ("any", [tally(), tally("b")], True),
        ("any", [tally(), tally()], False),
    ],
)
def test_all_keys_must_be_there_or_any(wait_for: Any, tallies: list[Tally], done: bool) -> None:  # noqa: FBT001
    """As the caller wants."""
    assert KeyCondition.parse("bucket", Wishes(key=["a", "b"]), wait_for=wait_for).decide(tallies).done is done


def test_wait_for_is_all_or_any() -> None:
    """And nothing else."""
    with pytest.raises(ValueError, match="wait_for: 'some' is none of all, any"):
        KeyCondition.parse("bucket", Wishes(key="a"), wait_for="some")  # type: ignore[arg-type]


def test_the_objects_that_ended_the_wait_are_found_once_each() -> None:
    """Though two patterns fit one of them."""
    verdict = KeyCondition.parse("bucket", Wishes(glob=["a*", "*b"])).decide([tally("a", "ab"), tally("ab", "b")])
    assert ([item.key for item in verdict.found], verdict.total) == (["a", "ab", "b"], 3)


def test_at_most_1000_objects_are_given_and_all_are_counted() -> None:
    """They pass through Airflow's database."""
    keys = [f"{number:04}" for number in range(1000)]
    condition = KeyCondition.parse("bucket", Wishes(glob=["*", "x*"]))
    verdict = condition.decide([tally(*keys, count=1500), tally("x")])
    assert (len(verdict.found), verdict.total) == (1000, 1501)


def test_the_reason_names_what_is_missing() -> None:
    """A few of it."""
    condition = KeyCondition.parse("bucket", Wishes(key=["a", "b", "c", "d"], glob="e/*"))
    verdict = condition.decide([tally("a"), tally(), tally(), tally(), tally()])
    assert verdict.reason == "1 of 5 are there; not yet: 'b', 'c', 'd', ..."


def test_a_wait_ends_by_age_alone_at_the_soonest_of_its_looks() -> None:
    """Nothing is written then."""
    condition = KeyCondition.parse("bucket", Wishes(key=["a", "b"]), filters={"older_than": 60})
    verdict = condition.decide([tally(changes_in=timedelta(seconds=9)), tally(changes_in=timedelta(seconds=5))])
    assert verdict.again_in == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("arguments", "done"),
    [
        ({}, True),
        ({"at_least_objects": 2}, True),
        ({"at_least_objects": "3"}, False),
        ({"at_least_bytes": 10}, True),
        ({"at_least_bytes": "11"}, False),
    ],
)
def test_a_prefix_must_have_enough_objects_and_enough_bytes(arguments: dict[str, Any], done: bool) -> None:  # noqa: FBT001
    """Both."""
    condition = PrefixCondition.parse("bucket", "p/", **arguments)
    assert condition.looks[0].target == Target("bucket", "p/", exact=False)
    assert condition.decide([tally("p/a", "p/b")]).done is done


def test_a_prefix_may_be_a_url_and_its_objects_are_told() -> None:
    """With how many there are."""
    verdict = PrefixCondition.parse(None, "s3://bucket/p/").decide([tally("p/a", count=2000, size=7)])
    assert ([item.key for item in verdict.found], verdict.total) == (["p/a"], 2000)


@pytest.mark.parametrize("argument", ["at_least_objects", "at_least_bytes"])
def test_no_prefix_has_less_than_nothing(argument: str) -> None:
    """Zero would be true at once."""
    with pytest.raises(ValueError, match=f"{argument}: must be a number, 1 or more, not 0"):
        PrefixCondition.parse("bucket", "p/", **{argument: 0})  # type: ignore[arg-type]


def quiet(*tallies: Tally, memory: Quiet | None = None, **arguments: Any) -> list[bool]:
    """Return what is decided of each of some looks, one after the other."""
    condition = UnchangedCondition.parse("bucket", "p/", **({"quiet_for": 60} | arguments))
    decided = []
    for each in tallies:
        verdict = condition.decide([each], memory)
        memory = verdict.memory
        decided.append(verdict.done)
    return decided


def later(seconds: float) -> datetime:
    """Return a time after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


def test_quiet_is_counted_from_the_first_look() -> None:
    """What was before it, nobody saw."""
    assert quiet(tally("a"), tally("a", at=later(59)), tally("a", at=later(60))) == [False, False, True]


def test_a_change_begins_the_period_anew() -> None:
    """By the fingerprint, which an overwrite changes too."""
    looks = [tally("a"), tally("a", at=later(59), fingerprint="x"), tally("a", at=later(118), fingerprint="x")]
    assert quiet(*looks) == [False, False, False]
    assert quiet(*looks, tally("a", at=later(119), fingerprint="x"))[-1]


def test_a_wait_goes_on_after_a_restart_where_it_was() -> None:
    """If nothing has changed meanwhile."""
    memory = Quiet.from_dict(Quiet("a", NOW).as_dict())
    assert quiet(tally("a", at=later(60)), memory=memory) == [True]
    assert quiet(tally("b", at=later(60)), memory=memory) == [False]


def test_a_clock_that_is_set_back_does_not_make_the_period_longer() -> None:
    """It is counted from the earlier time then."""
    assert quiet(tally("a"), tally("a", at=later(-3600)), tally("a", at=later(-3540))) == [False, False, True]


def test_a_quiet_prefix_must_have_objects_unless_the_caller_says_otherwise() -> None:
    """One at least."""
    assert quiet(tally(), tally(at=later(60))) == [False, False]
    assert quiet(tally(), tally(at=later(60)), at_least_objects=0) == [False, True]
    assert quiet(tally("a"), tally("a", at=later(60)), at_least_objects=2) == [False, False]


def test_a_quiet_prefix_names_the_time_at_which_it_will_have_been_quiet_for_long_enough() -> None:
    """Nothing is written then, so that no notification comes."""
    condition = UnchangedCondition.parse("bucket", "p/", quiet_for=60)
    assert condition.decide([tally("a", at=later(20))], Quiet("a", NOW)).again_in == timedelta(seconds=40)
    assert condition.decide([tally()]).again_in is None


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"quiet_for": 0}, "quiet_for: must be longer than 0 seconds"),
        ({"quiet_for": "soon"}, "quiet_for: 'soon' is no duration"),
        ({"filters": {"older_than": 5}}, "older_than, newer_than: objects that grow older are no change"),
        ({"at_least_objects": -1}, "at_least_objects: must be a number, 0 or more, not -1"),
    ],
)
def test_arguments_of_a_quiet_prefix_that_cannot_be_are_named(arguments: dict[str, Any], fault: str) -> None:
    """As everywhere."""
    with pytest.raises(ValueError, match=fault):
        quiet(**arguments)


@pytest.mark.parametrize("stored", [{}, {"fingerprint": "a"}, {"fingerprint": "a", "since": "soon"}, "text"])
def test_a_memory_that_is_none_is_an_error(stored: Any) -> None:
    """It would make the wait too short."""
    with pytest.raises(ValueError, match=r"memory|since"):
        Quiet.from_dict(stored)


@pytest.mark.parametrize(("tallies", "done"), [([tally(), tally()], True), ([tally(), tally("b")], False)])
def test_all_keys_must_be_gone(tallies: list[Tally], done: bool) -> None:  # noqa: FBT001
    """Each of them."""
    verdict = AbsentCondition.parse("bucket", Wishes(key=["a", "b"])).decide(tallies)
    assert (verdict.done, verdict.found) == (done, ())


def test_the_reason_names_what_is_still_there() -> None:
    """A few of it."""
    verdict = AbsentCondition.parse("bucket", Wishes(prefix="p/")).decide([tally("p/a", "p/b", "p/c", "p/d", count=9)])
    assert verdict.reason == "9 objects are still there: 'p/a', 'p/b', 'p/c'"


def test_a_prefix_may_be_waited_for_to_be_empty() -> None:
    """It alone, or with a pattern."""
    looks = AbsentCondition.parse("bucket", Wishes(prefix="p/")).looks
    assert [look.target for look in looks] == [Target("bucket", "p/", exact=False)]
    with pytest.raises(ValueError, match="key: is missing"):
        AbsentCondition.parse("bucket", Wishes())
