# SPDX-License-Identifier: Apache-2.0
"""What sensors do beside waiting: ask a function, count time, tell errors from skips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor, S3RestPrefixSensor
from tests.unit.sensors.modes import context, deferrable, poke
from tests.unit.sensors.world import Answer, error

if TYPE_CHECKING:
    from tests.unit.sensors.modes import Mode
    from tests.unit.sensors.world import World

KEY: dict[str, Any] = {"bucket_name": "bucket", "key": "k"}
FORBIDDEN = error(403, "AccessDenied", "Not you")


def sensor(**arguments: Any) -> S3RestKeySensor:
    """Make a sensor for one key."""
    return S3RestKeySensor(task_id="wait", **{"poke_interval": 0, **KEY, **arguments})


def test_the_connection_of_airflow_is_used(connected: World, mode: Mode) -> None:
    """By the worker, and by the triggerer."""
    connected.then([], ["k"])
    assert mode(S3RestKeySensor, **KEY)[0] == "found"


def test_a_connection_that_is_missing_is_an_error(connected: World, mode: Mode) -> None:
    """Never a skip."""
    how, message = mode(S3RestKeySensor, **KEY, s3rest_conn_id="nowhere", soft_fail=True)
    assert (how, "nowhere" in message, connected.looks) == ("failed", True, 0)


def test_check_is_asked_about_everything_that_was_found(world: World, mode: Mode) -> None:
    """With the metadata of each object."""
    world.then(["p/a", "p/bb"])
    asked: list[Any] = []

    def check(heads: list[Any]) -> bool:
        asked.append([(head.key, head.metadata) for head in heads])
        return True

    arguments = {"bucket_name": "bucket", "glob": "*", "prefix": "p/"}
    how, rows = mode(S3RestKeySensor, **arguments, check=check)
    assert (how, [row["key"] for row in rows]) == ("found", ["p/a", "p/bb"])
    assert asked == [[("p/a", {"rows": "3"}), ("p/bb", {"rows": "4"})]]


def test_check_is_asked_again_after_a_no(world: World, mode: Mode) -> None:
    """Until it says yes."""
    world.then(["k"])
    answers = [False, False, True]
    assert mode(S3RestKeySensor, **KEY, check=lambda _: answers.pop(0))[0] == "found"
    assert answers == []


def test_an_object_that_is_gone_again_is_not_checked(world: World, mode: Mode) -> None:
    """The wait goes on."""
    world.then(["k"], [], [], ["k"])
    asked: list[int] = []
    assert mode(S3RestKeySensor, **KEY, check=asked.append, timeout=0) == ("timeout", None)
    world.then(["k"], [], [], ["k"])
    assert mode(S3RestKeySensor, **KEY, check=lambda heads: len(heads) == 1)[0] == "found"
    assert asked == []


def test_an_error_of_check_fails_the_task(world: World, mode: Mode) -> None:
    """It is none of S3's, even if it looks like one that passes."""
    world.then(["k"])

    def check(_: Any) -> bool:
        raise ConnectionError("the database of somebody")

    assert mode(S3RestKeySensor, **KEY, check=check, soft_fail=True) == ("failed", "the database of somebody")


def test_check_may_skip_the_task(world: World, mode: Mode) -> None:
    """By Airflow's own exception."""
    world.then(["k"])

    def check(_: Any) -> bool:
        raise AirflowSkipException("nothing to do today")

    assert mode(S3RestKeySensor, **KEY, check=check) == ("skipped", None)


@pytest.mark.parametrize("flag", ["soft_fail", "never_fail"])
def test_check_may_fail_the_task(world: World, mode: Mode, flag: str) -> None:
    """Which is then skipped if it is to be."""
    world.then(["k"])

    def check(_: Any) -> bool:
        raise AirflowFailException("it is broken")

    assert mode(S3RestKeySensor, **KEY, check=check) == ("final", "it is broken")
    assert mode(S3RestKeySensor, **KEY, check=check, **{flag: True}) == ("skipped", None)


def test_another_exception_of_airflow_is_no_skip(world: World, mode: Mode) -> None:
    """With soft_fail, Airflow would skip a deferred task for it, and fail one that pokes."""
    world.then(["k"])

    def check(_: Any) -> bool:
        raise AirflowException("it is strange")

    assert mode(S3RestKeySensor, **KEY, check=check, soft_fail=True) == ("failed", "it is strange")


def test_never_fail_skips_whatever_fails(world: World, mode: Mode) -> None:
    """As Airflow documents it."""
    world.then(FORBIDDEN)
    assert mode(S3RestKeySensor, **KEY, never_fail=True) == ("skipped", None)


def test_an_object_that_is_there_needs_no_triggerer(world: World) -> None:
    """The first look is the worker's."""
    world.then(["k"])
    assert sensor(deferrable=True).execute(context())[0]["key"] == "k"


def test_a_deferral_has_the_time_that_is_left(world: World) -> None:
    """Also a later one, after a check that said no."""
    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=True, timeout=100).execute(context())
    assert timedelta(seconds=90) < deferred.value.timeout <= timedelta(seconds=100)
    world.then(["k"])
    deadline = (datetime.now(UTC) + timedelta(seconds=50)).isoformat()
    event = {"status": "found", "objects": [{"bucket_name": "bucket", "key": "k"}]}
    waiting = sensor(deferrable=True, timeout=100, poke_interval=30, check=lambda _: False)
    with pytest.raises(TaskDeferred) as again:
        waiting.resume_execution("execute_complete", {"event": event, "deadline": deadline}, context())
    assert timedelta(seconds=40) < again.value.timeout <= timedelta(seconds=50)
    rest = datetime.fromisoformat(again.value.trigger.serialize()[1]["not_before"]) - datetime.now(UTC)
    assert timedelta(seconds=20) < rest <= timedelta(seconds=30)


@pytest.mark.parametrize(("flag", "error"), [("soft_fail", AirflowSkipException), ("retries", AirflowSensorTimeout)])
def test_a_deadline_that_has_passed_is_a_timeout(world: World, flag: str, error: type[Exception]) -> None:
    """No deferral without any time."""
    world.then(["k"])
    event = {"status": "found", "objects": [{"bucket_name": "bucket", "key": "k"}]}
    passed = {"event": event, "deadline": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}
    waiting = sensor(deferrable=True, check=lambda _: False, **{flag: True})
    with pytest.raises(error):
        waiting.resume_execution("execute_complete", passed, context())


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ({}, AirflowSensorTimeout),
        ({"soft_fail": True}, AirflowSkipException),
        ({"never_fail": True}, AirflowSkipException),
    ],
)
def test_a_timeout_in_the_triggerer_is_that_of_a_sensor(flags: dict[str, bool], error: type[Exception]) -> None:
    """Skipped if it is to be."""
    with pytest.raises(error):
        sensor(deferrable=True, **flags).resume_execution("__fail__", {"error": "Trigger timeout"}, context())


def test_a_triggerer_that_fails_is_no_skip() -> None:
    """A trigger that can't be loaded, say: with soft_fail, Airflow would skip the task."""
    waiting = sensor(deferrable=True, soft_fail=True)
    with pytest.raises(S3RestError, match="The triggerer could not wait: Trigger failure"):
        waiting.resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["ImportError"]}, context())


@pytest.mark.parametrize("event", [None, {}, {"status": "strange"}, {"status": "error", "message": ""}])
def test_an_event_that_says_nothing_is_an_error(event: Any) -> None:
    """Never a success."""
    with pytest.raises(S3RestError, match="told no end of the wait"):
        sensor(deferrable=True).resume_execution("execute_complete", {"event": event}, context())


def test_trouble_is_told_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """And its end."""
    world.then(*[Answer(503)] * 6, [], *[Answer(503)] * 2, ["k"])
    assert poke(S3RestKeySensor, **KEY)[0] == "found"
    said = capsys.readouterr().out
    assert (said.count("This may pass"), said.count("S3 answers again")) == (2, 2)


def test_more_than_a_thousand_are_counted(world: World, mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    """The log says how many are not returned."""
    world.then([f"p/{number:04}" for number in range(1200)])
    _, rows = mode(S3RestPrefixSensor, bucket_name="bucket", prefix="p/")
    assert len(rows) == 1000
    assert "Found 1200 objects; the first 1000 are returned, 200 more are not" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["true", "false"])
def test_airflow_says_what_is_deferrable_by_default(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """As for all operators."""
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", option)
    assert sensor().deferrable is (option == "true")
    assert sensor(deferrable=False).deferrable is False


def test_what_airflow_stores_of_a_deferral_has_no_secret(world: World) -> None:
    """The connection's id is enough."""
    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=True).execute(context())
    assert "secret" not in repr(deferred.value.trigger)
    assert "secret" not in str(deferred.value.trigger.serialize())
    assert deferrable(S3RestKeySensor, **KEY, timeout=0) == ("timeout", None)
    assert world.looks == 2
