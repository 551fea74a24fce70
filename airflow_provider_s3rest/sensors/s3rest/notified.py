# SPDX-License-Identifier: Apache-2.0
"""When a sensor looks that a queue tells of changes: first, when told to, and when time alone may end the wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.waiting.model import Verdict
    from airflow_provider_s3rest.sensors.s3rest.base import S3RestWaitSensor

_STATE = "s3rest_due"
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
# A task that is rescheduled takes what is there and goes.
_TAKING_SECONDS = 5.0


class Notified:
    """The looks of one sensor.

    :param queue_url: the queue that the bucket notifies.
    """

    def __init__(self, sensor: S3RestWaitSensor, queue_url: str) -> None:
        self._sensor = sensor
        self._queue_url = queue_url
        self._due: datetime | None = _AT_ONCE

    @classmethod
    def of(cls, sensor: S3RestWaitSensor) -> Self | None:
        """Return what tells a sensor when to look; None where it looks again and again.

        :raises ValueError: ``source`` or ``queue_url`` can't be.
        """
        from airflow_provider_s3rest.s3.notifications.address import queue_of

        queue_url = queue_of(sensor.source, sensor.queue_url)
        return cls(sensor, queue_url) if queue_url else None

    def check_mode(self, context: Context) -> None:
        """Do nothing if the sensor can wait so.

        :raises ValueError: it can't.
        """
        if self._sensor.reschedule and "task_state_store" not in context:
            raise ValueError(
                'mode: reschedule with source="sqs" needs the state of tasks, which Airflow keeps from 3.3 on, to know '
                "whether the first look has been made; use deferrable=True, or mode='poke'"
            )

    def look(self, context: Context, look: Callable[[], Verdict]) -> Verdict | None:
        """Look if that is due, or else wait for a message that says that something has happened.

        :returns: None if there was no reason to look.
        """
        from airflow_provider_s3rest.s3.notifications.poking import when_told
        from airflow_provider_s3rest.s3.notifications.queue import Queue

        due, now = self._read(context), datetime.now(UTC)
        verdict = None
        if due is None or due > now:
            patience = _TAKING_SECONDS if self._sensor.reschedule else self._sensor.poke_interval
            seconds = patience if due is None else min(patience, (due - now).total_seconds())
            queue = Queue(self._sensor.store, self._queue_url)
            verdict = when_told(queue, self._sensor.targets, look, seconds=seconds)
        if verdict is None:
            if due is None or due > datetime.now(UTC):
                return None
            verdict = look()
        self._keep(context, verdict)
        return verdict

    def _read(self, context: Context) -> datetime | None:
        if not self._sensor.reschedule:
            return self._due
        stored: Any = _state(context).get(_STATE)
        if not stored or stored["try_number"] != context["ti"].try_number:
            return _AT_ONCE
        return datetime.fromisoformat(stored["due"]) if stored["due"] else None

    def _keep(self, context: Context, verdict: Verdict) -> None:
        # What was found may still not pass; then it is looked at again at the next poke.
        again_in = timedelta() if verdict.done else verdict.again_in
        self._due = datetime.now(UTC) + again_in if again_in is not None else None
        if not self._sensor.reschedule:
            return
        if verdict.done:
            _state(context).delete(_STATE)
        else:
            due = self._due.isoformat() if self._due else None
            _state(context).set(_STATE, {"try_number": context["ti"].try_number, "due": due})


def _state(context: Context) -> Any:
    return context["task_state_store"]
