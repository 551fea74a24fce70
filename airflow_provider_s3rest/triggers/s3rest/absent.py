# SPDX-License-Identifier: Apache-2.0
"""A wait for objects to be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import absent_condition
from airflow_provider_s3rest.triggers.s3rest.base import S3RestAgeingTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import AbsentCondition


class S3RestAbsentTrigger(S3RestAgeingTrigger):
    """Wait until none of some objects exists.

    :param key: the key, or several.
    :param glob: a pattern of keys, or several.
    :param regex: a regular expression that is found in a key, or several.
    :param prefix: what keys begin with that fit a pattern; without any, what all keys begin with that must be gone.
    """

    names = (*S3RestAgeingTrigger.names, "key", "glob", "regex", "prefix")

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
