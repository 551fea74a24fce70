# SPDX-License-Identifier: Apache-2.0
"""What a connection is once it has been parsed: frozen, typed, and without any illegal state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RETRY_DELAYS_SECONDS = (0.0, 10.0, 30.0, 60.0, 120.0, 300.0)
MAX_CONCURRENCY = 32
# A mask for the few characters on the last line of a PEM body would hide words that are no secret; so would one for an
# access key ID such as admin, while those of AWS have 16 characters or more.
SHORTEST_LINE = 8
SHORTEST_KEY_ID = 16

AddressingStyle = Literal["auto", "path", "virtual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKeys:
    """Authentication by an access key of an IAM user, or by temporary credentials that somebody else renews."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesAnywhere:
    """Authentication by IAM Roles Anywhere.

    :param region: the region of the trust anchor and of the profile.
    :param session_name: the role session name, 2 to 64 characters.
    :param duration_seconds: the life of the credentials, 900 to 3600.
    :param certificate: PEM of the end-entity certificate; intermediates may follow.
    :param certificate_chain: PEM of intermediates; empty where there are none.
    :param private_key: PEM of the certificate's private key. Secret.
    :param private_key_passphrase: its passphrase; None for a key in clear. Secret.
    :param endpoint_url: a Roles Anywhere endpoint other than the region's own.
    """

    profile_arn: str
    role_arn: str
    trust_anchor_arn: str
    region: str
    session_name: str
    duration_seconds: int
    certificate: str
    certificate_chain: str = ""
    private_key: str = field(repr=False)
    private_key_passphrase: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3RestConnection:
    """A connection of type ``s3rest``: one AWS account and how to speak to its S3.

    :param conn_id: Airflow's id of it, for messages only.
    :param authentication: who we are.
    :param endpoint_url: the S3 endpoint with scheme and port; None for AWS.
    :param region_name: the region of every bucket; None to discover each bucket's own.
    :param addressing_style: how a bucket stands in a URL, as botocore names it.
    :param verify: True, or the path of a CA bundle (PEM) to check TLS with, for S3 and for Roles Anywhere.
    :param requester_pays: whether this account pays for requests to the buckets of others.
    :param expected_bucket_owner: the account id that must own a bucket; None to accept any.
    :param retry_delays_seconds: the waits before each retry; their number is the number of retries.
    :param max_concurrency: how many requests may be in flight at once.
    """

    conn_id: str = ""
    authentication: AccessKeys | RolesAnywhere
    endpoint_url: str | None = None
    region_name: str | None = None
    addressing_style: AddressingStyle = "auto"
    verify: bool | str = True
    requester_pays: bool = False
    expected_bucket_owner: str | None = None
    retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS
    max_concurrency: int = MAX_CONCURRENCY

    @classmethod
    def parse(
        cls,
        *,
        conn_id: str = "",
        host: str | None = None,
        port: int | str | None = None,
        login: str | None = None,
        password: str | None = None,
        extra: str | Mapping[str, object] | None = None,
    ) -> S3RestConnection:
        """Read a connection from the fields in which Airflow keeps it, whatever wrote them.

        The form stores nulls and typed values, a URI stores every extra as a string, a partial extra lacks fields: all
        of them read alike, blanks count as absent, and unknown extras are ignored.

        :param extra: the extras, as JSON text or as a mapping.
        :raises S3RestConnectionError: with every fault of the connection at once.
        """
        from airflow_provider_s3rest.connection.parsing import parse_connection

        return parse_connection(conn_id=conn_id, host=host, port=port, login=login, password=password, extra=extra)

    def secrets(self) -> Iterator[str]:
        """Every value of this connection that must never be printed; of access key IDs, those that look like AWS's."""
        match self.authentication:
            case AccessKeys(access_key_id=key_id, secret_access_key=secret, session_token=token):
                yield from (value for value in (secret, token) if value)
                if len(key_id) >= SHORTEST_KEY_ID:
                    yield key_id
            case RolesAnywhere(private_key=key, private_key_passphrase=passphrase):
                # Line by line: a masker that knows a key only as a whole misses every other way to break its lines.
                yield from (line for line in key.splitlines() if len(line) >= SHORTEST_LINE and "-" not in line)
                if passphrase:
                    yield passphrase
