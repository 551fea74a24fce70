# SPDX-License-Identifier: Apache-2.0
"""Writing objects."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context


class S3RestUpsertOperator(S3RestOperator):
    """Create or replace an object.

    Returns ``bucket_name``, ``key``, ``etag``, ``version_id`` and ``size`` of what was written.

    :param key: the object's key.
    :param data: its content: bytes, or a text, which is stored as UTF-8.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "key", "data")

    def __init__(self, *, key: str, data: str | bytes, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.data = data

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Write the object."""
        return asdict(self.hook.upsert_object(self.bucket_name, self.key, self.data))
