# SPDX-License-Identifier: Apache-2.0
"""Wait for objects to be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import absent_condition
from airflow_provider_s3rest.sensors.s3rest.base import S3RestAgeingSensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import AbsentCondition


class S3RestAbsentSensor(S3RestAgeingSensor):
    """Wait until none of some objects exists; returns an empty list.

    :param key: the key of an object, or several, or ``s3://`` URLs.
    :param glob: a pattern that a whole key matches, or several.
    :param regex: a regular expression that is found in a key, or several.
    :param prefix: what the keys begin with that fit a pattern; alone, all keys that begin so must be gone.
    """

    template_fields: Sequence[str] = (*S3RestAgeingSensor.template_fields, "key", "glob", "regex", "prefix")
    trigger_name = "S3RestAbsentTrigger"

    def __init__(
        self,
        *,
        key: str | Sequence[str] | None = None,
        glob: str | Sequence[str] | None = None,
        regex: str | Sequence[str] | None = None,
        prefix: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.glob = glob
        self.regex = regex
        self.prefix = prefix

    def condition(self) -> AbsentCondition:
        """Read what is waited for."""
        return absent_condition(self.arguments)
