# SPDX-License-Identifier: Apache-2.0
"""The triggers that wait: what Airflow stores of them, and the one event that each of them tells."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.sensors import s3rest as sensors
from airflow_provider_s3rest.triggers import s3rest as triggers
from tests.unit.sensors.modes import run_trigger
from tests.unit.sensors.world import error

if TYPE_CHECKING:
    from airflow_provider_s3rest.sensors.s3rest.base import S3RestWaitSensor
    from airflow_provider_s3rest.triggers.s3rest.base import S3RestWaitTrigger
    from tests.unit.sensors.world import World

ALL = [getattr(sensors, name) for name in sensors.__all__]
for_every_sensor = pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
PATH = "airflow_provider_s3rest.triggers.s3rest.S3RestKeyTrigger"
KEY: dict[str, Any] = {"bucket_name": "bucket", "key": "k", "poll_interval": 0.01}


def trigger_of(cls: type[S3RestWaitSensor]) -> type[S3RestWaitTrigger]:
    """Return the trigger of a sensor."""
    return getattr(triggers, cls.trigger_name)  # type: ignore[no-any-return]


@for_every_sensor
def test_a_trigger_has_the_arguments_of_its_sensor(cls: type[S3RestWaitSensor]) -> None:
    """By the same names, since Airflow renders those that a sensor and its trigger have in common."""
    own = {"poll_interval", "not_before", "memory"}
    assert set(trigger_of(cls).names) - own == set(cls.template_fields)
    assert len(set(trigger_of(cls).names)) == len(trigger_of(cls).names)


@for_every_sensor
def test_a_trigger_is_made_again_of_what_airflow_stores(cls: type[S3RestWaitSensor]) -> None:
    """Under the name that users import, with every argument, as JSON."""
    given = {name: f"the {name}" for name in trigger_of(cls).names}
    path, kwargs = trigger_of(cls)(**given).serialize()
    assert json.loads(json.dumps(kwargs)) == given
    module, _, name = path.rpartition(".")
    assert getattr(import_module(module), name) is trigger_of(cls)


@for_every_sensor
def test_a_trigger_needs_no_argument(cls: type[S3RestWaitSensor]) -> None:
    """A row of an older version may lack any of them: what has no default is an error that names it."""
    event = run_trigger(trigger_of(cls)().serialize()[0], {})
    assert event is not None
    assert (event["status"], event["final"]) == ("error", True)
    assert "is missing" in event["message"] or "is no duration" in event["message"]


def test_a_row_of_an_older_version_works(world: World) -> None:
    """With the defaults of what it lacks."""
    world.then(["k"])
    event = run_trigger(PATH, {"bucket_name": "bucket", "key": "k"})
    assert event is not None
    assert (event["status"], event["total"], event["objects"][0]["key"]) == ("found", 1, "k")


def test_a_row_of_a_newer_version_is_an_error(world: World) -> None:
    """That names what this version does not know, instead of forgetting it."""
    event = run_trigger(PATH, {**KEY, "moon": "full", "sun": 1})
    assert event == {
        "status": "error",
        "message": "moon, sun: no argument of S3RestKeyTrigger in this version of the provider; a newer one deferred "
        "this task: install that in the triggerer too",
        "final": True,
    }
    assert world.looks == 0


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"poll_interval": "often"}, "poll_interval: 'often' is no duration"),
        ({"not_before": "tomorrow"}, "not_before: is no time"),
        ({"older_than": "old"}, "older_than: 'old' is no duration"),
    ],
)
def test_a_wrong_argument_is_an_event_too(world: World, kwargs: dict[str, Any], message: str) -> None:
    """Of what escapes a trigger, Airflow makes a skip where the sensor has soft_fail."""
    event = run_trigger(PATH, {**KEY, **kwargs})
    assert event is not None
    assert (event["status"], event["message"][: len(message)], event["final"]) == ("error", message, True)
    assert world.looks == 0


def test_memory_that_is_none_is_an_error(world: World) -> None:
    """It is not taken for an empty one."""
    kwargs = {"bucket_name": "bucket", "prefix": "p/", "quiet_for": 1, "memory": {"since": "yesterday"}}
    event = run_trigger(PATH.replace("Key", "Unchanged"), kwargs)
    assert event is not None
    assert event["message"] == "memory: is not what an earlier look remembered"
    assert world.looks == 0


def test_a_refusal_is_final(world: World) -> None:
    """With the words of the service."""
    world.then(error(403, "AccessDenied", "Not you"))
    event = run_trigger(PATH, KEY)
    assert event is not None
    assert (event["status"], event["final"], "Not you" in event["message"]) == ("error", True, True)


def test_a_cancelled_trigger_tells_nothing(world: World) -> None:
    """Airflow cancels it when the task is over, or the triggerer ends."""

    async def cancel() -> None:
        looked, loop, answer = asyncio.Event(), asyncio.get_running_loop(), world.server.otherwise

        def first(request: Any) -> Any:
            world.server.otherwise = answer
            loop.call_soon_threadsafe(looked.set)
            return answer(request)

        world.server.otherwise = first
        trigger = triggers.S3RestKeyTrigger(**KEY)
        waiting = asyncio.create_task(anext(trigger.run()))
        await looked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(cancel())


def test_a_first_look_may_have_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the time that the sensor says, after a check that said no."""
    world.then(["k"])
    slept: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("airflow_provider_s3rest.triggers.s3rest.base.asyncio.sleep", at_once)
    not_before = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    assert run_trigger(PATH, {**KEY, "not_before": not_before}) is not None
    assert 50 < slept[0] <= 60


def test_a_template_is_rendered_verbatim() -> None:
    """As the sensor renders it: a key may end with a line break."""
    trigger = triggers.S3RestKeyTrigger(**{**KEY, "key": ["{{ day }}\n", "x"]})
    trigger.template_fields = ("key", "bucket_name")
    trigger.render_template_fields({"day": "monday"})
    assert (trigger.key, trigger.bucket_name) == (["monday\n", "x"], "bucket")


def test_what_is_shown_of_a_trigger_has_no_secret(connected: World) -> None:
    """The connection's id only."""
    connected.then(["k"])
    trigger = triggers.S3RestKeyTrigger(**KEY)

    async def run() -> Any:
        return await anext(trigger.run())

    assert asyncio.run(run()).payload["status"] == "found"
    assert "secret" not in f"{trigger!r} {trigger.serialize()} {vars(trigger)}"
