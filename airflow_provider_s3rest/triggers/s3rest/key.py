# SPDX-License-Identifier: Apache-2.0
"""A wait for keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_s3rest.hooks.conditions import key_condition
from airflow_provider_s3rest.triggers.s3rest.base import S3RestAgeingTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition


class S3RestKeyTrigger(S3RestAgeingTrigger):
    """Wait until objects exist.

    :param key: the key, or several.
    :param glob: a pattern of keys, or several.
    :param regex: a regular expression that is found in a key, or several.
    :param prefix: what keys begin with that fit a pattern.
    :param wait_for: ``all`` of these, or ``any``.
    """

    names = (*S3RestAgeingTrigger.names, "key", "glob", "regex", "prefix", "wait_for")

    def __init__(
        self,
        *,
        key: str | Sequence[str] | None = None,
        glob: str | Sequence[str] | None = None,
        regex: str | Sequence[str] | None = None,
        prefix: str | None = None,
        wait_for: Literal["all", "any"] = "all",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.glob = glob
        self.regex = regex
        self.prefix = prefix
        self.wait_for = wait_for

    def condition(self) -> KeyCondition:
        """Read what is waited for."""
        return key_condition(self.arguments)
