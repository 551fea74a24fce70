# SPDX-License-Identifier: Apache-2.0
"""Listing objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import MOST_ROWS
from airflow_provider_s3rest.operators.s3rest.base import S3RestFilteringOperator
from airflow_provider_s3rest.s3.values import read_count, read_switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context


class S3RestQueryOperator(S3RestFilteringOperator):
    """List objects, in the order of their keys.

    Returns a list of rows of ``bucket_name``, ``key``, ``size``, ``etag``, ``last_modified``, ``storage_class`` and
    ``region_name``; of versions also ``version_id``, ``is_latest`` and ``is_delete_marker``; with a delimiter also
    ``is_prefix``. All arguments of :class:`S3RestFilteringOperator` apply too.

    :param prefix: only keys that begin so; or an ``s3://`` URL.
    :param start_after: only keys after this one.
    :param delimiter: such as ``/``: list what is directly below the prefix, and the common prefixes of what is deeper.
    :param versions: list every version and delete marker.
    :param limit: the most objects to list.
    :param fields: what of each object to return: a list of fields for rows of these, or one field for a list of bare
        values. ``uri`` is one more of them.
    :param chunk_size: return lists of so many rows each, fit to be mapped over.
    :param max_results: more rows than these are an error, since they go to Airflow's database.
    """

    template_fields: Sequence[str] = (
        *S3RestFilteringOperator.template_fields,
        *("prefix", "start_after", "delimiter", "versions", "limit", "fields", "chunk_size", "max_results"),
    )

    def __init__(  # noqa: PLR0913 - each argument is a word of S3's
        self,
        *,
        prefix: str = "",
        start_after: str = "",
        delimiter: str = "",
        versions: bool | str = False,
        limit: int | str | None = None,
        fields: str | Sequence[str] | None = None,
        chunk_size: int | str | None = None,
        max_results: int | str = MOST_ROWS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.start_after = start_after
        self.delimiter = delimiter
        self.versions = versions
        self.limit = limit
        self.fields = fields
        self.chunk_size = chunk_size
        self.max_results = max_results

    def operate(self, context: Context) -> list[Any]:  # noqa: ARG002
        """List the objects."""
        from airflow_provider_s3rest.hooks.selection import Form, Scope, query

        scope = Scope(
            bucket_name=self.bucket_name,
            prefix=self.prefix,
            start_after=self.start_after,
            delimiter=self.delimiter,
            versions=read_switch(self.versions, "versions"),
            limit=read_count(self.limit, "limit"),
            filters=self.filters,
        )
        return query(self.hook, scope, Form.parse(self.fields, self.chunk_size, self.max_results))
