# SPDX-License-Identifier: Apache-2.0
"""Listing objects."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context


class S3RestQueryOperator(S3RestOperator):
    """List objects.

    Returns a list of ``key``, ``size``, ``etag``, ``last_modified`` and ``storage_class``, in the order of the keys.

    :param prefix: only keys that begin so.
    :param start_after: only keys after this one.
    :param limit: the most objects to list; default: all.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "prefix", "start_after")

    def __init__(self, *, prefix: str = "", start_after: str = "", limit: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.start_after = start_after
        self.limit = limit

    def operate(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002
        """List the objects."""
        found = self.hook.query_objects(self.bucket_name, prefix=self.prefix, start_after=self.start_after)
        return [as_row(summary) for summary in islice(found, self.limit)]
