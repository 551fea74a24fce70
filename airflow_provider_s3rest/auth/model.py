# SPDX-License-Identifier: Apache-2.0
"""The values that authentication gives to the engines of S3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A set of credentials as AWS clients take them.

    :param access_key_id: not a secret.
    :param secret_access_key: secret.
    :param session_token: secret; None for long-lived access keys.
    :param expires_at: the end of their life by the service's clock, in UTC; None for long-lived access keys.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def secrets(self) -> list[str]:
        """Every value that must never be printed."""
        return [value for value in (self.secret_access_key, self.session_token) if value]


class CredentialSource(Protocol):
    """Where every client of a connection takes its credentials from, at each request anew. Safe for threads."""

    def current(self) -> Credentials:
        """Credentials with at least 60 s of life; fetched, waited for or taken from the cache.

        :raises S3RestCredentialError: Roles Anywhere refused, or was not reached after all retries.
        :raises S3RestConnectionError: the certificate or its key can't work.
        """

    def reject(self, credentials: Credentials) -> bool:
        """Forget credentials that S3 called expired or invalid.

        :returns: whether :meth:`current` will now give others, so that the request is worth one repetition.
        """
