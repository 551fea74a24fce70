# SPDX-License-Identifier: Apache-2.0
"""Wait for keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.hooks.conditions import key_condition
from airflow_provider_s3rest.sensors.s3rest.base import S3RestAgeingSensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_s3rest.s3.results import ObjectHead
    from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition
    from airflow_provider_s3rest.sensors.s3rest.base import Rows


class S3RestKeySensor(S3RestAgeingSensor):
    """Wait until objects exist, which keys and patterns name.

    :param key: the key of an object, or several, or ``s3://`` URLs.
    :param glob: a pattern that a whole key matches, or several: ``*.csv`` at any depth, ``a/*/b``, ``a/**``.
    :param regex: a regular expression that is found in a key, or several.
    :param prefix: what the keys begin with that fit a pattern; only these are listed.
    :param wait_for: ``all``: each key, and at least one object for each pattern; ``any``: at least one of them.
    :param check: called, on a worker, with a list of :class:`~airflow_provider_s3rest.s3.results.ObjectHead`, one for
        each object that was found; the wait is over when it returns something true.
    """

    template_fields: Sequence[str] = (
        *S3RestAgeingSensor.template_fields,
        *("key", "glob", "regex", "prefix", "wait_for"),
    )
    trigger_name = "S3RestKeyTrigger"

    def __init__(
        self,
        *,
        key: str | Sequence[str] | None = None,
        glob: str | Sequence[str] | None = None,
        regex: str | Sequence[str] | None = None,
        prefix: str | None = None,
        wait_for: str = "all",
        check: Callable[[list[ObjectHead]], object] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.glob = glob
        self.regex = regex
        self.prefix = prefix
        self.wait_for = wait_for
        self.check = check

    def condition(self) -> KeyCondition:
        """Read what is waited for."""
        return key_condition(self.arguments)

    def passes(self, rows: Rows) -> bool:
        """Ask ``check``."""
        if self.check is None:
            return True
        heads = self.unless_troubled(lambda: self._heads(rows))
        if heads is None:
            return False
        if self.check(heads):
            return True
        self.log.info("Not yet: check says so of %d objects", len(heads))
        return False

    def _heads(self, rows: Rows) -> list[ObjectHead] | None:
        def head(row: dict[str, Any]) -> ObjectHead:
            return self.store.head_object(row["bucket_name"], row["key"])

        try:
            from airflow_provider_s3rest.s3.pool import concurrently

            return concurrently(head, rows, self.store.workers)
        except S3RestNotFoundError as error:
            self.log.info("Not yet: what was found is gone again: %s", error)
            return None
