# SPDX-License-Identifier: Apache-2.0
"""Beginning in the triggerer: what Airflow's scheduler has to know of a sensor to start it there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import as_json

if TYPE_CHECKING:
    from airflow.triggers.base import StartTriggerArgs

    from airflow_provider_s3rest.sensors.s3rest.base import S3RestWaitSensor

_TRIGGERS = "airflow_provider_s3rest.triggers.s3rest"
_MARKS = ("{{", "{%", "{#")


class StartTriggerArgsOfSensor:
    """The attribute of a sensor in which Airflow looks for its trigger: None without ``start_from_trigger``."""

    def __get__(self, sensor: S3RestWaitSensor | None, owner: type | None = None) -> StartTriggerArgs | None:
        if sensor is None or sensor.start_from_trigger is not True:
            return None
        return start_trigger_args(sensor)


def start_trigger_args(sensor: S3RestWaitSensor) -> StartTriggerArgs | None:
    """Return what starts a sensor in the triggerer; None where this Airflow would not render its templates there.

    :raises ValueError: it can't start there.
    """
    from airflow.triggers.base import BaseTrigger, StartTriggerArgs

    if not sensor.deferrable:
        raise ValueError("start_from_trigger: goes together with deferrable=True only; set that too")
    if getattr(sensor, "check", None) is not None:
        raise ValueError("start_from_trigger: check is a function, which only a worker can call; leave one of them out")
    kwargs = trigger_arguments(sensor)
    if not hasattr(BaseTrigger, "render_template_fields") and _has_template(list(kwargs.values())):
        return None
    return StartTriggerArgs(
        trigger_cls=f"{_TRIGGERS}.{sensor.trigger_name}",
        trigger_kwargs=kwargs,
        next_method="execute_complete",
        # None would mean to wait for ever.
        timeout=timedelta(seconds=max(sensor.timeout, 1)),
    )


def trigger_arguments(sensor: S3RestWaitSensor) -> dict[str, Any]:
    """Return the arguments of a sensor's trigger.

    :raises ValueError: one of them can't be stored.
    """
    # Airflow asks between the constructors of a sensor's classes, too.
    given = {name: getattr(sensor, name, None) for name in sensor.template_fields}
    return {name: as_json(value, name) for name, value in given.items()} | {"poll_interval": sensor.poke_interval}


def _has_template(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_template, value))
    return isinstance(value, str) and any(mark in value for mark in _MARKS)
