# SPDX-License-Identifier: Apache-2.0
"""Test Connection: connection, certificate, Roles Anywhere, S3, one after the other, for real."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.auth.rolesanywhere import Session

# Airflow refuses a longer result of a test that ran on a worker.
LONGEST_MESSAGE = 1900
# Keys made before 2019 hold no account: theirs go on with a letter before Q.
_KEY_ID_WITH_ACCOUNT = re.compile(r"A[KS]IA[Q-Z2-7][A-Z2-7]{15}")


class _Test:
    """One run of the test: how far it has come, and what it must not tell."""

    def __init__(self, mask: Callable[[list[str]], None]) -> None:
        self.stage = "Connection"
        self.secrets: list[str] = []
        self._mask = mask

    def hide(self, secrets: list[str]) -> None:
        """Keep secrets out of logs and out of the answer."""
        self.secrets += filter(None, secrets)
        self._mask(secrets)

    def run(self, read: Callable[[], S3RestConnection], region_name: str | None) -> str:
        """Go through all stages."""
        from airflow_provider_s3rest.auth.credentials import AccessKeySource, credential_source
        from airflow_provider_s3rest.s3.store import S3

        connection = replace(read(), retry_delays_seconds=())
        who = None
        source: CredentialSource
        match connection.authentication:
            case RolesAnywhere() as settings:
                self.hide(list(connection.secrets()))
                session = self._session(connection, settings)
                source, who = AccessKeySource(session.credentials), session.assumed_role_arn
            case AccessKeys(access_key_id=key_id):
                source = credential_source(connection, mask=self.hide)
                if connection.endpoint_url is None:
                    who = _account(key_id)
        self.stage = "S3"
        buckets = S3(connection, source, region_name).list_buckets()
        seen = "1 bucket" if len(buckets.names) == 1 else f"{len(buckets.names)} buckets"
        return f"Connected as {who or buckets.owner or 'an owner that S3 does not name'}; {seen} seen"

    def _session(self, connection: S3RestConnection, settings: RolesAnywhere) -> Session:
        from airflow_provider_s3rest.auth.endpoint import rolesanywhere_url
        from airflow_provider_s3rest.auth.identity import load_identity
        from airflow_provider_s3rest.auth.rolesanywhere import create_session

        self.stage = "Certificate"
        identity = load_identity(settings, conn_id=connection.conn_id, now=datetime.now(UTC))
        self.stage = "Roles Anywhere"
        url = rolesanywhere_url(settings, conn_id=connection.conn_id)
        session = create_session(settings, identity, url=url, verify=connection.verify)
        self.hide(list(session.credentials.secrets()))
        return session


def diagnose(
    read: Callable[[], S3RestConnection], *, region_name: str | None, mask: Callable[[list[str]], None]
) -> tuple[bool, str]:
    """Test a connection past every cache and without retries.

    :param read: reads the connection.
    :param mask: is given all secrets first.
    :returns: whether all went well, and what to tell the user.
    """
    began = time.monotonic()
    test = _Test(mask)
    try:
        said = test.run(read, region_name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the user of the form must read it
        said = f"{test.stage}: {_words(error)}"
        for secret in test.secrets:
            said = said.replace(secret, "***")
        return False, said[:LONGEST_MESSAGE]
    return True, f"{said}; {time.monotonic() - began:.1f} s"


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
