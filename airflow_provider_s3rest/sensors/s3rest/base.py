# SPDX-License-Identifier: Apache-2.0
"""What all sensors share: one look, and the ways of waiting for the next one, which all end alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_s3rest.exceptions import S3RestWaitError
from airflow_provider_s3rest.hooks import DEFAULT_CONN_ID
from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.hooks.templates import verbatim
from airflow_provider_s3rest.sensors.s3rest.endings import as_a_poke, ends_as_told
from airflow_provider_s3rest.sensors.s3rest.start import StartTriggerArgsOfSensor, trigger_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow.providers.common.compat.sdk import Context
    from jinja2 import Environment

    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Quiet, Target, Verdict
    from airflow_provider_s3rest.sensors.s3rest.notified import Notified

T = TypeVar("T")
Rows = list[dict[str, Any]]


class S3RestWaitSensor(BaseSensorOperator):
    """What all sensors share.

    Each returns the objects that it found as a list of rows, at most 1,000: ``bucket_name``, ``key``, ``size``,
    ``etag``, ``last_modified``, ``version_id``. Trouble that may pass (throttling, a service that is down) is waited
    through until ``timeout``; every other error fails the task at once, also with ``soft_fail``.

    :param bucket_name: the bucket; leave it out where keys, patterns and prefixes are ``s3://bucket/...`` URLs.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    :param modified_after: only objects written at this time or later, such as ``{{ data_interval_start }}``.
    :param modified_before: only objects written before this time.
    :param min_bytes: only objects of at least this size.
    :param max_bytes: only objects of at most this size.
    :param storage_class: only objects of this storage class, or of one of several.
    :param source: ``poll`` to look every ``poke_interval``; ``sqs`` to look first, and then only when the bucket says
        that something has happened.
    :param queue_url: the queue of Amazon SQS that the bucket notifies, for ``source="sqs"``.
    :param deferrable: whether to wait in the triggerer; default: ``[operators] default_deferrable``.
    :param start_from_trigger: with ``deferrable``: begin in the triggerer too, without any slot of a worker.
    """

    template_fields: Sequence[str] = (
        *("bucket_name", "s3rest_conn_id", "region_name"),
        *("modified_after", "modified_before", "min_bytes", "max_bytes", "storage_class"),
        *("source", "queue_url"),
    )
    ui_color = "#e8f1e4"
    trigger_name: ClassVar[str]
    start_trigger_args: Any = StartTriggerArgsOfSensor()

    def __init__(  # noqa: PLR0913 - each argument is one choice
        self,
        *,
        bucket_name: str | None = None,
        s3rest_conn_id: str = DEFAULT_CONN_ID,
        region_name: str | None = None,
        modified_after: datetime | str | None = None,
        modified_before: datetime | str | None = None,
        min_bytes: int | str | None = None,
        max_bytes: int | str | None = None,
        storage_class: str | Sequence[str] | None = None,
        source: str = "poll",
        queue_url: str | None = None,
        deferrable: bool | None = None,
        start_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name
        self.modified_after = modified_after
        self.modified_before = modified_before
        self.min_bytes = min_bytes
        self.max_bytes = max_bytes
        self.storage_class = storage_class
        self.source = source
        self.queue_url = queue_url
        self.deferrable = _default_deferrable() if deferrable is None else deferrable
        self.start_from_trigger = start_from_trigger
        self._in_trouble = False

    @cached_property
    def hook(self) -> S3RestHook:
        """The hook of the connection."""
        from airflow_provider_s3rest.hooks.s3rest import S3RestHook

        return S3RestHook(self.s3rest_conn_id, region_name=self.region_name)

    @property
    def arguments(self) -> dict[str, Any]:
        """The template fields by their names."""
        return {name: getattr(self, name) for name in self.template_fields}

    def condition(self) -> Condition:
        """Read what is waited for.

        :raises ValueError: an argument can't be; it is named.
        """
        raise NotImplementedError

    def render_template(
        self, content: Any, context: Context, jinja_env: Environment | None = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a template, of which a line break at the end stays."""
        return super().render_template(content, context, verbatim(jinja_env or self.get_template_env()), seen_oids)

    def execute(self, context: Context) -> Any:
        """Wait; errors that trying again can't mend fail the task at once."""
        with ends_as_told(self):
            if self.deferrable:
                return self._look_and_defer(context)
            self.check_mode(context)
            return super().execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after the triggerer; Airflow calls this."""
        with ends_as_told(self):
            return super().resume_execution(next_method, next_kwargs, context)

    def execute_complete(
        self,
        context: Context,  # noqa: ARG002 - given by Airflow
        event: Mapping[str, Any] | None = None,
        deadline: str | None = None,
    ) -> Any:
        """Take what the triggerer found; Airflow calls this.

        :param event: how the wait ended.
        :param deadline: when the time is up, in ISO format.
        :returns: what goes to XCom.
        """
        told = event or {}
        with as_a_poke(self):
            if told.get("status") != "found":
                message = told.get("message") or f"The triggerer told no end of the wait: {event!r}"
                raise S3RestWaitError(message, final=told.get("final", False))
            rows: Rows = told["objects"]
            if self.passes(rows):
                return self._result(rows, told.get("total", len(rows)))
            now = datetime.now(UTC)
            end = datetime.fromisoformat(deadline) if deadline else now + timedelta(seconds=self.timeout)
            return self._defer(end, not_before=(now + timedelta(seconds=self.poke_interval)).isoformat())

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look once."""
        verdict = self.unless_troubled(lambda: self._look(context))
        if verdict is None:
            return False
        rows = [as_row(found) for found in verdict.found]
        if not verdict.done:
            self.log.info("Not yet: %s", verdict.reason)
            return False
        return self.passes(rows) and PokeReturnValue(is_done=True, xcom_value=self._result(rows, verdict.total))

    def passes(self, rows: Rows) -> bool:  # noqa: ARG002
        """Tell whether what was found is what was waited for, if anything more is to be asked."""
        return True

    def remembered(self, context: Context) -> Quiet | None:  # noqa: ARG002
        """Return what the look before this one remembered."""
        return None

    def remember(self, context: Context, verdict: Verdict) -> None:
        """Keep what the next look needs to know."""

    def check_mode(self, context: Context) -> None:
        """Do nothing if this sensor can wait so.

        :raises ValueError: it can't.
        """
        if self._notified:
            self._notified.check_mode(context)

    def trigger_state(self) -> dict[str, Any]:
        """Return what the trigger has to know beside the template fields."""
        return {}

    def unless_troubled(self, function: Callable[[], T]) -> T | None:
        """Call a function; None if it met trouble that may pass, which is told once."""
        from airflow_provider_s3rest.s3.errors import is_passing

        try:
            result = function()
        except Exception as error:
            if not is_passing(error):
                raise
            if not self._in_trouble:
                self.log.warning("This may pass, and is waited for: %s", error)
            self._in_trouble = True
            return None
        if self._in_trouble:
            self.log.info("S3 answers again")
        self._in_trouble = False
        return result

    @cached_property
    def store(self) -> S3:
        """The engines behind each look."""
        from airflow_provider_s3rest.hooks.waiting import store_for_waiting

        return store_for_waiting(self.hook)

    @cached_property
    def _condition(self) -> Condition:
        return self.condition()

    @property
    def targets(self) -> set[Target]:
        """What is looked at."""
        return {each.target for each in self._condition.looks}

    @cached_property
    def _notified(self) -> Notified | None:
        from airflow_provider_s3rest.sensors.s3rest.notified import Notified

        return Notified.of(self)

    def _look(self, context: Context) -> Verdict | None:
        # Whoever defers looks once.
        if self._notified and not self.deferrable:
            return self._notified.look(context, lambda: self._look_now(context))
        return self._look_now(context)

    def _look_now(self, context: Context) -> Verdict:
        from airflow_provider_s3rest.s3.waiting.looking import look_at

        verdict = look_at(self.store, self._condition, self.remembered(context))
        self.remember(context, verdict)
        return verdict

    def _look_and_defer(self, context: Context) -> Any:
        end = datetime.now(UTC) + timedelta(seconds=self.timeout)
        with as_a_poke(self):
            found = self.poke(context)
            if isinstance(found, PokeReturnValue):
                return found.xcom_value
            return self._defer(end)

    def _defer(self, end: datetime, **more: Any) -> NoReturn:
        from airflow.providers.common.compat.sdk import AirflowSensorTimeout

        from airflow_provider_s3rest.triggers import s3rest

        left = end - datetime.now(UTC)
        if left <= timedelta():
            raise AirflowSensorTimeout(f"The sensor has waited for its timeout of {self.timeout:g} seconds")
        arguments = trigger_arguments(self) | self.trigger_state() | more
        trigger = getattr(s3rest, self.trigger_name)(**arguments)
        kwargs = {"deadline": end.isoformat()}
        self.defer(trigger=trigger, method_name="execute_complete", kwargs=kwargs, timeout=left)

    def _result(self, rows: Rows, total: int) -> Rows:
        more = f"; the first {len(rows)} are returned, {total - len(rows)} more are not" if total > len(rows) else ""
        self.log.info("Found %d objects%s", total, more)
        return rows


class S3RestAgeingSensor(S3RestWaitSensor):
    """What the sensors share for which the age of an object may count.

    :param older_than: only objects written at least so long ago: a ``timedelta``, or a number of seconds.
    :param newer_than: only objects written at most so long ago.
    """

    template_fields: Sequence[str] = (*S3RestWaitSensor.template_fields, "older_than", "newer_than")

    def __init__(
        self,
        *,
        older_than: timedelta | float | str | None = None,
        newer_than: timedelta | float | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.older_than = older_than
        self.newer_than = newer_than


def _default_deferrable() -> bool:
    from airflow.providers.common.compat.sdk import conf

    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))
