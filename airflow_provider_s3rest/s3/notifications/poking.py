# SPDX-License-Identifier: Apache-2.0
"""Looking only when a notification says that there may be something to see, for one who waits alone."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_s3rest.s3.notifications.concerns import concerns
from airflow_provider_s3rest.s3.notifications.queue import WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from airflow_provider_s3rest.s3.notifications.queue import Queue
    from airflow_provider_s3rest.s3.waiting.model import Target

T = TypeVar("T")


def when_told(
    queue: Queue,
    targets: Collection[Target],
    look: Callable[[], T],
    *,
    seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> T | None:
    """Look as soon as a message concerns one of the targets; it is deleted after the look, if that went well.

    What concerns none of them is left to others.

    :param seconds: how long to wait for such a message.
    :returns: what the look saw; None if no message came.
    """
    end = now() + seconds
    while True:
        left = math.ceil(max(0.0, end - now()))
        messages = queue.receive(wait_seconds=min(WAIT_SECONDS, left))
        about = [message for message in messages if concerns(message, targets)]
        queue.give_back(message for message in messages if message not in about)
        if about:
            try:
                seen = look()
            except Exception:
                queue.hide({message.receipt: 0 for message in about})
                raise
            queue.delete(message.receipt for message in about)
            return seen
        if now() >= end:
            return None
