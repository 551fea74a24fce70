# SPDX-License-Identifier: Apache-2.0
"""A wait for enough objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import prefix_condition
from airflow_provider_s3rest.triggers.s3rest.base import S3RestAgeingTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import PrefixCondition


class S3RestPrefixTrigger(S3RestAgeingTrigger):
    """Wait until there are enough objects below a prefix.

    :param prefix: what their keys begin with.
    :param at_least_objects: how many there must be.
    :param at_least_bytes: how large all of them together must be.
    :param glob: the whole key matches this pattern, or one of several.
    :param regex: this regular expression is found in the key.
    """

    names = (*S3RestAgeingTrigger.names, "prefix", "at_least_objects", "at_least_bytes", "glob", "regex")

    def __init__(
        self,
        *,
        prefix: str | None = None,
        at_least_objects: int | str = 1,
        at_least_bytes: int | str | None = None,
        glob: str | Sequence[str] | None = None,
        regex: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.at_least_objects = at_least_objects
        self.at_least_bytes = at_least_bytes
        self.glob = glob
        self.regex = regex

    def condition(self) -> PrefixCondition:
        """Read what is waited for."""
        return prefix_condition(self.arguments)
