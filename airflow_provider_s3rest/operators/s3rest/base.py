# SPDX-License-Identifier: Apache-2.0
"""What all operators share: the bucket, the connection, and which errors end a task for good."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.hooks.templates import verbatim
from airflow_provider_s3rest.operators.failures import permanent_ones_are_final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from airflow.providers.common.compat.sdk import Context
    from jinja2 import Environment

    from airflow_provider_s3rest.s3.filters import ObjectFilters


class S3RestOperator(BaseOperator):
    """What all operators share.

    :param bucket_name: the bucket; leave it out where the key or prefix is an ``s3://bucket/...`` URL.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    """

    template_fields: Sequence[str] = ("bucket_name", "s3rest_conn_id", "region_name")
    # An argument of some operators; Airflow's method of this name is called by nobody.
    dry_run: Any
    ui_color = "#e8f1e4"
    _at_work = False

    def __init__(
        self,
        *,
        bucket_name: str | None = None,
        s3rest_conn_id: str = S3RestHook.default_conn_name,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def hook(self) -> S3RestHook:
        """The hook of the connection."""
        return S3RestHook(self.s3rest_conn_id, region_name=self.region_name)

    def execute(self, context: Context) -> Any:
        """Do the operation; errors that trying again can't mend fail the task at once."""
        self._at_work = True
        try:
            with permanent_ones_are_final():
                return self.operate(context)
        finally:
            self._at_work = False

    def on_kill(self) -> None:
        """Interrupt the work, so that it clears up: Airflow calls this at SIGTERM, and kills the task 5 s later."""
        # After a timeout it calls this too, when the work is over.
        if self._at_work:
            raise KeyboardInterrupt("The task was told to end")

    def operate(self, context: Context) -> Any:
        """Do the operation.

        :returns: what goes to XCom.
        """
        raise NotImplementedError

    def render_template(
        self, content: Any, context: Context, jinja_env: Environment | None = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a template, of which a line break at the end stays."""
        return super().render_template(content, context, verbatim(jinja_env or self.get_template_env()), seen_oids)

    def secret(self, context: Context, template: str | bytes | None) -> Any:
        """Render a secret argument, which must not be a template field: Airflow stores and shows those.

        :param template: the argument, such as ``"{{ conn.sse.password }}"``.
        :returns: its value, which Airflow masks from now on.
        """
        from airflow_provider_s3rest.hooks.airflow import mask

        value = self.render_template(template, context)
        if isinstance(value, str):
            mask([value])
        return value


class S3RestFilteringOperator(S3RestOperator):
    """What operators share that mean many objects; an object is meant for which all filters hold that are given.

    :param glob: the whole key matches this pattern, or one of several: ``*.csv`` at any depth, ``a/*/b``, ``a/**``.
    :param regex: this regular expression is found in the key.
    :param modified_after: written at this time or later, such as ``{{ data_interval_start }}``.
    :param modified_before: written before this time, such as ``{{ data_interval_end }}``.
    :param older_than: written at least so long ago: a ``timedelta``, or a number of seconds.
    :param newer_than: written at most so long ago.
    :param min_bytes: at least of this size.
    :param max_bytes: at most of this size.
    :param storage_class: of this storage class, or one of several.
    """

    template_fields: Sequence[str] = (
        *S3RestOperator.template_fields,
        *("glob", "regex", "modified_after", "modified_before", "older_than", "newer_than"),
        *("min_bytes", "max_bytes", "storage_class"),
    )

    def __init__(  # noqa: PLR0913 - each argument is a filter
        self,
        *,
        glob: str | Sequence[str] | None = None,
        regex: str | None = None,
        modified_after: datetime | str | None = None,
        modified_before: datetime | str | None = None,
        older_than: timedelta | float | str | None = None,
        newer_than: timedelta | float | str | None = None,
        min_bytes: int | str | None = None,
        max_bytes: int | str | None = None,
        storage_class: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.glob = glob
        self.regex = regex
        self.modified_after = modified_after
        self.modified_before = modified_before
        self.older_than = older_than
        self.newer_than = newer_than
        self.min_bytes = min_bytes
        self.max_bytes = max_bytes
        self.storage_class = storage_class

    @property
    def filters(self) -> ObjectFilters:
        """The filters that are given."""
        return {
            "glob": self.glob,
            "regex": self.regex,
            "modified_after": self.modified_after,
            "modified_before": self.modified_before,
            "older_than": self.older_than,
            "newer_than": self.newer_than,
            "min_bytes": self.min_bytes,
            "max_bytes": self.max_bytes,
            "storage_class": self.storage_class,
        }
