# SPDX-License-Identifier: Apache-2.0
"""The values that the local IAM Roles Anywhere endpoint works on: requests, the account's resources, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Refusal(Exception):  # noqa: N818 - it is an answer of the service, not a fault of ours
    """The service's refusal of a request.

    :param status: HTTP status.
    :param code: the service's error code, such as ``AccessDeniedException``.
    :param message: what the service tells the client.
    :param detail: why, for whoever runs the local stack; never sent to the client, since the service says no more.
    """

    def __init__(self, status: int, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail


def denied(message: str, detail: str = "") -> Refusal:
    """Make the service's usual refusal: 403 AccessDeniedException."""
    return Refusal(403, "AccessDeniedException", message, detail)


def invalid(message: str, detail: str = "") -> Refusal:
    """Make the refusal of a malformed request: 400 ValidationException."""
    return Refusal(400, "ValidationException", message, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request as it arrived.

    :param path: still percent-encoded, without the query.
    :param query: what follows the question mark, still percent-encoded.
    :param headers: (name, value) pairs in their order of arrival, repeated names included.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header_values(self, name: str) -> list[str]:
        """Return the values of the header in their order of arrival; the name's case is of no account."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """A trust anchor: the service's name for a root of trust.

    :param certificates: PEM, one or two authorities' certificates.
    """

    arn: str
    certificates: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile: the roles that may be assumed through it, and how."""

    arn: str
    role_arns: tuple[str, ...]
    duration_seconds: int = 3600
    accept_role_session_name: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role.

    :param max_session_duration_seconds: IAM's ``MaxSessionDuration``.
    """

    arn: str
    max_session_duration_seconds: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the service knows in one account and region.

    :param revoked_serials: serial numbers of the certificates on an imported revocation list.
    """

    region: str
    trust_anchors: tuple[TrustAnchor, ...]
    profiles: tuple[Profile, ...]
    roles: tuple[Role, ...]
    revoked_serials: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """A CreateSession request that has passed every check.

    :param duration_seconds: the session's final length: the profile's or the requested one, whichever is less.
    :param session_name: the requested one, or else the certificate's serial number in hexadecimal.
    :param subject: the certificate's subject, RFC 4514.
    :param source_identity: what STS records as the source identity.
    """

    trust_anchor_arn: str
    profile_arn: str
    role_arn: str
    duration_seconds: int
    session_name: str
    subject: str
    source_identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """What STS answers to AssumeRole.

    :param expires_at: aware.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime
