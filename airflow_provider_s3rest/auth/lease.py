# SPDX-License-Identifier: Apache-2.0
"""How long temporary credentials still live, whatever happens to this machine's clock."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from airflow_provider_s3rest.auth.model import Credentials

# With less than this left, credentials could die between the cache and S3: they count as expired.
SHORTEST_LIFE_SECONDS = 60.0

# Goes on while the machine sleeps, and can't be set; macOS has another name for it.
_UPTIME_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Instant(NamedTuple):
    """A moment, by the clock on the wall and by the one that nobody can set.

    :param wall_seconds: since the epoch, by this machine's clock.
    :param uptime_seconds: since this machine started.
    :param boot_id: which start of which machine that was.
    """

    wall_seconds: float
    uptime_seconds: float
    boot_id: str

    @classmethod
    def now(cls) -> Instant:
        """This moment."""
        return cls(time.time(), time.clock_gettime(_UPTIME_CLOCK), _boot_id())


class Lease(NamedTuple):
    """Temporary credentials, and what is needed to tell how long they live.

    :param credentials: the credentials, with their end by the service's clock.
    :param skew_seconds: how far the service's clock was ahead of this machine's when they came.
    :param fetched_at: when they came.
    """

    credentials: Credentials
    skew_seconds: float
    fetched_at: Instant

    def remaining_seconds(self, now: Instant) -> float:
        """The life that is left; none after a restart, when nobody can tell how much time has passed.

        The smaller one of two answers: that of the clock on the wall, corrected, and that of the time that has passed.
        """
        elapsed = now.uptime_seconds - self.fetched_at.uptime_seconds
        if self.credentials.expires_at is None or now.boot_id != self.fetched_at.boot_id or elapsed < 0:
            return 0.0
        ends = self.credentials.expires_at.timestamp() - self.skew_seconds
        return min(ends - now.wall_seconds, ends - self.fetched_at.wall_seconds - elapsed)

    def is_live(self, now: Instant, life_seconds: float = SHORTEST_LIFE_SECONDS) -> bool:
        """Whether the credentials may still be used.

        :param life_seconds: the life that must be left; of short-lived credentials, half of the life that they had.
        """
        half = self.remaining_seconds(self.fetched_at) / 2
        return self.remaining_seconds(now) >= max(SHORTEST_LIFE_SECONDS, min(life_seconds, half))

    def as_dict(self) -> dict[str, Any]:
        """The lease in JSON's types, secrets in clear."""
        expires_at = self.credentials.expires_at
        return {
            "access_key_id": self.credentials.access_key_id,
            "secret_access_key": self.credentials.secret_access_key,
            "session_token": self.credentials.session_token,
            "expires_at": expires_at.timestamp() if expires_at else None,
            "skew_seconds": self.skew_seconds,
            "wall_seconds": self.fetched_at.wall_seconds,
            "uptime_seconds": self.fetched_at.uptime_seconds,
            "boot_id": self.fetched_at.boot_id,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Lease:
        """The reverse of :meth:`as_dict`."""
        return cls(
            credentials=Credentials(
                access_key_id=stored["access_key_id"],
                secret_access_key=stored["secret_access_key"],
                session_token=stored["session_token"],
                expires_at=datetime.fromtimestamp(stored["expires_at"], UTC),
            ),
            skew_seconds=stored["skew_seconds"],
            fetched_at=Instant(stored["wall_seconds"], stored["uptime_seconds"], stored["boot_id"]),
        )


@cache
def _boot_id() -> str:
    try:
        file = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""  # not Linux; a restart then shows as an uptime that went back, mostly
    try:
        return os.read(file, 64).decode("ascii").strip()
    finally:
        os.close(file)
