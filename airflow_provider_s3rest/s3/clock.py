# SPDX-License-Identifier: Apache-2.0
"""The time of the service, where this machine's is wrong: S3 refuses signatures that are 15 minutes off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SKEWED_CODE = "RequestTimeTooSkewed"

# A service that refuses what is nearer than this has another reason.
_NEAR = timedelta(minutes=4)


class Clock:
    """How far the service's clock is ahead of ours: nothing, until the service says so."""

    def __init__(self) -> None:
        self.offset = timedelta()

    @property
    def is_wrong(self) -> bool:
        """Whether requests must be signed by another time than this machine's."""
        return bool(self.offset)

    def now(self) -> datetime:
        """Return the time of the service, as far as it is known."""
        return datetime.now(UTC) + self.offset

    def follow(self, date: str | None) -> bool:
        """Take over the service's time.

        https://datatracker.ietf.org/doc/html/rfc9110#section-5.6.7

        :param date: the ``Date`` header of the answer that has just come.
        :returns: whether it differs from the time by which the request was signed.
        """
        told = read_date(date)
        if told is None:
            return False
        ahead = told - datetime.now(UTC)
        if abs(ahead - self.offset) < _NEAR:
            return False
        self.offset = ahead if abs(ahead) >= _NEAR else timedelta()
        return True


def read_date(date: str | None) -> datetime | None:
    """Read a ``Date`` header; None where there is none that can be read."""
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
