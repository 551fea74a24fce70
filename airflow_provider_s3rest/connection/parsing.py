# SPDX-License-Identifier: Apache-2.0
"""Reads a whole connection: every field once, and all faults in one error."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, get_args

from airflow_provider_s3rest.connection import pem
from airflow_provider_s3rest.connection.arns import read_arns
from airflow_provider_s3rest.connection.endpoints import read_rolesanywhere_endpoint, read_s3_endpoint
from airflow_provider_s3rest.connection.fields import FALSE_WORDS, TRUE_WORDS, Fields, read_extra
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
ADDRESSING_STYLES: tuple[AddressingStyle, ...] = get_args(AddressingStyle)

_REGION = r"(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*"
_SESSION_NAME = r"(?a:[\w+=,.@-]{2,64})"
_ACCOUNT = r"[0-9]{12}"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
_TEMPORARY_KEY_ID = r"ASIA[A-Z0-9]{12,124}"
_PASTE = "paste the PEM file, from its -----BEGIN line to its -----END line"


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
    standard = {"host": host, "port": port, "login": login, "password": password}
    fields = Fields({**read_extra(conn_id, extra), **standard})
    # Every field is read before any fault is raised; what stands in for a faulty one never gets out.
    connection = S3RestConnection(
        conn_id=conn_id,
        authentication=_authentication(fields),
        endpoint_url=read_s3_endpoint(fields),
        region_name=_s3_region(fields),
        addressing_style=fields.choice("addressing_style", ADDRESSING_STYLES, "auto"),
        verify=_verify(fields),
        requester_pays=fields.switch("requester_pays", default=False),
        expected_bucket_owner=_account(fields, "expected_bucket_owner"),
        retry_delays_seconds=fields.seconds(
            "retry_delays_seconds", default=RETRY_DELAYS_SECONDS, longest=3600, most=20
        ),
        max_concurrency=fields.whole_number("max_concurrency", lowest=1, highest=256, default=MAX_CONCURRENCY),
    )
    if fields.faults:
        raise S3RestConnectionError(conn_id, fields.faults)
    return connection


def _authentication(fields: Fields) -> AccessKeys | RolesAnywhere:
    if fields.choice("auth_type", ("access_keys", "roles_anywhere"), "access_keys") == "roles_anywhere":
        return _roles_anywhere(fields)
    return _access_keys(fields)


def _access_keys(fields: Fields) -> AccessKeys:
    key_id = _one_of(fields, "login", "aws_access_key_id")
    secret = _one_of(fields, "password", "aws_secret_access_key")
    token = fields.word("aws_session_token")
    if not key_id and not secret and fields.text("profile_arn"):
        fields.fault("auth_type", "is access_keys, but only Roles Anywhere is filled in: choose roles_anywhere")
    # Without knowing the kind of authentication, nothing can be said to be missing.
    if fields.sound("auth_type"):
        if not key_id and fields.sound("aws_access_key_id"):
            fields.fault("login", "is missing: enter the access key ID; no other credentials are ever tried")
        if not secret and fields.sound("aws_secret_access_key"):
            fields.fault("password", "is missing: enter the secret access key; no other credentials are ever tried")
    if not token and re.fullmatch(_TEMPORARY_KEY_ID, key_id):
        fields.fault("aws_session_token", "is missing: a temporary access key (ASIA...) works only with its token")
    return AccessKeys(access_key_id=key_id, secret_access_key=secret, session_token=token)


def _one_of(fields: Fields, standard: str, alias: str) -> str:
    first, second = fields.word(standard), fields.word(alias)
    if first and second and first != second:
        fields.fault(standard, f"differs from {alias} in the extra: keep one of them")
    return first or second or ""


def _roles_anywhere(fields: Fields) -> RolesAnywhere:
    custom = _region(fields, "rolesanywhere_custom_region")
    region = custom or _region(fields, "rolesanywhere_region") or DEFAULT_REGION
    key, passphrase = _private_key(fields)
    return RolesAnywhere(
        **read_arns(fields, region, "rolesanywhere_custom_region" if custom else "rolesanywhere_region"),
        region=region,
        session_name=_session_name(fields),
        duration_seconds=fields.whole_number(
            "duration_seconds", lowest=SHORTEST_SESSION, highest=LONGEST_SESSION, default=LONGEST_SESSION
        ),
        certificate=_certificates(fields, "certificate", missing=f"is missing: {_PASTE}"),
        certificate_chain=_certificates(fields, "certificate_chain"),
        private_key=key,
        private_key_passphrase=passphrase,
        endpoint_url=read_rolesanywhere_endpoint(fields),
    )


def _certificates(fields: Fields, name: str, *, missing: str = "") -> str:
    text = fields.text(name)
    if text is None:
        if missing:
            fields.fault(name, missing)
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
        fields.fault("private_key", f"is missing: {_PASTE}")
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
        fields.fault("private_key_passphrase", "holds a character that can't be printed: enter it again")
    return str(key), passphrase


def _region(fields: Fields, name: str, *, may_lack_dash: bool = False) -> str | None:
    value = fields.text(name)
    if value is not None and not (re.fullmatch(_REGION, value) and ("-" in value or may_lack_dash)):
        fields.fault(name, "is not an AWS region: it must be lower case with dashes, as in eu-west-1")
        return None
    return value


def _s3_region(fields: Fields) -> str | None:
    # Servers other than AWS name regions as they like: auto, garage.
    return _region(fields, "region_name", may_lack_dash=fields.text("host") is not None)


def _session_name(fields: Fields) -> str:
    value = fields.text("session_name")
    if value is None:
        fields.fault("session_name", "is missing: enter a name that CloudTrail shall show for these sessions")
    elif not re.fullmatch(_SESSION_NAME, value):
        fields.fault("session_name", "must be 2 to 64 letters, digits or characters of _+=,.@- without spaces")
    return value or ""


def _account(fields: Fields, name: str) -> str | None:
    value = fields.text(name)
    if value is not None and not re.fullmatch(_ACCOUNT, value):
        fields.fault(name, "must be an AWS account ID: 12 digits")
    return value


def _verify(fields: Fields) -> bool | str:
    value = fields.raw.get("verify")
    path = str(value) if isinstance(value, bool) else fields.text("verify")
    if path is None or path.lower() in TRUE_WORDS:
        return True
    if path.lower() in FALSE_WORDS:
        fields.fault("verify", "must not be false: leave it blank, or give the path of a CA bundle (PEM) to check with")
    # Path.is_file() raises for a path that is too long, with the path in the error.
    if not os.path.isfile(path):  # noqa: PTH113
        fields.fault("verify", "names no CA bundle that exists on this machine: give the path of a PEM file")
    return path
