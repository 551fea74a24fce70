# SPDX-License-Identifier: Apache-2.0
"""What all operators share: the connection, the bucket, and which errors end a task for good."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_s3rest.hooks import DEFAULT_CONN_ID
from airflow_provider_s3rest.hooks.failures import permanent_ones_are_final
from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.hooks.templates import verbatim

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage
    from jinja2 import Environment

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.filters import ObjectFilters


class S3RestConnectionOperator(BaseOperator):
    """What all operators share.

    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    """

    template_fields: Sequence[str] = ("s3rest_conn_id", "region_name")
    # An argument of some operators; Airflow's method of this name is called by nobody.
    dry_run: Any
    ui_color = "#e8f1e4"
    _at_work = False

    def __init__(
        self,
        *,
        s3rest_conn_id: str = DEFAULT_CONN_ID,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def hook(self) -> S3RestHook:
        """The hook of the connection."""
        from airflow_provider_s3rest.hooks.s3rest import S3RestHook

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

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Tell OpenLineage what is read and written, so far as that is known before the work."""
        from airflow_provider_s3rest.hooks.lineage import openlineage

        return openlineage(*self.reads_and_writes())

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """Return what is read and what is written; where nobody can know that yet, the hook tells it afterwards."""
        return (), ()

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


class S3RestOperator(S3RestConnectionOperator):
    """What the operators on one bucket share.

    :param bucket_name: the bucket; leave it out where the key or prefix is an ``s3://bucket/...`` URL.
    """

    template_fields: Sequence[str] = ("bucket_name", *S3RestConnectionOperator.template_fields)

    def __init__(self, *, bucket_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name


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


class SyncingOperator(S3RestConnectionOperator):
    """What operators share that make one folder equal another.

    :param include: a glob, or several: only files and objects whose relative name matches one.
    :param exclude: likewise: none that matches one. What is left out is left alone on both sides.
    :param compare: what counts as unchanged: ``size_and_mtime``, ``checksum``, or ``size`` alone.
    :param delete: whether to delete what the target has and the source has not.
    :param allow_empty_source: whether ``delete`` may empty the target because the source has nothing.
    :param dry_run: only tell what would be done.
    :param max_concurrency: how many files or objects are under way at once; default: as the connection says.
    :param storage_conn_id: the connection of Airflow for a URL of another storage, if that needs one.
    """

    template_fields: Sequence[str] = (
        *S3RestConnectionOperator.template_fields,
        *("include", "exclude", "compare", "delete", "allow_empty_source", "dry_run", "max_concurrency"),
        "storage_conn_id",
    )

    def __init__(  # noqa: PLR0913 - each argument is one choice
        self,
        *,
        include: str | Sequence[str] | None = None,
        exclude: str | Sequence[str] | None = None,
        compare: Literal["size_and_mtime", "checksum", "size"] = "size_and_mtime",
        delete: bool | str = False,
        allow_empty_source: bool | str = False,
        dry_run: bool | str = False,
        max_concurrency: int | str | None = None,
        storage_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.exclude = exclude
        self.compare = compare
        self.delete = delete
        self.allow_empty_source = allow_empty_source
        self.dry_run = dry_run
        self.max_concurrency = max_concurrency
        self.storage_conn_id = storage_conn_id

    def sync(self, source: str | os.PathLike[str], target: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
        """Make the target equal the source.

        :param options: others than those that this class knows.
        :returns: what goes to XCom.
        """
        result = self.hook.sync(
            source,
            target,
            include=self.include,
            exclude=self.exclude,
            compare=self.compare,
            delete=self.delete,
            allow_empty_source=self.allow_empty_source,
            dry_run=self.dry_run,
            max_concurrency=self.max_concurrency,
            storage_conn_id=self.storage_conn_id,
            **options,
        )
        done = result.uploaded + result.downloaded + result.copied
        self.log.info(
            "%s%d transferred (%d bytes), %d unchanged, %d deleted",
            *("Dry run: " if result.dry_run else "", done, result.size, result.skipped, result.deleted),
        )
        # XCom does not keep a tuple as it is.
        return {**as_row(result), "planned": list(result.planned)}
