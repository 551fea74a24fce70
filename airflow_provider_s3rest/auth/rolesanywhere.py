# SPDX-License-Identifier: Apache-2.0
"""The CreateSession call of IAM Roles Anywhere: one attempt, and what its answer means.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

from __future__ import annotations

import json
import logging
import time
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

_NO_SESSION_NAME = "Not authorized to set roleSessionName"
# What the service says, and what usually mends it.
_HINTS = {
    "Untrusted signing certificate": "the trust anchor does not lead to this certificate: add the intermediates, or "
    "name the trust anchor of the CA that issued it",
    "Insufficient certificate": "the certificate lacks the key usage digitalSignature, or is a CA's",
    "Certificate revoked": "the trust anchor's revocation list names this certificate: have a new one issued",
    "Invalid or empty profile": "profile_arn names no profile of this account and region",
    "Trust Anchor wasn't found": "trust_anchor_arn names no trust anchor of this account and region",
    "isn't one of those listed in the Profile": "add the role to the profile, or correct role_arn",
    "exceeds the MaxSessionDuration": "lower duration_seconds, or raise the role's maximum session duration",
    "Unable to assume role": "the role's trust policy must allow rolesanywhere.amazonaws.com sts:AssumeRole, "
    "sts:TagSession and sts:SetSourceIdentity, and its conditions must fit this certificate",
    "Invalid signature": "the private key, the region or this machine's clock may be wrong",
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
                    "Profile %s takes no role session name, so the sessions bear the certificate's serial number: "
                    "switch on 'Accept custom role session name' (acceptRoleSessionName) in the profile",
                    settings.profile_arn,
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
        now=datetime.now(UTC) + timedelta(seconds=terms.skew_seconds),
    )
    return post(url, headers=headers, body=content, verify=verify)


def _better_terms(terms: _Terms, answer: Answer, error: S3RestCredentialError) -> _Terms | None:
    if _NO_SESSION_NAME in error.message and terms.session_name is not None:
        return replace(terms, session_name=None)
    skew = _skew_seconds(answer)
    if answer.status == 403 and "signature" in error.message.lower() and not terms.skew_seconds:  # noqa: PLR2004
        return replace(terms, skew_seconds=skew) if abs(skew) > SKEW_WORTH_RESIGNING_SECONDS else None
    return None


def _session(answer: Answer) -> Session:
    try:
        entry = json.loads(answer.body)["credentialSet"][0]
        given = entry["credentials"]
        credentials = Credentials(
            access_key_id=str(given["accessKeyId"]),
            secret_access_key=str(given["secretAccessKey"]),
            session_token=str(given["sessionToken"]),
            expires_at=datetime.fromisoformat(given["expiration"]).astimezone(UTC),
        )
        role_arn = str(entry["assumedRoleUser"]["arn"])
    except (ValueError, LookupError, TypeError):
        role_arn = ""
    if not role_arn:
        # Raised here, so that the error does not carry the body along as its context.
        raise S3RestCredentialError(
            "the answer holds no credentials; does the endpoint belong to Roles Anywhere?",
            status=answer.status,
            request_id=answer.headers.get("x-amzn-requestid"),
        )
    return Session(credentials=credentials, assumed_role_arn=role_arn, skew_seconds=_skew_seconds(answer))


def _error(answer: Answer) -> S3RestCredentialError:
    """The service's own code and message; of a body that is not the service's, nothing."""
    body: object = None
    try:
        body = json.loads(answer.body)
    except ValueError:
        log.debug("HTTP %s with a body that is not JSON", answer.status)
    fields = body if isinstance(body, dict) else {}
    code = answer.headers.get("x-amzn-errortype") or fields.get("__type") or fields.get("code")
    message = fields.get("message") or fields.get("Message")
    if not isinstance(message, str):
        message = _without_message(answer.status)
    return S3RestCredentialError(
        "".join(letter for letter in message if letter.isprintable())[:LONGEST_MESSAGE],
        status=answer.status,
        code=code.split(":")[0].rpartition("#")[2] if isinstance(code, str) else None,
        request_id=answer.headers.get("x-amzn-requestid"),
        retryable=answer.status == 429 or answer.status >= 500,  # noqa: PLR2004
        hint=next((hint for words, hint in _HINTS.items() if words in message), None),
    )


def _without_message(status: int) -> str:
    if 300 <= status < 400:  # noqa: PLR2004
        return "the endpoint answered with a redirect, and a signed request is not sent elsewhere"
    return "the endpoint gave no message; does it belong to Roles Anywhere?"


def _skew_seconds(answer: Answer) -> float:
    try:
        served_at = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return 0.0
    skew = served_at - time.time()
    return skew if abs(skew) >= SMALLEST_SKEW_SECONDS else 0.0
