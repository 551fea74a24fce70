# SPDX-License-Identifier: Apache-2.0
"""A wait for quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.conditions import unchanged_condition
from airflow_provider_s3rest.triggers.s3rest.base import S3RestWaitTrigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_s3rest.s3.waiting.conditions import UnchangedCondition
    from airflow_provider_s3rest.s3.waiting.model import Quiet


class S3RestUnchangedTrigger(S3RestWaitTrigger):
    """Wait until nothing below a prefix has changed for some time.

    :param prefix: what the keys begin with.
    :param quiet_for: how many seconds.
    :param at_least_objects: how many objects there must be.
    :param glob: the whole key matches this pattern, or one of several.
    :param regex: this regular expression is found in the key.
    :param memory: what the task saw before: ``fingerprint``, ``since``.
    """

    names = (*S3RestWaitTrigger.names, "prefix", "quiet_for", "at_least_objects", "glob", "regex", "memory")

    def __init__(
        self,
        *,
        prefix: str | None = None,
        quiet_for: float | str | None = None,
        at_least_objects: int | str = 1,
        glob: str | Sequence[str] | None = None,
        regex: str | None = None,
        memory: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.quiet_for = quiet_for
        self.at_least_objects = at_least_objects
        self.glob = glob
        self.regex = regex
        self.memory = memory

    def condition(self) -> UnchangedCondition:
        """Read what is waited for."""
        return unchanged_condition(self.arguments)

    def remembered(self) -> Quiet | None:
        """Read what the task saw before."""
        from airflow_provider_s3rest.s3.waiting.model import Quiet

        return Quiet.from_dict(self.memory)
