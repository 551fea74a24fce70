# SPDX-License-Identifier: Apache-2.0
"""CreateSession against the local endpoint, which verifies everything: what succeeds, what is refused, what fails."""

from __future__ import annotations

import json
import logging
import pickle
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from airflow_provider_s3rest.auth import rolesanywhere
from airflow_provider_s3rest.auth.lease import Instant, Lease
from airflow_provider_s3rest.auth.session import fetch_session
from airflow_provider_s3rest.connection import RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.exceptions import S3RestCredentialError
from airflow_provider_s3rest.local.aws import make_client
from airflow_provider_s3rest.local.rolesanywhere import Answer, DropConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider_s3rest.auth.rolesanywhere import Session
    from airflow_provider_s3rest.local.model import HttpRequest
    from airflow_provider_s3rest.local.stack import LocalStack

PREFIX = "arn:aws:rolesanywhere:us-east-1:123456789012"
REQUEST_ID = "7a3f0c5e-request"
PASSPHRASE = "the passphrase"


def create(stack: LocalStack, key_type: str = "ec", **extra: object) -> Session:
    """Ask for a session as a connection to the stack does, with some other fields."""
    fields: dict[str, Any] = stack.connection("roles_anywhere", key_type, **extra)  # type: ignore[arg-type]
    connection = S3RestConnection.parse(conn_id="mine", **{name: fields[name] for name in ("host", "port", "extra")})
    assert isinstance(connection.authentication, RolesAnywhere)
    return fetch_session(connection, connection.authentication)


def error_of(stack: LocalStack, key_type: str = "ec", **extra: object) -> S3RestCredentialError:
    """Give the error of a call; whichever it is, it pickles, has no cause and shows no secret."""
    with pytest.raises(S3RestCredentialError) as raised:
        create(stack, key_type, **extra)
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (str(copy), copy.as_dict()) == (str(error), error.as_dict())
    assert "secret" not in f"{error}{error!r}{vars(error)}".lower()
    return error


def answer(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> Callable[..., Answer]:
    """Make a fault that puts an answer in place of the service's."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fixed = Answer(status=status, headers={"x-amzn-RequestId": REQUEST_ID, **(headers or {})}, body=content)
    return lambda _: fixed


def credential_set(**changes: object) -> dict[str, Any]:
    """Make a body with credentials, some of which are changed."""
    credentials = {
        "accessKeyId": "ASIASECRET",
        "secretAccessKey": "secret-key",
        "sessionToken": "secret-token",
        "expiration": "2099-01-01T00:00:00Z",
    }
    return {"credentialSet": [{"assumedRoleUser": {"arn": "arn"}, "credentials": credentials | changes}]}


# What succeeds


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_a_session(key_type: str, local_stack: LocalStack) -> None:
    """One call gives credentials of the role, under the session name, for the whole duration."""
    session = create(local_stack, key_type, session_name="a.name", duration_seconds=1800)
    (call,) = local_stack.rolesanywhere.calls
    assert (call.status, call.session_name, call.duration_seconds) == (201, "a.name", 1800)
    assert session.assumed_role_arn == "arn:aws:sts::123456789012:assumed-role/data/a.name"
    assert session.skew_seconds == 0
    assert session.credentials.expires_at
    remaining = session.credentials.expires_at - datetime.now(UTC)
    assert timedelta(seconds=1770) < remaining <= timedelta(seconds=1800)


def test_s3_honours_the_credentials(local_stack: LocalStack) -> None:
    """What the service gave opens S3."""
    credentials = create(local_stack).credentials
    client = make_client(
        "s3",
        local_stack.s3_endpoint_url,
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        session_token=credentials.session_token,
    )
    assert client.list_buckets()["Buckets"]


def test_over_tls(local_tls_stack: LocalStack) -> None:
    """The connection's CA bundle vouches for the endpoint."""
    create(local_tls_stack)
    assert local_tls_stack.rolesanywhere.sessions_created == 1


def test_over_tls_without_the_bundle(local_tls_stack: LocalStack) -> None:
    """An endpoint that nobody vouches for gets no request."""
    error = error_of(local_tls_stack, verify=None)
    assert "TLS certificate that is not trusted here" in error.message
    assert local_tls_stack.rolesanywhere.calls == ()


PASTED: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "one line": lambda text: text.replace("\n", " "),
    "escaped line breaks": lambda text: text.replace("\n", "\\n"),
    "text around it": lambda text: f"Bag Attributes: none\n{text}\nthe end",
}


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
@pytest.mark.parametrize("form", PASTED)
def test_pasted_pem(form: str, key_type: str, local_stack: LocalStack) -> None:
    """Certificates and keys work however they were pasted."""
    usual = local_stack.connection("roles_anywhere", key_type)["extra"]  # type: ignore[arg-type]
    fields = ("certificate", "certificate_chain", "private_key")
    create(local_stack, key_type, **{name: PASTED[form](usual[name]) for name in fields if name in usual})
    assert local_stack.rolesanywhere.sessions_created == 1


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "traditional"])
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["clear", "encrypted"])
def test_forms_of_keys(passphrase: str | None, form: PrivateFormat, key_type: str, local_stack: LocalStack) -> None:
    """PKCS#8, PKCS#1 and SEC1 sign, in clear and encrypted."""
    usual = local_stack.connection("roles_anywhere", key_type)["extra"]  # type: ignore[arg-type]
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    key = load_pem_private_key(usual["private_key"].encode(), None).private_bytes(Encoding.PEM, form, encryption)
    create(local_stack, key_type, private_key=key.decode(), private_key_passphrase=passphrase)
    assert local_stack.rolesanywhere.sessions_created == 1


@pytest.mark.parametrize("names", [("intermediate", "root"), ("root", "intermediate"), ("leaf", "intermediate")])
def test_chains(names: tuple[str, ...], local_stack: LocalStack) -> None:
    """A chain may stand in any order, hold the root, or repeat the leaf."""
    pki = local_stack.pki
    known = {name: getattr(pki, {"leaf": "ec"}.get(name, name)).certificate for name in names}
    create(local_stack, certificate=pki.ec.certificate, certificate_chain="".join(known.values()))
    assert local_stack.rolesanywhere.sessions_created == 1


# What the service refuses

REFUSALS: dict[str, tuple[dict[str, object], str, str]] = {
    "no chain": ({"certificate_chain": None}, "Untrusted signing certificate", "add the intermediates"),
    "another trust anchor": (
        {"trust_anchor_arn": f"{PREFIX}:trust-anchor/x"},
        "Specified Trust Anchor wasn't found.",
        "trust_anchor_arn names no trust anchor",
    ),
    "another profile": (
        {"profile_arn": f"{PREFIX}:profile/x"},
        "Invalid or empty profile provided.",
        "profile_arn names no profile",
    ),
    "another role": (
        {"role_arn": "arn:aws:iam::123456789012:role/x"},
        "Requested Role isn't one of those listed in the Profile.",
        "add the role to the profile",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name: str, local_stack: LocalStack) -> None:
    """A refusal has the service's status, code and words, its request id, and a hint; no retry mends it."""
    extra, message, hint = REFUSALS[name]
    error = error_of(local_stack, "rsa", **extra)
    assert (error.status, error.code, error.message) == (403, "AccessDeniedException", message)
    assert not error.retryable
    assert hint in str(error.hint)
    assert len(str(error.request_id)) == len("00000000-0000-0000-0000-000000000000")
    assert len(local_stack.rolesanywhere.calls) == 1


def test_a_revoked_certificate(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked certificate is refused from then on."""
    endpoint = local_stack.rolesanywhere
    revoked = frozenset({local_stack.pki.ec.serial_number})
    monkeypatch.setattr(endpoint, "account", replace(endpoint.account, revoked_serials=revoked))
    error = error_of(local_stack)
    assert error.message == "Certificate revoked"
    assert "revocation list names this certificate" in str(error.hint)


def test_a_session_longer_than_the_role_allows(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The more telling one of two hints is given."""
    endpoint = local_stack.rolesanywhere
    roles = tuple(replace(role, max_session_duration_seconds=1000) for role in endpoint.account.roles)
    monkeypatch.setattr(endpoint, "account", replace(endpoint.account, roles=roles))
    error = error_of(local_stack)
    assert error.message.startswith("Unable to assume role for arn:aws:iam::123456789012:role/data. The requested")
    assert error.hint == "lower duration_seconds, or raise the role's maximum session duration"


def test_the_region_of_another_endpoint(local_stack: LocalStack) -> None:
    """A signature for another region is refused once, since the clock is not to blame."""
    arns = {f"{kind}_arn": f"arn:aws:rolesanywhere:eu-west-1:123456789012:{name}/x" for kind, name in KINDS.items()}
    error = error_of(local_stack, rolesanywhere_region="eu-west-1", **arns)
    assert (error.status, error.message) == (403, "Invalid signature")
    assert "region" in str(error.hint)
    assert len(local_stack.rolesanywhere.calls) == 1


KINDS = {"profile": "profile", "trust_anchor": "trust-anchor"}


@pytest.mark.parametrize("words", sorted(rolesanywhere._HINTS))
def test_every_hint(words: str, local_stack: LocalStack) -> None:
    """Known words of the service bring their hint, at the end of the error's text."""
    local_stack.rolesanywhere.fault = answer(403, {"message": f"Some {words}."})
    error = error_of(local_stack)
    assert error.message == f"Some {words}."
    assert str(error).endswith(f"(HTTP 403, request id {REQUEST_ID}). Hint: {rolesanywhere._HINTS[words]}")


def test_words_that_nobody_knows(local_stack: LocalStack) -> None:
    """Without a known cause there is no hint."""
    local_stack.rolesanywhere.fault = answer(400, {"message": "Never heard of"})
    assert error_of(local_stack).hint is None


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"X-Amzn-ErrorType": "AccessDeniedException"}, {}, "AccessDeniedException"),
        ({"x-amzn-errortype": "AccessDeniedException:http://internal.amazon.com/x"}, {}, "AccessDeniedException"),
        ({"X-Amzn-ErrorType": "com.amazon#Denied:http://internal#x"}, {"code": "Other"}, "Denied"),
        ({}, {"__type": "com.amazonaws#ValidationException"}, "ValidationException"),
        ({}, {"code": "ThrottlingException"}, "ThrottlingException"),
        ({}, {"code": 12}, None),
        ({}, {}, None),
    ],
)
def test_error_codes(
    headers: dict[str, str], body: dict[str, object], code: str | None, local_stack: LocalStack
) -> None:
    """The code is found in every place where services of this kind put it, without what surrounds it."""
    local_stack.rolesanywhere.fault = answer(400, body, headers)
    assert error_of(local_stack).code == code


@pytest.mark.parametrize(
    ("message", "shown"),
    [("two\nlines\x1b[31m", "two lines [31m"), ("x" * 5000, "x" * 1000), ("äöü", "äöü")],
    ids=["control characters", "long", "beyond ASCII"],
)
def test_odd_messages(message: str, shown: str, local_stack: LocalStack) -> None:
    """The service's words are verbatim, but can neither flood nor forge a log."""
    local_stack.rolesanywhere.fault = answer(400, {"message": message})
    assert error_of(local_stack).message == shown


# What fails


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504])
def test_what_is_retryable(status: int, local_stack: LocalStack) -> None:
    """Throttling and server errors may pass, everything else stays; and nothing is retried here."""
    local_stack.rolesanywhere.fault = answer(status, {"message": "No."})
    error = error_of(local_stack)
    assert (error.status, error.retryable) == (status, status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500)
    assert len(local_stack.rolesanywhere.calls) == 1


@pytest.mark.parametrize(
    "body", [b"<html>secret</html>", b"", b"[" * 100_000, b'["secret"]', b'{"message": ["secret"]}']
)
def test_errors_of_somebody_else(body: bytes, local_stack: LocalStack) -> None:
    """Of an answer that is not the service's nothing is repeated."""
    local_stack.rolesanywhere.fault = answer(502, body)
    error = error_of(local_stack)
    assert error.message == "the endpoint gave no message; does it belong to Roles Anywhere?"
    assert (error.status, error.retryable) == (502, True)


def test_a_redirect(local_stack: LocalStack) -> None:
    """A redirect is not followed, and no retry mends it."""
    local_stack.rolesanywhere.fault = answer(302, b"", {"Location": local_stack.s3_endpoint_url})
    error = error_of(local_stack)
    assert error.message == "the endpoint answered with a redirect, and a signed request is not sent elsewhere"
    assert not error.retryable
    assert len(local_stack.rolesanywhere.calls) == 1


def test_a_dropped_connection(local_stack: LocalStack) -> None:
    """A connection that ends without an answer may come through later."""

    def drop(_: HttpRequest) -> Answer:
        raise DropConnection

    local_stack.rolesanywhere.fault = drop
    error = error_of(local_stack)
    assert (error.status, error.retryable) == (None, True)


MALFORMED: dict[str, object] = {
    "empty": b"",
    "not JSON": b"<html>secret</html>",
    "not UTF-8": b'{"credentialSet": "\xff"}',
    "deep": b"[" * 100_000,
    "null": None,
    "a list": [credential_set()],
    "nothing in it": {},
    "no credentials": {"credentialSet": []},
    "no role": {"credentialSet": [{"credentials": credential_set()["credentialSet"][0]["credentials"]}]},
    "no key id": credential_set(accessKeyId=None),
    "a blank key": credential_set(secretAccessKey=""),
    "a number": credential_set(sessionToken=12),
    "a line break": credential_set(sessionToken="secret\ntoken"),
    "beyond ASCII": credential_set(sessionToken="secretß"),
    "no end": credential_set(expiration=None),
    "an end that is none": credential_set(expiration="tomorrow"),
    "an end without a zone": credential_set(expiration="2099-01-01T00:00:00"),
    "an end beyond time": credential_set(expiration="9999-12-31T23:59:59-12:00"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_sessions(name: str, local_stack: LocalStack) -> None:
    """A success that holds no whole credentials is an error, and nothing of it is repeated."""
    local_stack.rolesanywhere.fault = answer(201, MALFORMED[name])
    error = error_of(local_stack)
    assert error.message == "the answer holds no credentials; does the endpoint belong to Roles Anywhere?"
    assert (error.status, error.request_id, error.retryable) == (201, REQUEST_ID, False)


# What is asked better


def test_a_profile_without_session_names(local_stack: LocalStack, caplog: pytest.LogCaptureFixture) -> None:
    """A profile that takes no session name is asked once more without one, and one warning names the setting."""
    session = create(local_stack, profile_arn=local_stack.profile_arn_without_session_name)
    first, second = local_stack.rolesanywhere.calls
    serial = f"{local_stack.pki.ec.serial_number:x}"
    assert (first.status, second.status, second.session_name) == (403, 201, serial)
    assert session.assumed_role_arn.endswith(f"/{serial}")
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "acceptRoleSessionName" in warning.getMessage()
    assert local_stack.profile_arn_without_session_name not in warning.getMessage()


def test_a_session_name_that_is_taken(local_stack: LocalStack, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is warned of where nothing is wrong."""
    create(local_stack)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_session_name_that_is_refused_twice(local_stack: LocalStack, caplog: pytest.LogCaptureFixture) -> None:
    """A service that goes on about the name gets no third call, and no setting is to blame."""
    local_stack.rolesanywhere.fault = answer(403, {"message": "Not authorized to set roleSessionName."})
    assert error_of(local_stack).message == "Not authorized to set roleSessionName."
    assert len(local_stack.rolesanywhere.calls) == 2
    assert "acceptRoleSessionName" not in caplog.text


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock(
    hours: int, local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A clock that is an hour off is corrected by the service's, once, and the lease knows by how much."""
    wrong = timedelta(hours=hours)
    monkeypatch.setattr(rolesanywhere, "_now", lambda: datetime.now(UTC) + wrong)
    session = create(local_stack)
    assert [call.status for call in local_stack.rolesanywhere.calls] == [403, 201]
    assert abs(session.skew_seconds + wrong.total_seconds()) < 5
    assert "This machine's clock is " + ("+" if hours > 0 else "-") in caplog.text
    here = Instant.now()._replace(wall_seconds=time.time() + wrong.total_seconds())
    lease = Lease(credentials=session.credentials, skew_seconds=session.skew_seconds, fetched_at=here)
    assert 3590 < lease.remaining_seconds(here) < 3610


def test_a_wrong_clock_and_a_wrong_signature(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that is refused by the service's clock too is refused."""
    local_stack.rolesanywhere.fault = answer(403, {"message": "Invalid signature"})
    monkeypatch.setattr(rolesanywhere, "_now", lambda: datetime.now(UTC) - timedelta(hours=1))
    assert error_of(local_stack).message == "Invalid signature"
    assert len(local_stack.rolesanywhere.calls) == 2


def test_a_wrong_clock_and_no_session_name(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to ask better may be needed, one after the other."""
    monkeypatch.setattr(rolesanywhere, "_now", lambda: datetime.now(UTC) - timedelta(hours=1))
    create(local_stack, profile_arn=local_stack.profile_arn_without_session_name)
    assert [call.status for call in local_stack.rolesanywhere.calls] == [403, 403, 201]


def test_a_clock_that_is_a_little_wrong(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service puts up with needs no second call, but is measured."""
    monkeypatch.setattr(rolesanywhere, "_now", lambda: datetime.now(UTC) - timedelta(seconds=100))
    assert 95 < create(local_stack).skew_seconds < 105
    assert len(local_stack.rolesanywhere.calls) == 1


# What is told


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_logs(key_type: str, local_stack: LocalStack, caplog: pytest.LogCaptureFixture) -> None:
    """No log of ours or of any library shows the key, the credentials or the signed request, even at DEBUG."""
    caplog.set_level(logging.DEBUG)
    # Not the endpoint's own: it would ask its STS in this process, and that client logs everything.
    local_stack.rolesanywhere.fault = answer(201, credential_set())
    create(local_stack, key_type)
    local_stack.rolesanywhere.fault = answer(201, credential_set(expiration="never"))
    error_of(local_stack, key_type)
    leaf = local_stack.pki.rsa if key_type == "rsa" else local_stack.pki.ec
    lines = [line for line in (leaf.private_key + leaf.certificate).splitlines() if "-----" not in line]
    hidden = [*lines, "ASIASECRET", "secret-key", "secret-token", "Signature="]
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert not [text for text in hidden if text in caplog.text]


def test_the_session_is_not_shown(local_stack: LocalStack) -> None:
    """A session prints without its secrets."""
    session = create(local_stack)
    assert session.credentials.secret_access_key not in repr(session)
    assert str(session.credentials.session_token) not in repr(session)
