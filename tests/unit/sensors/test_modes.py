# SPDX-License-Identifier: Apache-2.0
"""Each scenario ends alike, whichever way is waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.sensors.s3rest import (
    S3RestAbsentSensor,
    S3RestKeySensor,
    S3RestPrefixSensor,
    S3RestUnchangedSensor,
)
from tests.unit.sensors.modes import deferrable, poke, started
from tests.unit.sensors.world import Answer, World, error, huge

if TYPE_CHECKING:
    from tests.unit.sensors.modes import Mode

BUCKET = {"bucket_name": "bucket"}
FORBIDDEN = error(403, "AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: s3:ListBucket")
# Each look is tried twice.
SLOW_DOWN = [error(503, "SlowDown", "Please reduce your request rate.")] * 2
DOWN = [Answer(cut=-1)] * 2
TIMES_UP = {"timeout": 0}
ODD = "ä/\N{PILE OF POO} +%2F?"


def row(key: str, etag: str = "e1") -> dict[str, Any]:
    """Return the row of an object."""
    return {
        "bucket_name": "bucket",
        "key": key,
        "size": 5,
        "etag": etag,
        "last_modified": "2026-11-24T01:02:03+00:00",
        "version_id": None,
    }


def found(*keys: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the outcome of a wait that found these objects."""
    return "found", [row(key) for key in keys]


@pytest.mark.parametrize(
    ("states", "arguments", "outcome"),
    [
        pytest.param([["k"]], {"key": "k"}, found("k"), id="there"),
        pytest.param([[], [], ["k"]], {"key": "k"}, found("k"), id="appears"),
        pytest.param([["a"], ["a"], ["a", "b"]], {"glob": ["a", "b"]}, found("a", "b"), id="patterns"),
        pytest.param([["k"]], {"key": ["k", "l"], "wait_for": "any"}, found("k"), id="any"),
        pytest.param([["k", "l"]], {"key": ["k", "l"]}, found("k", "l"), id="all"),
        pytest.param([["d/x", "d/y"]], {"regex": "x$", "prefix": "d/"}, found("d/x"), id="regex"),
        pytest.param([["k"]], {"key": "k", "min_bytes": "6", **TIMES_UP}, ("timeout", None), id="too small"),
        pytest.param([["k"]], {"key": "k", "older_than": "60"}, found("k"), id="old enough"),
        pytest.param([["k"]], {"key": "k", "newer_than": 60, **TIMES_UP}, ("timeout", None), id="too old"),
        pytest.param([[]], {"key": "k", **TIMES_UP}, ("timeout", None), id="never"),
        pytest.param([[]], {"key": "k", **TIMES_UP, "soft_fail": True}, ("skipped", None), id="never, softly"),
        pytest.param([[]], {"key": "k", **TIMES_UP, "never_fail": True}, ("skipped", None), id="never, never failing"),
        pytest.param([*SLOW_DOWN, [], ["k"]], {"glob": "k"}, found("k"), id="throttled"),
        pytest.param([[], *DOWN, *DOWN, ["k"]], {"key": "k"}, found("k"), id="down and back"),
        pytest.param([[ODD]], {"key": ODD}, found(ODD), id="unicode"),
        pytest.param([["a//b"]], {"key": "a//b"}, found("a//b"), id="two slashes"),
        pytest.param([["a/"]], {"key": "a/"}, found("a/"), id="a slash at its end"),
        pytest.param([["//", "/a"]], {"glob": "/*"}, found("/a"), id="a slash at its beginning"),
        pytest.param([["k"]], {"bucket_name": None, "key": "s3://bucket/k"}, found("k"), id="url"),
    ],
)
def test_a_wait_for_keys(world: World, mode: Mode, states: Any, arguments: dict[str, Any], outcome: Any) -> None:
    """Found, or the time is up; trouble that passes is neither."""
    world.then(*states)
    assert mode(S3RestKeySensor, **{**BUCKET, **arguments}) == outcome


@pytest.mark.parametrize("arguments", [{}, {"soft_fail": True}], ids=["hard", "soft"])
@pytest.mark.parametrize("look", [{"key": "k"}, {"glob": "k"}], ids=["head", "list"])
@pytest.mark.parametrize("before", [[], [[]]], ids=["at once", "later"])
def test_a_refusal_fails_at_once(
    world: World, mode: Mode, arguments: dict[str, Any], look: dict[str, str], before: Any
) -> None:
    """With the words of the service, for good; soft_fail skips no such task."""
    # A refusal is believed when the connection, read anew, meets it too.
    world.then(*before, FORBIDDEN)
    how, message = mode(S3RestKeySensor, **BUCKET, **look, **arguments)
    assert how == "final"
    assert "AccessDenied" in message
    assert "is not authorized to perform: s3:ListBucket" in message


@pytest.mark.parametrize("look", [{"key": "k"}, {"glob": "k"}], ids=["head", "list"])
def test_a_bucket_that_is_missing_fails_at_once(world: World, mode: Mode, look: dict[str, str]) -> None:
    """Airflow may try again, since somebody may make it; soft_fail skips no such task."""
    how, message = mode(S3RestKeySensor, bucket_name="missing", **look, soft_fail=True)
    assert how == "failed"
    assert "There is no bucket 'missing'" in message
    assert world.looks == 1


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (S3RestKeySensor, {}, "key: is missing"),
        (S3RestKeySensor, {"key": "k", "wait_for": "most"}, "wait_for: 'most' is none of all, any"),
        (S3RestKeySensor, {"key": "k", "min_bytes": "some"}, "min_bytes: must be a number"),
        (S3RestKeySensor, {"regex": "("}, "regex: "),
        (
            S3RestPrefixSensor,
            {"prefix": "p/", "at_least_objects": "0"},
            "at_least_objects: must be a number",
        ),
        (S3RestUnchangedSensor, {"prefix": "p/", "quiet_for": "soon"}, "quiet_for: 'soon' is no duration"),
        (S3RestAbsentSensor, {"bucket_name": None, "key": "k"}, "bucket_name: is missing"),
    ],
)
def test_a_wrong_argument_is_named(world: World, mode: Mode, cls: Any, arguments: Any, message: str) -> None:
    """For good, before anything is asked."""
    how, said = mode(cls, **{**BUCKET, **arguments})
    assert (how, said[: len(message)]) == ("final", message)
    assert world.looks == 0


@pytest.mark.parametrize(
    ("states", "arguments", "outcome"),
    [
        pytest.param([[], ["p/a"]], {}, found("p/a"), id="one"),
        pytest.param([["p/a"], ["p/a", "p/b"]], {"at_least_objects": "2"}, found("p/a", "p/b"), id="two"),
        pytest.param([["p/a"], ["p/a", "p/b"]], {"at_least_bytes": "10"}, found("p/a", "p/b"), id="bytes"),
        pytest.param([["p/a", "p/b.csv"]], {"glob": "*.csv"}, found("p/b.csv"), id="filtered"),
        pytest.param([["p/a"]], {"at_least_objects": 2, **TIMES_UP}, ("timeout", None), id="too few"),
    ],
)
def test_a_wait_for_enough(world: World, mode: Mode, states: Any, arguments: dict[str, Any], outcome: Any) -> None:
    """Of objects, or of bytes."""
    world.then(*states)
    assert mode(S3RestPrefixSensor, **BUCKET, prefix="p/", **arguments) == outcome


@pytest.mark.parametrize(("mode", "count"), [(poke, 10_000), (deferrable, 10_000), (started, 100_000)])
def test_a_hundred_thousand_objects(world: World, mode: Mode, count: int) -> None:
    """All are counted; the first thousand are returned."""
    world.then(huge(count))
    how, rows = mode(S3RestPrefixSensor, **BUCKET, prefix="p/", at_least_objects=count, at_least_bytes=count * 5)
    assert (how, [each["key"] for each in rows]) == ("found", [f"p/{number:06}" for number in range(1000)])


@pytest.mark.parametrize(
    ("states", "arguments", "outcome"),
    [
        pytest.param([["k"], ["k"], []], {"key": "k"}, found(), id="deleted"),
        pytest.param([["k"], [], ["k"]], {"key": "k"}, found(), id="deleted and back"),
        pytest.param([["d/a", "k"], ["k"]], {"prefix": "d/"}, found(), id="a prefix"),
        pytest.param([["d/a.csv", "d/b"], ["d/b"]], {"glob": "d/*.csv"}, found(), id="a pattern"),
        pytest.param([["k"]], {"key": "k", **TIMES_UP}, ("timeout", None), id="stays"),
        pytest.param([["k"], *DOWN, []], {"key": "k"}, found(), id="down is not absent"),
    ],
)
def test_a_wait_for_absence(world: World, mode: Mode, states: Any, arguments: dict[str, Any], outcome: Any) -> None:
    """An empty list, or the time is up."""
    world.then(*states)
    assert mode(S3RestAbsentSensor, **BUCKET, **arguments) == outcome
