# SPDX-License-Identifier: Apache-2.0
"""Verifies a CreateSession request: everything that the documents of IAM Roles Anywhere demand, and no I/O.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html. Where the live
service is known to be laxer than its documents (unsigned headers, an algorithm unlike the key), the documents win.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import parse_qsl

from airflow_provider_s3rest.local import certificates
from airflow_provider_s3rest.local.model import (
    Account,
    HttpRequest,
    Profile,
    Refusal,
    Role,
    SessionRequest,
    TrustAnchor,
    denied,
    invalid,
)
from airflow_provider_s3rest.local.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography import x509

MIN_DURATION_SECONDS = 900
MAX_DURATION_SECONDS = 43200
_ARN_MEMBERS = ("profileArn", "roleArn", "trustAnchorArn")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


class _HasArn(Protocol):
    @property
    def arn(self) -> str: ...


_Resource = TypeVar("_Resource", bound=_HasArn)


def verify_create_session(request: HttpRequest, *, account: Account, now: datetime) -> SessionRequest:
    """Verify a CreateSession request.

    :param account: the resources that the service knows.
    :param now: aware.
    :returns: the session to make.
    :raises Refusal: status, code and message as the service gives them.
    """
    if (request.method, request.path) != ("POST", "/sessions"):
        raise Refusal(404, "UnknownOperationException", "", f"{request.method} {request.path} is not POST /sessions")
    leaf = certificates.read_leaf(request)
    chain = certificates.read_chain(request)
    verify_signature(request, leaf, region=account.region, now=now)
    members = read_members(request)
    anchor = _trust_anchor(members["trustAnchorArn"], account)
    certificates.check_leaf(leaf)
    certificates.check_path(leaf, chain, trust_anchor=anchor, now=now)
    if leaf.serial_number in account.revoked_serials:
        raise denied("Certificate revoked")
    profile, role = _profile_and_role(members, account)
    return SessionRequest(
        trust_anchor_arn=anchor.arn,
        profile_arn=profile.arn,
        role_arn=role.arn,
        duration_seconds=_final_duration(members, profile, role),
        session_name=_session_name(members, profile, leaf),
        subject=leaf.subject.rfc4514_string(),
        source_identity=certificates.source_identity_of(leaf),
    )


def read_members(request: HttpRequest) -> dict[str, Any]:
    """Read the request's members from its JSON body and, for the ARNs, from its query as well.

    :returns: all three ARNs as strings, and the optional members that are there and not null.
    :raises Refusal: 400, not JSON, an ARN is missing or given twice, or a value is of the wrong kind.
    """
    members = {name: value for name, value in _read_body(request.body).items() if value is not None}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name not in _ARN_MEMBERS:
            continue
        if name in members:
            raise invalid(f"{name} is given more than once.")
        members[name] = value
    for name in _ARN_MEMBERS:
        if name not in members:
            raise _unfit("null", name, "Member must not be null")
        if not isinstance(members[name], str):
            raise invalid(f"{name} must be a string.")
    _check_duration(members.get("durationSeconds"))
    _check_session_name(members.get("roleSessionName"))
    return members


def _read_body(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        raise invalid("The request body is not JSON.") from None
    if not isinstance(members, dict):
        raise invalid("The request body is not a JSON object.")
    return members


def _check_duration(value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid("durationSeconds must be an integer.")
    for limit, beyond, word in (
        (MIN_DURATION_SECONDS, value < MIN_DURATION_SECONDS, "greater"),
        (MAX_DURATION_SECONDS, value > MAX_DURATION_SECONDS, "less"),
    ):
        if beyond:
            raise _unfit(value, "durationSeconds", f"Member must have value {word} than or equal to {limit}")


def _check_session_name(value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str) or not _SESSION_NAME.fullmatch(value):
        pattern = "Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}"
        raise _unfit(value, "roleSessionName", pattern)


def _trust_anchor(arn: str, account: Account) -> TrustAnchor:
    anchor = _find(account.trust_anchors, arn)
    if anchor is None or not anchor.enabled or _region_of(arn) != account.region:
        raise denied("Specified Trust Anchor wasn't found.")
    return anchor


def _profile_and_role(members: dict[str, Any], account: Account) -> tuple[Profile, Role]:
    profile = _find(account.profiles, members["profileArn"])
    if profile is None or not profile.enabled or _region_of(profile.arn) != account.region:
        raise denied("Invalid or empty profile provided.")
    if members["roleArn"] not in profile.role_arns:
        raise denied("Requested Role isn't one of those listed in the Profile.")
    role = _find(account.roles, members["roleArn"])
    if role is None:
        raise denied(f"Unable to assume role for {members['roleArn']}", "the profile lists a role that does not exist")
    return profile, role


def _final_duration(members: dict[str, Any], profile: Profile, role: Role) -> int:
    duration: int = min(profile.duration_seconds, members.get("durationSeconds", profile.duration_seconds))
    if duration > role.max_session_duration_seconds:
        raise denied(
            f"Unable to assume role for {role.arn}. "
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return duration


def _session_name(members: dict[str, Any], profile: Profile, leaf: x509.Certificate) -> str:
    if "roleSessionName" not in members:
        return f"{leaf.serial_number:x}"
    if not profile.accept_role_session_name:
        raise denied("Not authorized to set roleSessionName.")
    name: str = members["roleSessionName"]
    return name


def _find(resources: Iterable[_Resource], arn: str) -> _Resource | None:
    return next((resource for resource in resources if resource.arn == arn), None)


def _region_of(arn: str) -> str:
    return arn.split(":")[3]


def _unfit(value: object, name: str, demand: str) -> Refusal:
    return invalid(f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {demand}")
