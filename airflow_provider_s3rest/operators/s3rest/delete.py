# SPDX-License-Identifier: Apache-2.0
"""Deleting objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.operators.s3rest.base import S3RestFilteringOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_s3rest.s3.identities import Keys
    from airflow_provider_s3rest.s3.results import DeleteResult


class S3RestDeleteOperator(S3RestFilteringOperator):
    """Delete objects by their keys, or all below a prefix for which the filters hold.

    An absent key counts as deleted, and an empty list deletes nothing. Returns ``bucket_name``, the number ``deleted``,
    ``delete_markers``, ``size`` and ``dry_run``; of a dry run also ``keys``, the first 1,000 that would be deleted.
    Fails if S3 refuses any, after all have been tried. All arguments of :class:`S3RestFilteringOperator` apply too.

    :param keys: one key or many: texts, tuples with a version id, or the rows of a query, also in chunks.
    :param prefix: what the keys begin with, instead of ``keys``; or an ``s3://`` URL.
    :param versions: delete every version and delete marker below the prefix, for good.
    :param allow_all: let an empty prefix mean the whole bucket; otherwise it is an error.
    :param dry_run: delete nothing, and return what would be deleted.
    """

    template_fields: Sequence[str] = (
        *S3RestFilteringOperator.template_fields,
        *("keys", "prefix", "versions", "allow_all", "dry_run"),
    )

    def __init__(
        self,
        *,
        keys: Keys | None = None,
        prefix: str | None = None,
        versions: bool | str = False,
        allow_all: bool | str = False,
        dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.keys = keys
        self.prefix = prefix
        self.versions = versions
        self.allow_all = allow_all
        self.dry_run = dry_run

    def get_openlineage_facets_on_complete(self, task_instance: object) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - theirs
        """Tell OpenLineage what is gone: the first 100 keys, or the prefix."""
        from airflow_provider_s3rest.hooks.lineage import folder, of_keys, openlineage

        if read_switch(self.dry_run, "dry_run"):
            return openlineage((), ())
        prefixed = self.prefix is not None
        gone = [folder(self.bucket_name, self.prefix or "")] if prefixed else of_keys(self.bucket_name, self.keys or [])
        return openlineage(gone, (), dropped=True)

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Delete the objects."""
        result = self._delete(versions=read_switch(self.versions, "versions"))
        if result.failures:
            first = result.failed[0]
            raise S3RestError(
                f"{result.failures} objects of bucket {result.bucket_name} were not deleted, {result.deleted} were; "
                f"the first is {first.key!r} ({first.code}: {first.message}), the task log names all"
            )
        row: dict[str, Any] = {
            "bucket_name": result.bucket_name,
            "deleted": result.deleted,
            "delete_markers": result.delete_markers,
            "size": result.size,
            "dry_run": result.dry_run,
        }
        if result.dry_run:
            row["keys"] = [identity._asdict() for identity in result.planned]
        return row

    def _delete(self, *, versions: bool) -> DeleteResult:
        dry_run = read_switch(self.dry_run, "dry_run")
        if self.prefix is not None and self.keys is None:
            allow_all = read_switch(self.allow_all, "allow_all")
            return self.hook.delete_prefix(
                self.bucket_name, self.prefix, versions=versions, allow_all=allow_all, dry_run=dry_run, **self.filters
            )
        if self.keys is None or self.prefix is not None:
            raise ValueError("keys: give either keys or prefix, and not both")
        if versions or any(value is not None for value in self.filters.values()):
            raise ValueError("keys: filters and versions go together with prefix only; filter in a query instead")
        return self.hook.delete_objects(self.bucket_name, self.keys, dry_run=dry_run)
