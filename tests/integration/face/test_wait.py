# SPDX-License-Identifier: Apache-2.0
"""The sensors and their triggers against the real S3 server."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, PokeReturnValue, TaskDeferred
from botocore.exceptions import ClientError

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestUpsertOperator
from airflow_provider_s3rest.sensors.s3rest import (
    S3RestAbsentSensor,
    S3RestKeySensor,
    S3RestPrefixSensor,
    S3RestUnchangedSensor,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack


def test_the_sensor_waits_while_the_object_is_absent(run: Callable[..., Any]) -> None:
    """Absence is no error."""
    assert run(S3RestKeySensor, key="key") is False


def test_the_sensor_returns_the_object(run: Callable[..., Any]) -> None:
    """As a list of rows of JSON's types."""
    run(S3RestUpsertOperator, key="key", data="data")
    found = run(S3RestKeySensor, key="key")
    assert isinstance(found, PokeReturnValue)
    assert found.is_done
    assert json.loads(json.dumps(found.xcom_value)) == found.xcom_value
    assert [(row["key"], row["size"]) for row in found.xcom_value] == [("key", 4)]


def test_the_sensor_does_not_wait_for_a_permission(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, local_stack: LocalStack
) -> None:
    """Every other error is raised, as one that soft_fail does not skip."""
    fields = local_stack.connection(password="wrong")
    fields["password"] = "wrong"
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(fields))
    with pytest.raises(ClientError):
        run(S3RestKeySensor, key="key")


@pytest.mark.parametrize(
    ("kind", "before", "arguments", "meanwhile", "found"),
    [
        (S3RestKeySensor, [], {"key": "in/a"}, lambda write, _: write("in/a"), ["in/a"]),
        (S3RestKeySensor, ["in/a"], {"key": ["in/a", "in/b"]}, lambda write, _: write("in/b"), ["in/a", "in/b"]),
        (S3RestKeySensor, ["in/a"], {"glob": "in/**/*.csv"}, lambda write, _: write("in/x/b.csv"), ["in/x/b.csv"]),
        (
            S3RestPrefixSensor,
            ["in/a"],
            {"prefix": "in/", "at_least_bytes": 10},
            lambda write, _: write("in/b"),
            ["in/a", "in/b"],
        ),
        (S3RestUnchangedSensor, ["in/a"], {"prefix": "in/", "quiet_for": 1}, lambda write, _: write("in/a"), ["in/a"]),
        (S3RestAbsentSensor, ["in/a"], {"prefix": "in/"}, lambda _, delete: delete("in/a"), []),
    ],
)
def test_the_triggerer_sees_what_happens(
    run: Callable[..., Any], bucket: str, kind: Any, before: Any, arguments: Any, meanwhile: Any, found: Any
) -> None:
    """After the first look of the worker."""
    hook = S3RestHook()

    def write(key: str) -> None:
        hook.upsert_object(bucket, key, "12345")

    for key in before:
        write(key)
    options = {"deferrable": True, "poke_interval": 0.25}
    with pytest.raises(TaskDeferred) as deferred:
        run(kind, **arguments, **options)

    async def wait() -> Any:
        waiting = asyncio.create_task(anext(deferred.value.trigger.run()))
        await asyncio.to_thread(meanwhile, write, lambda key: hook.delete_objects(bucket, [key]))
        return (await waiting).payload

    event = json.loads(json.dumps(asyncio.run(wait())))
    sensor = kind(task_id="task", bucket_name=bucket, **arguments, **options)
    rows = sensor.resume_execution(deferred.value.method_name, {**deferred.value.kwargs, "event": event}, {})
    assert [row["key"] for row in rows] == found


def test_a_refusal_ends_a_wait_in_the_triggerer(
    run: Callable[..., Any], bucket: str, monkeypatch: pytest.MonkeyPatch, local_stack: LocalStack
) -> None:
    """For good, and with the words of the service; soft_fail skips no such task."""
    options = {"key": "key", "deferrable": True, "poke_interval": 0.25, "soft_fail": True}
    with pytest.raises(TaskDeferred) as deferred:
        run(S3RestKeySensor, **options)
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(local_stack.connection() | {"password": "wrong"}))
    event = asyncio.run(_first(deferred.value.trigger)).payload
    sensor = S3RestKeySensor(task_id="task", bucket_name=bucket, **options)
    with pytest.raises(AirflowFailException, match="SignatureDoesNotMatch"):
        sensor.resume_execution(deferred.value.method_name, {"event": event}, {})


async def _first(trigger: Any) -> Any:
    return await anext(trigger.run())
