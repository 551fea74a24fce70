# SPDX-License-Identifier: Apache-2.0
"""What operators share that mean many objects: filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from airflow_provider_s3rest.s3.filters import ObjectFilters


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
