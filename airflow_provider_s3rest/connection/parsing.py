# SPDX-License-Identifier: Apache-2.0
"""Reads a whole connection: every field once, and all faults in one error."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, cast

from airflow_provider_s3rest.connection import pem
from airflow_provider_s3rest.connection.arns import read_arns
from airflow_provider_s3rest.connection.endpoints import read_rolesanywhere_endpoint, read_s3_endpoint
from airflow_provider_s3rest.connection.fields import Fields, read_extra
from airflow_provider_s3rest.connection.model import (
    MAX_CONCURRENCY,
    RETRY_DELAYS_SECONDS,
    AccessKeys,
    AddressingStyle,
    RolesAnywhere,
    S3RestConnection,
)
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_REGION = "us-east-1"
SHORTEST_SESSION, LONGEST_SESSION = 900, 3600

_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def parse_connection(
    *,
    conn_id: str,
    host: str | None,
    port: int | str | None,
    login: str | None,
    password: str | None,
    extra: str | Mapping[str, object] | None,
) -> S3RestConnection:
    """See :meth:`S3RestConnection.parse`."""
    standard: dict[str, object] = {"host": host, "port": port, "login": login, "password": password}
    fields = Fields(standard)
    fields.raw = {**read_extra(extra, fields), **standard}
    if fields.faults:
        raise S3RestConnectionError(conn_id, fields.faults)

    kind = fields.choice("auth_type", ("access_keys", "roles_anywhere"), "access_keys")
    authentication = _roles_anywhere(fields) if kind == "roles_anywhere" else _access_keys(fields)
    options = {
        "endpoint_url": read_s3_endpoint(fields),
        "region_name": _region(fields, "region_name"),
        "addressing_style": cast(
            "AddressingStyle", fields.choice("addressing_style", ("auto", "path", "virtual"), "auto")
        ),
        "verify": _verify(fields),
        "requester_pays": fields.switch("requester_pays", default=False),
        "expected_bucket_owner": _account(fields, "expected_bucket_owner"),
        "retry_delays_seconds": fields.seconds(
            "retry_delays_seconds", default=RETRY_DELAYS_SECONDS, longest=3600, most=20
        ),
        "max_concurrency": fields.whole_number("max_concurrency", lowest=1, highest=256, default=MAX_CONCURRENCY),
    }
    if fields.faults or authentication is None:
        raise S3RestConnectionError(conn_id, fields.faults)
    return S3RestConnection(conn_id=conn_id, authentication=authentication, **options)  # type: ignore[arg-type]


def _access_keys(fields: Fields) -> AccessKeys | None:
    key_id = _one_of(fields, "login", "aws_access_key_id")
    secret = _one_of(fields, "password", "aws_secret_access_key")
    token = fields.word("aws_session_token")
    if key_id is None and secret is None and fields.text("profile_arn"):
        fields.fault("auth_type", "is access_keys, but only Roles Anywhere is filled in: choose roles_anywhere")
    elif key_id is None:
        fields.fault("login", "is missing: enter the access key ID; no other credentials are ever tried")
    elif secret is None:
        fields.fault("password", "is missing: enter the secret access key; no other credentials are ever tried")
    elif key_id.startswith("ASIA") and not token and not fields.text("host"):
        fields.fault("aws_session_token", "is missing: a temporary access key (ASIA...) works only with its token")
    if key_id is None or secret is None:
        return None
    return AccessKeys(access_key_id=key_id, secret_access_key=secret, session_token=token)


def _one_of(fields: Fields, standard: str, alias: str) -> str | None:
    first, second = fields.word(standard), fields.word(alias)
    if first and second and first != second:
        fields.fault(standard, f"differs from {alias} in the extra: keep one of them")
    return first or second


def _roles_anywhere(fields: Fields) -> RolesAnywhere | None:
    custom = _region(fields, "rolesanywhere_custom_region")
    region = _region(fields, "rolesanywhere_region")
    region_field = "rolesanywhere_custom_region" if custom else "rolesanywhere_region"
    arns = read_arns(fields, custom or region or DEFAULT_REGION, region_field)
    session_name = _session_name(fields)
    duration = fields.whole_number(
        "duration_seconds", lowest=SHORTEST_SESSION, highest=LONGEST_SESSION, default=LONGEST_SESSION
    )
    certificate = _certificates(fields, "certificate", required=True)
    chain = _certificates(fields, "certificate_chain", required=False)
    key, passphrase = _private_key(fields)
    endpoint = read_rolesanywhere_endpoint(fields)
    if fields.faults:
        return None
    return RolesAnywhere(
        **arns,
        region=custom or region or DEFAULT_REGION,
        session_name=session_name,
        duration_seconds=duration,
        certificate=certificate,
        certificate_chain=chain,
        private_key=key,
        private_key_passphrase=passphrase,
        endpoint_url=endpoint,
    )


def _certificates(fields: Fields, name: str, *, required: bool) -> str:
    text = fields.text(name)
    if text is None:
        if required:
            fields.fault(name, "is missing: paste the PEM file, from its -----BEGIN line to its -----END line")
        return ""
    try:
        return "".join(str(block) for block in pem.certificates(text))
    except pem.PemError as error:
        fields.fault(name, str(error))
        return ""


def _private_key(fields: Fields) -> tuple[str, str | None]:
    text = fields.text("private_key")
    passphrase = fields.text("private_key_passphrase", strip="\r\n")
    if text is None:
        fields.fault("private_key", "is missing: paste the PEM file, from its -----BEGIN line to its -----END line")
        return "", None
    try:
        key = pem.private_key(text)
    except pem.PemError as error:
        fields.fault("private_key", str(error))
        return "", None
    if key.encrypted and passphrase is None:
        fields.fault("private_key_passphrase", "is missing: the private key is encrypted")
    elif passphrase and not key.encrypted:
        fields.fault("private_key_passphrase", "must be empty: the private key is not encrypted")
    elif passphrase and not passphrase.isprintable():
        fields.fault("private_key_passphrase", "holds a control character")
    return str(key), passphrase


def _region(fields: Fields, name: str) -> str | None:
    value = fields.text(name)
    if value is not None and not (_REGION.fullmatch(value) and len(value) < 64):
        fields.fault(name, "is not an AWS region: it must be lower case with dashes, as in eu-west-1")
        return None
    return value


def _session_name(fields: Fields) -> str:
    value = fields.text("session_name")
    if value is None:
        fields.fault("session_name", "is missing: enter a name that CloudTrail shall show for these sessions")
    elif not _SESSION_NAME.fullmatch(value):
        fields.fault("session_name", "must be 2 to 64 letters, digits or characters of _+=,.@- without spaces")
    return value or ""


def _account(fields: Fields, name: str) -> str | None:
    value = fields.text(name)
    # JSON numbers lose the zeros that an account id may start with.
    value = value.zfill(12) if value and isinstance(fields.raw.get(name), int) else value
    if value is not None and not _ACCOUNT.fullmatch(value):
        fields.fault(name, "must be an AWS account ID: 12 digits")
    return value


def _verify(fields: Fields) -> bool | str:
    value = fields.raw.get("verify")
    text = str(value) if isinstance(value, bool) else fields.text("verify") or "true"
    if text.lower() in {"false", "0", "no", "off"}:
        fields.fault("verify", "must not be false: leave it blank, or give the path of a CA bundle (PEM) to check with")
    if text.lower() in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
        return True
    if not os.path.isfile(text):
        fields.fault("verify", "names no CA bundle that exists on this machine: give the path of a PEM file")
    return text
