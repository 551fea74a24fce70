# SPDX-License-Identifier: Apache-2.0
"""The CreateSession call of IAM Roles Anywhere: one attempt, and what its answer means.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.auth import signing
from airflow_provider_s3rest.auth.http import Answer, post
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import RolesAnywhere

log = logging.getLogger(__name__)

# A Date header has whole seconds and the answer travels: less than this is not worth calling a wrong clock.
SMALLEST_SKEW_SECONDS = 5.0
SKEW_WORTH_RESIGNING_SECONDS = 60.0
LONGEST_MESSAGE = 1000

_REQUEST_ID = "x-amzn-requestid"
_NO_SESSION_NAME = "Not authorized to set roleSessionName"
_BAD_SIGNATURE = "Invalid signature"
# What the service says, and what usually mends it.
_HINTS = {
    "Untrusted signing certificate": "the trust anchor does not lead to this certificate: add the intermediates to "
    "certificate_chain, or correct trust_anchor_arn",
    "Insufficient certificate": "the certificate lacks the key usage digitalSignature, or is a CA's",
    "Certificate revoked": "the trust anchor's revocation list names this certificate: have a new one issued",
    "Invalid or empty profile": "profile_arn names no profile of this account and region",
    "Trust Anchor wasn't found": "trust_anchor_arn names no trust anchor of this account and region",
    "isn't one of those listed in the Profile": "add the role to the profile, or correct role_arn",
    "exceeds the MaxSessionDuration": "lower duration_seconds, or raise the role's maximum session duration",
    "Unable to assume role": "the role's trust policy must allow rolesanywhere.amazonaws.com sts:AssumeRole, "
    "sts:TagSession and sts:SetSourceIdentity, and its conditions must fit this certificate",
    _BAD_SIGNATURE: "private_key, rolesanywhere_region or this machine's clock may be wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What CreateSession gave.

    :param credentials: temporary credentials.
    :param assumed_role_arn: who they act as.
    :param skew_seconds: how far the service's clock is ahead of this machine's.
    """

    credentials: Credentials
    assumed_role_arn: str
    skew_seconds: float


@dataclass(frozen=True, slots=True)
class _Terms:
    """What an attempt may change and try again: the session name that a profile refuses, and the clock to sign by."""

    session_name: str | None
    skew_seconds: float = 0.0


def create_session(settings: RolesAnywhere, signer: signing.Signer, *, url: str, verify: bool | str = True) -> Session:
    """Exchange a signature for temporary credentials.

    An answer that says how to ask better - the profile takes no session name, this machine's clock is wrong - is
    followed once each; every other failure is the caller's to retry or to report.

    :param url: the endpoint, as :func:`airflow_provider_s3rest.auth.endpoint.rolesanywhere_url` gives it.
    :param verify: True, or the path of a CA bundle.
    :raises S3RestCredentialError: the service refused, was not reached, or answered with no credentials.
    """
    terms = _Terms(settings.session_name)
    while True:
        answer = _ask(settings, signer, url=url, verify=verify, terms=terms)
        if answer.status in {200, 201}:
            if terms.session_name is None:
                log.warning(
                    "The profile of profile_arn takes no role session name, so that sessions bear the certificate's "
                    "serial number: switch on 'Accept custom role session name' (acceptRoleSessionName) in the profile"
                )
            return _session(answer)
        error = _error(answer)
        better = _better_terms(terms, answer, error)
        if better is None:
            raise error
        terms = better


def _ask(settings: RolesAnywhere, signer: signing.Signer, *, url: str, verify: bool | str, terms: _Terms) -> Answer:
    body: dict[str, object] = {
        "durationSeconds": settings.duration_seconds,
        "profileArn": settings.profile_arn,
        "roleArn": settings.role_arn,
        "trustAnchorArn": settings.trust_anchor_arn,
    }
    if terms.session_name is not None:
        body["roleSessionName"] = terms.session_name
    content = json.dumps(body).encode()
    url = f"{url}/sessions"
    headers = signing.sign(
        signer,
        url=url,
        region=settings.region,
        headers={"Content-Type": "application/x-amz-json-1.0"},
        body=content,
        now=_now() + timedelta(seconds=terms.skew_seconds),
    )
    return post(url, headers=headers, body=content, verify=verify)


def _better_terms(terms: _Terms, answer: Answer, error: S3RestCredentialError) -> _Terms | None:
    if _NO_SESSION_NAME in error.message and terms.session_name is not None:
        return replace(terms, session_name=None)
    skew = _skew_seconds(answer)
    if _BAD_SIGNATURE in error.message and not terms.skew_seconds and abs(skew) > SKEW_WORTH_RESIGNING_SECONDS:
        log.warning("This machine's clock is %+.0f s away from the service's: signing by the service's", -skew)
        return replace(terms, skew_seconds=skew)
    return None


def _session(answer: Answer) -> Session:
    session = None
    with suppress(ValueError, LookupError, TypeError, OverflowError, RecursionError):
        entry = json.loads(answer.body)["credentialSet"][0]
        given = entry["credentials"]
        session = Session(
            credentials=Credentials(
                access_key_id=_word(given["accessKeyId"]),
                secret_access_key=_word(given["secretAccessKey"]),
                session_token=_word(given["sessionToken"]),
                expires_at=_moment(given["expiration"]),
            ),
            assumed_role_arn=_word(entry["assumedRoleUser"]["arn"]),
            skew_seconds=_skew_seconds(answer),
        )
    if session is None:
        # Raised here, so that the error does not carry the body along as its context.
        raise S3RestCredentialError(
            "the answer holds no credentials; does the endpoint belong to Roles Anywhere?",
            status=answer.status,
            request_id=_printable(answer.headers.get(_REQUEST_ID)),
        )
    return session


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value or not value:
        raise TypeError
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _error(answer: Answer) -> S3RestCredentialError:
    """The service's own code and message; of a body that is not the service's, nothing."""
    body: object = None
    with suppress(ValueError, RecursionError):
        body = json.loads(answer.body)
    fields = body if isinstance(body, dict) else {}
    code = _printable(answer.headers.get("x-amzn-errortype") or fields.get("__type") or fields.get("code"))
    message = _printable(fields.get("message") or fields.get("Message")) or _without_message(answer.status)
    return S3RestCredentialError(
        message,
        status=answer.status,
        # restJson1 surrounds the code: namespace#code:http://address
        code=code.split(":")[0].rpartition("#")[2] if code else None,
        request_id=_printable(answer.headers.get(_REQUEST_ID)),
        retryable=answer.status == 429 or answer.status >= 500,  # noqa: PLR2004
        hint=next((hint for words, hint in _HINTS.items() if words in message), None),
    )


def _printable(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(letter if letter.isprintable() else " " for letter in value[:LONGEST_MESSAGE]) or None


def _without_message(status: int) -> str:
    if 300 <= status < 400:  # noqa: PLR2004
        return "the endpoint answered with a redirect, and a signed request is not sent elsewhere"
    return "the endpoint gave no message; does it belong to Roles Anywhere?"


def _skew_seconds(answer: Answer) -> float:
    skew = 0.0
    with suppress(ValueError, TypeError):
        skew = (parsedate_to_datetime(answer.headers.get("date", "")) - _now()).total_seconds()
    return skew if abs(skew) >= SMALLEST_SKEW_SECONDS else 0.0


def _now() -> datetime:
    return datetime.now(UTC)
