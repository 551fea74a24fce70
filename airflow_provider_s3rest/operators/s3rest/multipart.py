# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads that nobody completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

LARGEST_LIST = 1000
"""How many uploads an operator returns at most: results go to Airflow's database."""


class S3RestAbortMultipartOperator(S3RestOperator):
    """Abort multipart uploads that nobody completed, so that their parts cost nothing any more.

    Returns ``bucket_name``, how many open uploads were ``found`` and how many of them ``aborted``, ``dry_run``, and the
    first 1,000 of those aborted as ``uploads``: ``key``, ``upload_id``, ``initiated`` and ``storage_class``. Fails if
    S3 refuses to abort any, after all have been tried.

    :param prefix: only uploads whose keys begin so; or an ``s3://bucket/prefix`` URL.
    :param older_than: how long ago they began at least: seconds, or a ``timedelta``; default: 7 days. A shorter time
        may hit uploads that are still under way.
    :param dry_run: whether only to tell which these are; ``aborted`` then counts those that would be.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "prefix", "older_than", "dry_run")

    def __init__(
        self,
        *,
        prefix: str = "",
        older_than: timedelta | float | str | None = None,
        dry_run: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.older_than = older_than
        self.dry_run = dry_run

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Abort the uploads."""
        dry_run = read_switch(self.dry_run, "dry_run")
        result = self.hook.abort_uploads(self.bucket_name, self.prefix, older_than=self.older_than, dry_run=dry_run)
        done = "Would abort" if result.dry_run else "Aborted"
        for upload in result.uploads:
            self.log.info("%s %r, begun at %s (%s)", done, upload.key, upload.initiated.isoformat(), upload.upload_id)
        for failure in result.failed:
            self.log.error("Not aborted: %r (%s: %s)", failure.upload.key, failure.code, failure.message)
        if result.failed:
            first = result.failed[0]
            raise S3RestError(
                f"{len(result.failed)} uploads to bucket {result.bucket_name} were not aborted, {len(result.uploads)} "
                f"were; the first is that of {first.upload.key!r} ({first.code}: {first.message}), the task log names "
                "all"
            )
        return {
            "bucket_name": result.bucket_name,
            "found": result.found,
            "aborted": len(result.uploads),
            "dry_run": result.dry_run,
            "uploads": [as_row(upload) for upload in result.uploads[:LARGEST_LIST]],
        }
