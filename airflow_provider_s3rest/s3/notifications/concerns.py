# SPDX-License-Identifier: Apache-2.0
"""Whom a notification concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_s3rest.s3.notifications.queue import Message
    from airflow_provider_s3rest.s3.waiting.model import Target


def concerns(message: Message, targets: Iterable[Target]) -> bool:
    """Whether a message names a key of one of some targets; what has happened to it does not matter."""
    return any(_names(item.bucket_name, item.key, target) for target in targets for item in message.notifications)


def _names(bucket_name: str, key: str, target: Target) -> bool:
    if bucket_name != target.bucket_name:
        return False
    return key == target.name if target.exact else key.startswith(target.name)
