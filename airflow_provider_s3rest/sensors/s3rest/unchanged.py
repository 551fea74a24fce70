# SPDX-License-Identifier: Apache-2.0
"""Wait for quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import unchanged_condition
from airflow_provider_s3rest.sensors.s3rest.base import S3RestWaitSensor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.waiting.conditions import UnchangedCondition
    from airflow_provider_s3rest.s3.waiting.model import Quiet, Verdict

_STATE = "s3rest_quiet"


class S3RestUnchangedSensor(S3RestWaitSensor):
    """Wait until no object below a prefix has been written, written again or deleted for some time.

    The time counts from the first look of a try of the task, by the clock of S3.

    :param prefix: what the keys begin with, or an ``s3://bucket/prefix`` URL; an empty one means all of the bucket.
    :param quiet_for: how long nothing may have changed: a ``timedelta``, or a number of seconds.
    :param at_least_objects: how many objects there must be; 0 if there may be none.
    :param glob: only objects whose whole key matches this pattern, or one of several.
    :param regex: only objects in whose key this regular expression is found.
    """

    template_fields: Sequence[str] = (
        *S3RestWaitSensor.template_fields,
        *("prefix", "quiet_for", "at_least_objects", "glob", "regex"),
    )
    trigger_name = "S3RestUnchangedTrigger"

    def __init__(
        self,
        *,
        prefix: str,
        quiet_for: timedelta | float | str,
        at_least_objects: int | str = 1,
        glob: str | Sequence[str] | None = None,
        regex: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.quiet_for = quiet_for
        self.at_least_objects = at_least_objects
        self.glob = glob
        self.regex = regex
        self._memory: Quiet | None = None

    def condition(self) -> UnchangedCondition:
        """Read what is waited for."""
        return unchanged_condition(self.arguments)

    def check_mode(self, context: Context) -> None:
        """Refuse to reschedule where Airflow keeps no state of a task."""
        if self.reschedule and "task_state_store" not in context:
            raise ValueError(
                "mode: reschedule needs the state of tasks, which Airflow keeps from 3.3 on: without it, what one look "
                "saw is forgotten by the next; use deferrable=True, or mode='poke'"
            )
        super().check_mode(context)

    def remembered(self, context: Context) -> Quiet | None:
        """Return what the look before this one saw, of this try of the task."""
        if self._memory or self.deferrable or not self.reschedule:
            return self._memory
        from airflow_provider_s3rest.s3.waiting.model import Quiet

        stored: Any = _state(context).get(_STATE)
        return Quiet.from_dict(stored["quiet"]) if stored and stored["try_number"] == _try_number(context) else None

    def remember(self, context: Context, verdict: Verdict) -> None:
        """Keep what this look saw, for the next."""
        self._memory = verdict.memory
        if self.deferrable or not self.reschedule:
            return
        if verdict.done or verdict.memory is None:
            _state(context).delete(_STATE)
        else:
            _state(context).set(_STATE, {"try_number": _try_number(context), "quiet": verdict.memory.as_dict()})

    def trigger_state(self) -> dict[str, Any]:
        """Hand over what the worker saw."""
        return {"memory": self._memory.as_dict()} if self._memory else {}


def _state(context: Context) -> Any:
    return context["task_state_store"]


def _try_number(context: Context) -> int:
    return context["ti"].try_number
