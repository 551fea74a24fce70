# SPDX-License-Identifier: Apache-2.0
"""Wait for enough objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import prefix_condition
from airflow_provider_s3rest.sensors.s3rest.base import S3RestAgeingSensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import PrefixCondition


class S3RestPrefixSensor(S3RestAgeingSensor):
    """Wait until there are enough objects below a prefix, or enough bytes in them.

    :param prefix: what the keys begin with, or an ``s3://bucket/prefix`` URL; an empty one means all of the bucket.
    :param at_least_objects: how many there must be.
    :param at_least_bytes: how large all of them together must be.
    :param glob: only objects whose whole key matches this pattern, or one of several.
    :param regex: only objects in whose key this regular expression is found.
    """

    template_fields: Sequence[str] = (
        *S3RestAgeingSensor.template_fields,
        *("prefix", "at_least_objects", "at_least_bytes", "glob", "regex"),
    )
    trigger_name = "S3RestPrefixTrigger"

    def __init__(
        self,
        *,
        prefix: str,
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
