# SPDX-License-Identifier: Apache-2.0
"""Tests of sensors and watchers that a bucket of moto notifies: nothing else makes them ask S3."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor, S3RestUnchangedSensor
from airflow_provider_s3rest.triggers import s3rest as triggers
from tests.integration.notified import Place, asked_of_s3

if TYPE_CHECKING:
    from collections.abc import Callable

DAGS = Path(__file__).parent / "notified_dags.py"


class State(dict[str, Any]):
    """The state of a task, which outlives its processes."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value of JSON."""
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.pop(key, None)


@pytest.fixture
def place(moto_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket that notifies a queue, of which Airflow has the connection."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(moto_fields | {"conn_type": "s3rest"}))
    s3 = S3RestHook().store
    name = f"notified-{uuid.uuid4().hex[:12]}"
    s3.client().create_bucket(Bucket=name)
    return Place(s3, name)


@pytest.fixture
def asked(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Tell which looks moto has seen; for the words about a missing key there may be another request to each."""
    caplog.set_level(logging.INFO, "werkzeug")
    return lambda: [line for line in asked_of_s3(caplog.messages) if line.startswith("HEAD") or "list-type" in line]


@pytest.fixture
def dags(place: Place) -> dict[str, Any]:
    """The DAGs that the documentation shows, with the bucket and the queue of this test."""
    text = DAGS.read_text()
    for name in ("waits", "watchers"):
        text = text.replace(f"https://sqs.eu-west-1.amazonaws.com/123456789012/orders-{name}", place.url)
    names: dict[str, Any] = {"__name__": "notified_dags"}
    exec(compile(text.replace('bucket_name="orders"', f'bucket_name="{place.bucket}"'), str(DAGS), "exec"), names)  # noqa: S102
    return names


def _context() -> Any:
    return {"ti": type("TaskInstance", (), {"try_number": 1})(), "task_state_store": State()}


def _sensor(place: Place, **arguments: Any) -> S3RestKeySensor:
    defaults = {"bucket_name": place.bucket, "key": "in/a", "source": "sqs", "queue_url": place.url, "poke_interval": 0}
    return S3RestKeySensor(task_id="wait", **{**defaults, **arguments})


def test_a_deferred_sensor_fires_by_a_notification(
    place: Place, dags: dict[str, Any], asked: Callable[[], list[str]]
) -> None:
    """One look of the worker and one of the triggerer, none until the object is there, and one then."""
    sensor = dags["s3rest_wait_for_notification"]().get_task("wait")
    sensor.render_template_fields({"ds": "2026-11-26"})
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(_context())
    path, kwargs = deferred.value.trigger.serialize()

    async def main() -> Any:
        name = path.rpartition(".")[2]
        events = getattr(triggers, name)(**json.loads(json.dumps(kwargs | {"poll_interval": 0.25}))).run()
        waiting = asyncio.create_task(anext(aiter(events)))
        while len(asked()) < 2:  # noqa: ASYNC110 - moto tells nobody
            await asyncio.sleep(0.01)
        # Several intervals pass, in which one who polls would ask.
        await asyncio.wait((waiting,), timeout=1)
        assert len(asked()) == 2
        await asyncio.to_thread(place.put, "in/other.csv", "in/2026-11-26.csv")
        return (await waiting).payload

    event = asyncio.run(main())
    assert len(asked()) == 3
    (row,) = sensor.execute_complete({}, event, **deferred.value.kwargs)
    assert row["key"] == "in/2026-11-26.csv"
    # What concerned nobody is all that is left, and hidden for a while.
    assert place.held() == (0, 1)


def test_the_watcher_of_the_documentation_watches_the_queue(place: Place, dags: dict[str, Any]) -> None:
    """Its trigger can be stored as Airflow stores it."""
    (watcher,) = dags["orders"].watchers
    trigger = watcher.trigger
    kwargs = trigger["kwargs"] if isinstance(trigger, dict) else trigger.serialize()[1]
    assert kwargs["queue_url"] == place.url


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_poke_looks_first_and_then_when_told(
    place: Place, asked: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Each poke of a task that is rescheduled is another process."""
    monkeypatch.setattr("airflow_provider_s3rest.sensors.s3rest.notified._TAKING_SECONDS", 0)
    context = _context()
    sensors = [_sensor(place, mode=mode)] * 3 if mode == "poke" else [_sensor(place, mode=mode) for _ in range(3)]
    assert not sensors[0].poke(context)
    place.put("in/b")
    assert not sensors[1].poke(context)
    assert len(asked()) == 1
    place.put("in/a")
    found = sensors[2].poke(context)
    assert found.xcom_value[0]["key"] == "in/a"
    assert len(asked()) == 2
    assert place.held() == (0, 1)


def test_what_check_refuses_is_found_again_at_the_next_poke(place: Place) -> None:
    """It may depend on anything."""
    answers = [False, True]
    sensor = _sensor(place, check=lambda _: answers.pop(0))
    place.put("in/a")
    assert not sensor.poke(_context())
    assert sensor.poke(_context())


def test_quiet_is_seen_by_a_poke_without_a_message(place: Place, asked: Callable[[], list[str]]) -> None:
    """When the period is over."""
    place.put("in/a")
    where = {"bucket_name": place.bucket, "prefix": "in/", "source": "sqs", "queue_url": place.url}
    sensor = S3RestUnchangedSensor(task_id="wait", quiet_for=1, poke_interval=20, **where)
    context = _context()
    pokes = 0
    while not sensor.poke(context):
        pokes += 1
    assert pokes <= 3
    assert len(asked()) <= pokes + 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"queue_url": None}, "queue_url: is missing"),
        ({"queue_url": "http://example.com/1/q"}, "queue_url: must start with https://"),
        ({"source": "sns"}, "source: 'sns' is none of poll, sqs"),
        ({"source": "poll"}, 'queue_url: belongs to source="sqs"'),
    ],
)
@pytest.mark.parametrize("deferrable", [False, True])
def test_bad_arguments_fail_at_once(place: Place, arguments: dict[str, Any], reason: str, *, deferrable: bool) -> None:
    """No retry mends them."""
    with pytest.raises(AirflowFailException, match=reason):
        _sensor(place, deferrable=deferrable, **arguments).execute(_context())


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_queue_that_is_not_there_fails_at_once(place: Place, *, deferrable: bool) -> None:
    """In the words of SQS, in the worker and in the triggerer."""
    sensor = _sensor(place, queue_url=f"{place.url}-no", deferrable=deferrable)

    def run() -> None:
        try:
            sensor.execute(_context())
        except TaskDeferred as deferred:
            event = asyncio.run(anext(aiter(deferred.trigger.run())))
            sensor.resume_execution("execute_complete", {"event": event.payload}, _context())

    with pytest.raises(AirflowFailException, match="queue does not exist"):
        run()


def test_rescheduling_needs_the_state_of_tasks(place: Place) -> None:
    """Which Airflow has from 3.3 on."""
    with pytest.raises(AirflowFailException, match="mode: reschedule with source"):
        _sensor(place, mode="reschedule").execute({"ti": None})
