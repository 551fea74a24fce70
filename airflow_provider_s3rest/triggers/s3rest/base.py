# SPDX-License-Identifier: Apache-2.0
"""What the triggers that wait share: their arguments, and how a wait ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_s3rest.hooks.failures import is_permanent
from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.hooks.templates import verbatim
from airflow_provider_s3rest.s3.values import read_duration, read_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from airflow.providers.common.compat.sdk import Context
    from jinja2 import Environment

    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Quiet, Verdict


class S3RestWaitTrigger(BaseTrigger):
    """What the triggers that wait share.

    All arguments are values of JSON, never secrets: the triggerer reads the connection by its id. One that a row of an
    older version lacks has its default. The one event is ``{"status": "found", "objects": [...], "total": N}`` or
    ``{"status": "error", "message": "...", "final": true}``, where final means that no retry can mend it.

    :param bucket_name: the bucket; None where keys, patterns and prefixes are ``s3://bucket/...`` URLs.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    :param modified_after: written at this time or later.
    :param modified_before: written before this time.
    :param min_bytes: at least of this size.
    :param max_bytes: at most of this size.
    :param storage_class: of this storage class, or one of several.
    :param source: ``poll``, or ``sqs`` to look only when the bucket says that something has happened.
    :param queue_url: the queue of Amazon SQS that the bucket notifies, for ``source="sqs"``.
    :param poll_interval: seconds between two looks; of ``sqs``, between those that fail.
    :param not_before: when to look first, in ISO format; default: at once.
    """

    names: tuple[str, ...] = (
        *("bucket_name", "s3rest_conn_id", "region_name", "modified_after", "modified_before"),
        *("min_bytes", "max_bytes", "storage_class", "source", "queue_url", "poll_interval", "not_before"),
    )

    def __init__(  # noqa: PLR0913 - each argument is one of the sensor's
        self,
        *,
        bucket_name: str | None = None,
        s3rest_conn_id: str = S3RestHook.default_conn_name,
        region_name: str | None = None,
        modified_after: str | None = None,
        modified_before: str | None = None,
        min_bytes: int | str | None = None,
        max_bytes: int | str | None = None,
        storage_class: str | Sequence[str] | None = None,
        source: str = "poll",
        queue_url: str | None = None,
        poll_interval: float = 60.0,
        not_before: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
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
        self.poll_interval = poll_interval
        self.not_before = not_before
        self._unknown = tuple(sorted(unknown))

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by their names."""
        return {name: getattr(self, name) for name in self.names}

    def condition(self) -> Condition:
        """Read what is waited for.

        :raises ValueError: an argument can't be; it is named.
        """
        raise NotImplementedError

    def remembered(self) -> Quiet | None:
        """Read what an earlier look remembered."""
        return None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of the class and its arguments, for Airflow's database."""
        module = type(self).__module__.rpartition(".")[0]
        return f"{module}.{type(self).__name__}", self.arguments

    def render_template(
        self, content: Any, context: Context, jinja_env: Environment | None = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a template of a task that starts here, as the sensor does."""
        return super().render_template(content, context, verbatim(jinja_env or self.get_template_env()), seen_oids)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and tell the task how the wait ended."""
        yield TriggerEvent(await self._outcome())  # type: ignore[no-untyped-call]

    async def _outcome(self) -> dict[str, Any]:
        try:
            verdict = await self._wait()
        except Exception as error:  # noqa: BLE001 - whatever escapes, Airflow would make a skip of with soft_fail
            message = str(error) or type(error).__name__
            return {"status": "error", "message": message, "final": is_permanent(error)}
        return {"status": "found", "objects": [as_row(found) for found in verdict.found], "total": verdict.total}

    async def _wait(self) -> Verdict:
        from airflow_provider_s3rest.s3.notifications.address import queue_of
        from airflow_provider_s3rest.s3.polling import Desk

        if self._unknown:
            raise ValueError(
                f"{', '.join(self._unknown)}: no argument of {type(self).__name__} in this version of the provider; "
                "a newer one deferred this task: install that in the triggerer too"
            )
        if self.not_before:
            moment = read_time(self.not_before, "not_before")
            await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
        return await Desk.here().wait(
            (self.s3rest_conn_id, self.region_name or None),
            self._open_account,
            self.condition(),
            interval=read_duration(self.poll_interval, "poll_interval").total_seconds(),
            memory=self.remembered(),
            queue_url=queue_of(self.source, self.queue_url),
            log=self.log.info,
        )

    async def _open_account(self) -> S3:
        from airflow_provider_s3rest.hooks.waiting import open_account

        return await open_account(self.s3rest_conn_id, self.region_name or None)


class S3RestAgeingTrigger(S3RestWaitTrigger):
    """What the triggers share for which the age of an object may count.

    :param older_than: written at least so many seconds ago.
    :param newer_than: written at most so many seconds ago.
    """

    names = (*S3RestWaitTrigger.names, "older_than", "newer_than")

    def __init__(
        self, *, older_than: float | str | None = None, newer_than: float | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.older_than = older_than
        self.newer_than = newer_than
