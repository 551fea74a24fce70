# SPDX-License-Identifier: Apache-2.0
"""Beginning in the triggerer: what Airflow's scheduler is told, and when it is told nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, task
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import BaseTrigger

from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor, S3RestUnchangedSensor

START = {"deferrable": True, "start_from_trigger": True}
KEY: dict[str, Any] = {"task_id": "wait", "bucket_name": "bucket", "key": "k"}


def test_the_scheduler_is_told_every_argument() -> None:
    """As values of JSON, templates as they are."""
    sensor = S3RestUnchangedSensor(
        task_id="wait",
        prefix="{{ ds }}/",
        quiet_for=timedelta(minutes=5),
        modified_after=datetime(2026, 11, 26, tzinfo=UTC),
        storage_class=("STANDARD", "GLACIER"),
        poke_interval=timedelta(seconds=7),
        timeout=100,
        **START,
    )
    args = sensor.start_trigger_args
    assert args.trigger_cls == "airflow_provider_s3rest.triggers.s3rest.S3RestUnchangedTrigger"
    assert (args.next_method, args.timeout) == ("execute_complete", timedelta(seconds=100))
    assert json.loads(json.dumps(args.trigger_kwargs)) == {
        "bucket_name": None,
        "s3rest_conn_id": "s3rest_default",
        "region_name": None,
        "modified_after": "2026-11-26T00:00:00+00:00",
        "modified_before": None,
        "min_bytes": None,
        "max_bytes": None,
        "storage_class": ["STANDARD", "GLACIER"],
        "source": "poll",
        "queue_url": None,
        "prefix": "{{ ds }}/",
        "quiet_for": 300.0,
        "at_least_objects": 1,
        "glob": None,
        "regex": None,
        "poll_interval": 7.0,
    }


def test_it_survives_serialization() -> None:
    """The scheduler knows DAGs as JSON only."""
    with DAG("dag", schedule=None) as dag:
        S3RestKeySensor(**KEY, **START)
    stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag)))).get_task("wait")
    assert stored.start_from_trigger is True
    assert stored.start_trigger_args.trigger_cls.endswith("S3RestKeyTrigger")


def test_two_sensors_have_their_own() -> None:
    """None is kept at the class."""
    one, two = (S3RestKeySensor(**{**KEY, "task_id": key, "key": key}, **START) for key in ("a", "b"))
    assert [each.start_trigger_args.trigger_kwargs["key"] for each in (one, two)] == ["a", "b"]
    assert S3RestKeySensor.start_trigger_args is None


@pytest.mark.parametrize("options", [{}, {"deferrable": True}])
def test_nothing_is_told_unless_asked_for(options: dict[str, bool]) -> None:
    """The task begins in a worker."""
    assert S3RestKeySensor(**KEY, **options).start_trigger_args is None


def test_a_timeout_of_zero_is_no_wait_for_ever() -> None:
    """Which Airflow would take it for."""
    assert S3RestKeySensor(**KEY, **START, timeout=0).start_trigger_args.timeout == timedelta(seconds=1)


def test_it_goes_together_with_deferrable_only() -> None:
    """The DAG file is an error otherwise."""
    with pytest.raises(ValueError, match="start_from_trigger: goes together with deferrable=True only"):
        S3RestKeySensor(**KEY, start_from_trigger=True, deferrable=False)


def test_a_function_can_not_be_called_there() -> None:
    """The DAG file is an error."""
    with pytest.raises(ValueError, match="start_from_trigger: check is a function, which only a worker can call"):
        S3RestKeySensor(**KEY, **START, check=bool)


def test_the_result_of_a_task_is_not_known_there() -> None:
    """A template is, which asks for it."""

    @task
    def keys() -> list[str]:
        return ["k"]

    with (
        DAG("dag", schedule=None),
        pytest.raises(ValueError, match="key: PlainXComArg can't be stored for the triggerer"),
    ):
        S3RestKeySensor(**{**KEY, "key": keys()}, **START)


@pytest.mark.parametrize(("key", "is_told"), [("{{ ds }}", False), (["a", "{% if ds %}"], False), ("k", True)])
def test_templates_need_an_airflow_that_renders_them(
    monkeypatch: pytest.MonkeyPatch, key: Any, *, is_told: bool
) -> None:
    """Before 3.3 the triggerer would wait for braces: then the task begins in a worker."""
    monkeypatch.delattr(BaseTrigger, "render_template_fields")
    assert (S3RestKeySensor(**{**KEY, "key": key}, **START).start_trigger_args is not None) is is_told


def test_a_mapped_sensor_begins_in_a_worker() -> None:
    """No Airflow can start it elsewhere."""
    with DAG("dag", schedule=None) as dag:
        S3RestKeySensor.partial(task_id="wait", bucket_name="bucket", **START).expand(key=["a", "b"])
    stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag)))).get_task("wait")
    assert stored.start_trigger_args is None
