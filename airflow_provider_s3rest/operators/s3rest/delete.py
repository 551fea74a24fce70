# SPDX-License-Identifier: Apache-2.0
"""Deleting objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.providers.common.compat.sdk import Context


class S3RestDeleteOperator(S3RestOperator):
    """Delete objects; an absent one counts as deleted, and an empty list deletes nothing.

    Returns ``bucket_name`` and the number ``deleted``. Fails if S3 refuses any of the keys, after all have been tried.

    :param keys: one key, or a list of them.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "keys")

    def __init__(self, *, keys: str | Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keys = keys

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Delete the objects."""
        result = self.hook.delete_objects(self.bucket_name, self.keys)
        for failure in result.failed:
            self.log.error("Not deleted: %s (%s: %s)", failure.key, failure.code, failure.message)
        if result.failed:
            first = result.failed[0]
            raise S3RestError(
                f"{len(result.failed)} objects of bucket {self.bucket_name} were not deleted, {result.deleted} were; "
                f"the first is {first.key!r} ({first.code}: {first.message}), the task log names all"
            )
        return {"bucket_name": result.bucket_name, "deleted": result.deleted}
