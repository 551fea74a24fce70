# SPDX-License-Identifier: Apache-2.0
"""What a notification means to a watcher, in the words that it has for what it sees in a listing."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from airflow_provider_s3rest.s3.notifications.parse import Notification
    from airflow_provider_s3rest.s3.notifications.queue import Message

# Whether it was there before, no notification tells.
_EVENTS = {"created": "new", "deleted": "deleted"}
_ID_LETTERS = 32


def payloads(
    message: Message,
    bucket_name: str,
    prefix: str,
    events: Collection[str],
    is_meant: Callable[[str], bool] | None = None,
) -> Iterator[dict[str, Any]]:
    """Tell what a message says of the objects below a prefix.

    :param events: what is to be told: ``new`` for what was written, ``deleted``.
    :param is_meant: tells by its key whether an object is watched. Default: all are.
    """
    for notification in message.notifications:
        event = _EVENTS.get(notification.kind)
        if event not in events or notification.bucket_name != bucket_name or not notification.key.startswith(prefix):
            continue
        if is_meant is None or is_meant(notification.key):
            yield {
                "event": event,
                "bucket_name": bucket_name,
                "key": notification.key,
                "version_id": notification.version_id,
                "etag": notification.etag,
                "size": notification.size,
                "last_modified": notification.time.isoformat() if notification.time else None,
                "event_id": event_id(notification, message.message_id),
            }


def event_id(notification: Notification, message_id: str) -> str:
    """Return what is the same however often S3 notifies of an event, and SQS delivers that.

    :param message_id: tells apart what nothing else does.
    """
    told = notification
    facts = [told.version_id, told.etag, told.size, told.time.isoformat() if told.time else None]
    # Of AWS every writing and every deletion has one.
    which = told.sequencer or (facts if any(facts) else message_id)
    text = json.dumps([told.kind, told.bucket_name, told.key, which])
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LETTERS]
