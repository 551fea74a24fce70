# SPDX-License-Identifier: Apache-2.0
"""Every way of waiting, done as Airflow does it: each part of a task in a process of its own, values as JSON."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.sdk.exceptions import AirflowRescheduleException

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import BaseSensorOperator

Outcome: TypeAlias = tuple[str, Any]
Mode: TypeAlias = "Callable[..., Outcome]"


class State(dict[str, Any]):
    """The state of a task, which outlives its processes."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value of JSON."""
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.pop(key, None)


class TaskInstance:
    """What a sensor asks its task instance."""

    try_number = 1

    def __init__(self) -> None:
        self._began = datetime.now(UTC)

    def get_first_reschedule_date(self, _: Any) -> datetime:
        """Tell when it began."""
        return self._began


def context(**more: Any) -> dict[str, Any]:
    """Make a context, of Airflow 3.3."""
    return {"ti": TaskInstance(), "task_state_store": State()} | more


def poke(cls: type[BaseSensorOperator], **arguments: Any) -> Outcome:
    """Wait in the worker."""
    return _outcome(lambda: _sensor(cls, arguments).execute(context()))


def reschedule(cls: type[BaseSensorOperator], **arguments: Any) -> Outcome:
    """Begin anew for every look."""
    of_task = context()

    def wait() -> Any:
        while True:
            try:
                return _sensor(cls, arguments, mode="reschedule").execute(of_task)
            except AirflowRescheduleException:
                continue

    return _outcome(wait)


def deferrable(cls: type[BaseSensorOperator], **arguments: Any) -> Outcome:
    """Look once in the worker, then wait in the triggerer."""
    return _outcome(lambda: _with_triggerer(lambda: _sensor(cls, arguments, deferrable=True), "execute", {}))


def started(cls: type[BaseSensorOperator], **arguments: Any) -> Outcome:
    """Begin in the triggerer; a check, for which a worker is needed, in the worker."""
    if "check" in arguments:
        return deferrable(cls, **arguments)
    options = {"deferrable": True, "start_from_trigger": True}

    def wait() -> Any:
        start = _sensor(cls, arguments, **options).start_trigger_args
        is_short = start.timeout == timedelta(seconds=1)
        event = run_trigger(start.trigger_cls, start.trigger_kwargs, 0.1 if is_short else None)
        method, kwargs = (start.next_method, {"event": event}) if event else ("__fail__", {"error": "Trigger timeout"})
        return _with_triggerer(lambda: _sensor(cls, arguments, **options), method, kwargs)

    return _outcome(wait)


MODES: tuple[Mode, ...] = (poke, reschedule, deferrable, started)


def run_trigger(path: str, kwargs: dict[str, Any], timeout: float | None = None) -> dict[str, Any] | None:
    """Make a trigger of its row, and run it until its event; None after a timeout."""
    module, _, name = path.rpartition(".")
    trigger = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))

    async def first() -> Any:
        events = [event async for event in trigger.run()]
        assert len(events) == 1
        return events[0].payload

    try:
        event = asyncio.run(asyncio.wait_for(first(), timeout))
    except TimeoutError:
        return None
    return json.loads(json.dumps(event))  # type: ignore[no-any-return]


def _sensor(cls: type[BaseSensorOperator], arguments: dict[str, Any], **more: Any) -> Any:
    return cls(task_id="wait", **{"poke_interval": 0, **arguments, **more})


def _with_triggerer(make: Callable[[], Any], method: str, kwargs: dict[str, Any]) -> Any:
    while True:
        try:
            if method == "execute":
                return make().execute(context())
            return make().resume_execution(method, kwargs, context())
        except TaskDeferred as deferred:
            method = deferred.method_name
            event = run_trigger(*deferred.trigger.serialize())
            kwargs = {**json.loads(json.dumps(deferred.kwargs)), "event": event}


def _outcome(wait: Callable[[], Any]) -> Outcome:
    """Tell how a wait ended, in the words that do not depend on where."""
    try:
        return "found", wait()
    except AirflowSkipException:
        return "skipped", None
    except AirflowSensorTimeout:
        return "timeout", None
    except AirflowFailException as error:
        return "final", str(error)
    except Exception as error:  # noqa: BLE001 - the outcome
        return "failed", str(error)
