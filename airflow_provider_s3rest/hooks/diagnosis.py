# SPDX-License-Identifier: Apache-2.0
"""Test Connection: connection, certificate, Roles Anywhere, S3, one after the other, for real."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography import x509

    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.auth.rolesanywhere import Session

# A toast of Airflow's is 384 pixels wide and takes about 37 characters a line: these are 17 lines of 20 pixels.
LONGEST_MESSAGE = 600
MOST_BUCKETS = 5
FEW_DAYS = 30
# Keys made before 2019 hold no account: theirs go on with a letter before Q.
_KEY_ID_WITH_ACCOUNT = re.compile(r"A[KS]IA[Q-Z2-7][A-Z2-7]{15}")


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage of the test came to.

    :param said: what was found, or what went wrong there.
    :param short: what of it is worth telling in a toast; None for nothing, or for all that went wrong.
    """

    name: str
    good: bool
    said: str
    short: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the test of a connection came to.

    :param stages: those that were reached; all but the last one went well.
    """

    stages: tuple[Stage, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Whether all went well."""
        return all(stage.good for stage in self.stages)

    @property
    def message(self) -> str:
        """What to tell where there is little room and little time: Airflow shows a failure for 5 s, a success for 2."""
        last = self.stages[-1]
        if not last.good:
            return _cut(f"{last.name}: {last.short or last.said}")
        told = [stage.short for stage in self.stages if stage.short]
        return _cut(f"Connected as {'; '.join(told)}; {self.seconds:.1f} s")


class _Test:
    """One run of the test: how far it has come, and what it must not tell."""

    def __init__(self, mask: Callable[[list[str]], None]) -> None:
        self.stage = "Connection"
        self.stages: list[Stage] = []
        self.secrets: list[str] = []
        self.connection: S3RestConnection | None = None
        self._mask = mask

    def hide(self, secrets: list[str]) -> None:
        """Keep secrets out of logs and out of the answer."""
        self.secrets += filter(None, secrets)
        self._mask(secrets)

    def run(self, read: Callable[[], S3RestConnection], region_name: str | None) -> None:
        """Go through all stages."""
        from airflow_provider_s3rest.auth.credentials import AccessKeySource, credential_source
        from airflow_provider_s3rest.s3.store import S3

        connection = self.connection = replace(read(), retry_delays_seconds=())
        where = connection.endpoint_url or "AWS"
        source: CredentialSource
        match connection.authentication:
            case RolesAnywhere() as settings:
                self.hide(list(connection.secrets()))
                self._passed(f"IAM Roles Anywhere in {settings.region}, S3 at {where}")
                source = AccessKeySource(self._session(connection, settings).credentials)
            case AccessKeys(access_key_id=key_id):
                source = credential_source(connection, mask=self.hide)
                self._passed(f"access key {key_id}, S3 at {where}")
        self.stage = "S3"
        buckets = S3(connection, source, region_name).list_buckets()
        said = _counted(buckets.names)
        if isinstance(connection.authentication, AccessKeys):
            account = None if connection.endpoint_url else _account(key_id)
            said = f"{account or buckets.owner or 'an owner that S3 does not name'}; {said}"
        self._passed(said, short=said)

    def fail(self, error: Exception) -> None:
        """Take down what went wrong, without any secret that it may hold."""
        from airflow_provider_s3rest.hooks import advice

        said, short = _words(error), None
        if isinstance(error, S3RestConnectionError):
            short = advice.told(error.faults)
        elif hint := advice.hint(error, self.connection):
            said = f"{said.rstrip('.')}. Hint: {hint}"
        self.stages.append(Stage(self.stage, good=False, said=self._safe(said), short=short and self._safe(short)))

    def _safe(self, said: str) -> str:
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return said

    def _session(self, connection: S3RestConnection, settings: RolesAnywhere) -> Session:
        from airflow_provider_s3rest.auth.endpoint import rolesanywhere_url
        from airflow_provider_s3rest.auth.identity import load_identity
        from airflow_provider_s3rest.auth.rolesanywhere import create_session

        self.stage = "Certificate"
        now = datetime.now(UTC)
        identity = load_identity(settings, conn_id=connection.conn_id, now=now)
        about = _certificate(identity.leaf, now)
        self._passed(about)
        self.stage = "Roles Anywhere"
        url = rolesanywhere_url(settings, conn_id=connection.conn_id)
        session = create_session(settings, identity, url=url, verify=connection.verify)
        self.hide(list(session.credentials.secrets()))
        who = session.assumed_role_arn
        ends = session.credentials.expires_at
        self._passed(f"{who}, until {ends:%Y-%m-%d %H:%M:%S} UTC" if ends else who, short=f"{who}; certificate {about}")
        return session

    def _passed(self, said: str, short: str | None = None) -> None:
        self.stages.append(Stage(self.stage, good=True, said=said, short=short))


def diagnose(
    read: Callable[[], S3RestConnection], *, region_name: str | None, mask: Callable[[list[str]], None]
) -> Diagnosis:
    """Test a connection past every cache and without retries.

    :param read: reads the connection.
    :param mask: is given all secrets first.
    """
    began = time.monotonic()
    test = _Test(mask)
    try:
        test.run(read, region_name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the user of the form must read it
        test.fail(error)
    return Diagnosis(tuple(test.stages), time.monotonic() - began)


def _certificate(leaf: x509.Certificate, now: datetime) -> str:
    """Whose certificate it is, who issued it, and for how long it is valid; see RFC 4514 for the names."""
    days = (leaf.not_valid_after_utc - now).days
    left = f"{days} day{'' if days == 1 else 's'} left"
    renew = ": have a new one issued" if days < FEW_DAYS else ""
    return f"{leaf.subject.rfc4514_string()} issued by {leaf.issuer.rfc4514_string()}, {left}{renew}"


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 3]}..."


def _counted(names: Sequence[str]) -> str:
    """How many buckets there are, and the first of them."""
    many = "1 bucket" if len(names) == 1 else f"{len(names)} buckets"
    if not names:
        return f"{many} seen"
    more = ", ..." if len(names) > MOST_BUCKETS else ""
    return f"{many} seen: {', '.join(names[:MOST_BUCKETS])}{more}"


def _words(error: Exception) -> str:
    """The service's own words where they are S3's."""
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict) or "Error" not in answer:
        return str(error) or type(error).__name__
    said, details = answer["Error"], answer.get("ResponseMetadata", {})
    place = ", ".join(
        f"{name} {details[key]}"
        for name, key in (("HTTP", "HTTPStatusCode"), ("request id", "RequestId"))
        if details.get(key)
    )
    return f"{said.get('Code')}: {said.get('Message')}" + (f" ({place})" if place else "")


def _account(key_id: str) -> str | None:
    """The account of an access key ID, which holds it in its bits; None for one of another shape."""
    if not _KEY_ID_WITH_ACCOUNT.fullmatch(key_id):
        return None
    bits = int.from_bytes(base64.b32decode(key_id[4:])[:6], "big")
    return f"account {bits >> 7 & (1 << 40) - 1:012}"
