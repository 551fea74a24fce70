# SPDX-License-Identifier: Apache-2.0
"""Waiting for quiet, whichever way: by the clock of S3, which goes on by 20 seconds from look to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.exceptions import AirflowRescheduleException

from airflow_provider_s3rest.sensors.s3rest import S3RestUnchangedSensor
from tests.unit.sensors.modes import State, TaskInstance, context, deferrable, poke
from tests.unit.sensors.world import Answer, error

if TYPE_CHECKING:
    from tests.unit.sensors.modes import Mode
    from tests.unit.sensors.world import World

ARGUMENTS = {"bucket_name": "bucket", "prefix": "p/", "quiet_for": 60}
FORBIDDEN = error(403, "AccessDenied", "Not you")


@pytest.fixture(autouse=True)
def _time(world: World) -> None:
    world.tick = 20.0


@pytest.mark.parametrize(
    ("states", "arguments", "looks"),
    [
        pytest.param([["p/a"]], {}, 4, id="from the first look on"),
        pytest.param([["p/a"], ["p/a"], ["p/a", "p/b"]], {}, 6, id="added"),
        pytest.param([["p/a", "p/b"], ["p/a"]], {}, 5, id="deleted"),
        pytest.param([["p/a"], ["p/b"]], {}, 5, id="deleted and added"),
        pytest.param([{"p/a": "e1"}, {"p/a": "e2"}], {}, 5, id="overwritten"),
        pytest.param([["p/a", "p/b"], ["p/a"], ["p/a", "p/b"]], {}, 6, id="deleted and back"),
        pytest.param([["p/a"], ["p/a", "p/b.tmp"]], {"regex": "a$"}, 4, id="something else"),
        pytest.param([[], [], [], [], ["p/a"]], {}, 8, id="empty at first"),
        pytest.param([[]], {"at_least_objects": 0}, 4, id="empty"),
        pytest.param([["p/a"], *[Answer(503)] * 4, ["p/a"]], {}, 6, id="a service that is down says nothing"),
        pytest.param([["p/a"]], {"quiet_for": "20"}, 2, id="as text"),
    ],
)
def test_every_change_begins_it_anew(
    world: World, mode: Mode, states: Any, arguments: dict[str, Any], looks: int
) -> None:
    """An overwrite too, and a deletion beside a new object."""
    world.then(*states)
    how, _ = mode(S3RestUnchangedSensor, **{**ARGUMENTS, **arguments})
    assert (how, world.looks) == ("found", looks)


def test_the_objects_are_returned(world: World, mode: Mode) -> None:
    """Those of the last look."""
    world.then(["p/a"], ["p/b", "p/c"])
    _, rows = mode(S3RestUnchangedSensor, **ARGUMENTS)
    assert [row["key"] for row in rows] == ["p/b", "p/c"]


def test_a_refusal_later_fails_at_once(world: World, mode: Mode) -> None:
    """For good."""
    world.then(["p/a"], ["p/a"], FORBIDDEN)
    how, message = mode(S3RestUnchangedSensor, **ARGUMENTS, soft_fail=True)
    assert (how, "Not you" in message) == ("final", True)


def test_a_clock_that_is_set_back_costs_one_period_at_most(world: World) -> None:
    """Of S3: an hour."""
    world.then(["p/a"])
    world.server.ahead_seconds = 3600.0

    def set_back(*_: Any) -> None:
        if world.looks == 2:
            world.server.ahead_seconds = 0.0

    answer = world.server.otherwise
    world.server.otherwise = lambda request: (set_back(), answer(request))[1]
    assert poke(S3RestUnchangedSensor, **ARGUMENTS)[0] == "found"
    assert world.looks == 6


def test_a_clock_of_this_machine_that_is_wrong_changes_nothing(world: World, mode: Mode) -> None:
    """Neither by an hour before S3's nor after it."""
    world.then(["p/a"])
    world.server.ahead_seconds = -3600.0
    assert mode(S3RestUnchangedSensor, **ARGUMENTS)[0] == "found"
    assert world.looks == 4


def test_another_try_of_the_task_begins_anew(world: World) -> None:
    """What an earlier one saw may be a day old: every way of waiting would wait for the whole period."""
    world.then(["p/a"])
    state = State()
    for try_number, looks in ((1, 1), (1, 2), (2, 3), (2, 4)):
        of_task = context(task_state_store=state)
        of_task["ti"].try_number = try_number
        with pytest.raises(AirflowRescheduleException):
            S3RestUnchangedSensor(task_id="wait", mode="reschedule", poke_interval=0, **ARGUMENTS).execute(of_task)
        assert world.looks == looks
    assert state["s3rest_quiet"]["try_number"] == 2


def test_what_was_remembered_is_removed_at_the_end(world: World) -> None:
    """From Airflow's database."""
    world.then(["p/a"])
    world.tick = 60.0
    state = State()
    with pytest.raises(AirflowRescheduleException):
        S3RestUnchangedSensor(task_id="wait", mode="reschedule", **ARGUMENTS).execute(context(task_state_store=state))
    assert set(state) == {"s3rest_quiet"}
    S3RestUnchangedSensor(task_id="wait", mode="reschedule", **ARGUMENTS).execute(context(task_state_store=state))
    assert state == {}


def test_reschedule_mode_needs_the_state_of_tasks(world: World) -> None:
    """Which Airflow before 3.3 lacks; the error names what works there."""
    sensor = S3RestUnchangedSensor(task_id="wait", mode="reschedule", **ARGUMENTS)
    with pytest.raises(AirflowFailException, match=r"from 3\.3 on.*deferrable=True, or mode='poke'"):
        sensor.execute({"ti": TaskInstance()})
    assert world.looks == 0


def test_deferrable_needs_no_state_of_tasks(world: World) -> None:
    """Whatever mode says, which counts for nothing then."""
    world.then(["p/a"])
    assert deferrable(S3RestUnchangedSensor, **ARGUMENTS, mode="reschedule")[0] == "found"
