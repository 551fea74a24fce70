# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a connection is said once, by field, in words that mend it, and never with the value."""

from __future__ import annotations

import pickle
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.connection.fields import FIELDS
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from tests.unit.connection.conftest import Sample

KEYS, ROLES = "access_keys", "roles_anywhere"
RANGE = "must be a whole number from 900 to 3600"
REGION = "is not an AWS region: it must be lower case with dashes, as in eu-west-1"
SESSION = "must be 2 to 64 letters, digits or characters of _+=,.@- without spaces"
ONE_VALUE = "holds a space, a line break or a character outside ASCII: paste only the value itself"
WAITS = "must be at most 20 numbers of seconds, each from 0 to 3600, as in 0,10,30"
NO_TEXT = "must be a text, so in quotes where it stands in JSON or a URI, not a JSON "
NO_CA_BUNDLE = "names no CA bundle that exists on this machine: give the path of a PEM file"

BAD_VALUES = [
    (ROLES, "duration_seconds", "abc", RANGE),
    (ROLES, "duration_seconds", 899, RANGE),
    (ROLES, "duration_seconds", "899", RANGE),
    (ROLES, "duration_seconds", 3601, RANGE),
    (ROLES, "duration_seconds", "3601", RANGE),
    (ROLES, "duration_seconds", 1200.5, RANGE),
    (ROLES, "duration_seconds", "1200.5", RANGE),
    (ROLES, "duration_seconds", True, RANGE),
    (ROLES, "duration_seconds", "None", RANGE),
    (ROLES, "duration_seconds", [1200], RANGE),
    (ROLES, "duration_seconds", float("nan"), RANGE),
    (ROLES, "duration_seconds", float("inf"), RANGE),
    (ROLES, "duration_seconds", 10**400, RANGE),
    (ROLES, "duration_seconds", -1200, RANGE),
    (ROLES, "session_name", "night run", SESSION),
    (ROLES, "session_name", "n" * 65, SESSION),
    (ROLES, "session_name", "n", SESSION),
    (ROLES, "session_name", "nächtlich", SESSION),
    (ROLES, "session_name", 12.5, NO_TEXT + "number"),
    (ROLES, "session_name", True, NO_TEXT + "boolean"),
    (ROLES, "session_name", ["night"], NO_TEXT + "list"),
    (ROLES, "session_name", {"night": 1}, NO_TEXT + "object"),
    (ROLES, "session_name", 10**101, NO_TEXT + "number"),
    (ROLES, "session_name", b"night", NO_TEXT + "value"),
    (ROLES, "session_name", "n" * 65_537, "is longer than 65536 characters"),
    (ROLES, "rolesanywhere_region", "US-East-2", REGION),
    (ROLES, "rolesanywhere_region", "evil.com/#", REGION),
    (ROLES, "rolesanywhere_region", "useast2", REGION),
    (ROLES, "rolesanywhere_custom_region", "US-East-2", REGION),
    (ROLES, "rolesanywhere_custom_region", "evil.com/#", REGION),
    (ROLES, "rolesanywhere_custom_region", "us-east-2\u0661", REGION),
    (ROLES, "rolesanywhere_custom_region", "-".join(["us"] * 22), REGION),
    (ROLES, "private_key_passphrase", "correct horse", "must be empty: the private key is not encrypted"),
    (KEYS, "region_name", "US-East-2", REGION),
    (KEYS, "region_name", "evil.com/#", REGION),
    (KEYS, "region_name", "us--east-1", REGION),
    (KEYS, "region_name", "garage", REGION),
    (KEYS, "auth_type", "iam_user", "is none of: access_keys, roles_anywhere"),
    (KEYS, "addressing_style", "host", "is none of: auto, path, virtual"),
    (KEYS, "login", "AKIA EXAMPLE", ONE_VALUE),
    (KEYS, "login", "AKIAÉXAMPLE", ONE_VALUE),
    (KEYS, "password", "secret\nsecret", ONE_VALUE),
    (KEYS, "aws_session_token", "token\x00", ONE_VALUE),
    (KEYS, "requester_pays", "perhaps", "must be true or false"),
    (KEYS, "requester_pays", 2, "must be true or false"),
    (KEYS, "expected_bucket_owner", "1234-5678-9012", "must be an AWS account ID: 12 digits"),
    (KEYS, "expected_bucket_owner", 12345678901, "must be an AWS account ID: 12 digits"),
    (KEYS, "expected_bucket_owner", "12345678901\u0662", "must be an AWS account ID: 12 digits"),
    (KEYS, "retry_delays_seconds", "ten", WAITS),
    (KEYS, "retry_delays_seconds", "0,,10", WAITS),
    (KEYS, "retry_delays_seconds", [0, 3601], WAITS),
    (KEYS, "retry_delays_seconds", [-1], WAITS),
    (KEYS, "retry_delays_seconds", [True], WAITS),
    (KEYS, "retry_delays_seconds", [float("nan")], WAITS),
    (KEYS, "retry_delays_seconds", [10**400], WAITS),
    (KEYS, "retry_delays_seconds", [[1]], WAITS),
    (KEYS, "retry_delays_seconds", {"first": 1}, WAITS),
    (KEYS, "retry_delays_seconds", [0] * 21, WAITS),
    (KEYS, "max_concurrency", 0, "must be a whole number from 1 to 256"),
    (KEYS, "max_concurrency", "257", "must be a whole number from 1 to 256"),
    (KEYS, "verify", "missing.pem", NO_CA_BUNDLE),
    (KEYS, "verify", "missing" * 999, NO_CA_BUNDLE),
    (KEYS, "verify", "missing\x00", NO_CA_BUNDLE),
    (KEYS, "verify", "missing\udc80", NO_CA_BUNDLE),
    (KEYS, "verify", [], NO_TEXT + "list"),
    *(
        (
            KEYS,
            "verify",
            value,
            "must not be false: leave it blank, or give the path of a CA bundle (PEM) to check with",
        )
        for value in (False, "false", "False", "0", 0, "no", "off")
    ),
]


def _name(value: object) -> str | None:
    return ascii(value)[:30] if not isinstance(value, str) else None


@pytest.mark.parametrize(("kind", "name", "value", "problem"), BAD_VALUES, ids=_name)
def test_a_bad_value_has_its_own_message(
    samples: dict[str, Sample], kind: str, name: str, value: object, problem: str
) -> None:
    """A bad value makes exactly one fault, of its own field and with its own words."""
    assert (samples[kind] | {name: value}).faults() == {name: problem}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (kind, name, value)
        for kind, name, value, _ in BAD_VALUES
        # Shorter ones can't be told from the message's own words, and verify must name the word false.
        if isinstance(value, str) and len(value) > 4 and value.lower() != "false"
    ],
    ids=_name,
)
def test_a_bad_value_is_not_echoed(samples: dict[str, Sample], kind: str, name: str, value: str) -> None:
    """No form of the error holds the value that it complains of."""
    error = (samples[kind] | {name: value}).error()
    assert value not in str(error)
    assert value not in repr(error)
    assert value.encode(errors="surrogatepass") not in pickle.dumps(error)


@pytest.mark.parametrize("mask", ["***", "x-***-y", " *** "])
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("kind", [KEYS, ROLES])
def test_a_mask_in_any_field_is_a_fault(samples: dict[str, Sample], kind: str, name: str, mask: str) -> None:
    """Airflow's mask is reported in every field, also in one that the authentication type does not use."""
    faults = (samples[kind] | {name: mask}).faults()
    assert faults == {name: "holds ***, which Airflow shows in place of a secret: enter the value again"}


@pytest.mark.parametrize("name", ["certificate", "certificate_chain"])
def test_a_masked_key_in_the_place_of_a_certificate_is_told_as_what_it_is(
    name: str, samples: dict[str, Sample]
) -> None:
    """Airflow masks the lines of a key that it knows wherever they are."""
    key = "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\n"
    assert (samples[ROLES] | {name: key}).faults()[name].startswith("holds a private key: ")


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("{'a': 'secret-value'}", "is not valid JSON (line 1, column 2)"),
        ("secret-value", "is not valid JSON (line 1, column 1)"),
        ('{"a": "secret-value"', "is not valid JSON (line 1, column 21)"),
        ('["secret-value"]', "must be a JSON object, not a JSON list"),
        ('"secret-value"', "must be a JSON object, not a JSON text"),
        ("12", "must be a JSON object, not a JSON number"),
        ("true", "must be a JSON object, not a JSON boolean"),
        (["secret-value"], "must be a JSON object, not a JSON list"),
        (12, "must be a JSON object, not a JSON number"),
        ("9" * 5000, "is not JSON of a sensible size"),
        ("[" * 200_000, "is not JSON of a sensible size"),
        ("***", "holds ***, which Airflow shows in place of a secret"),
    ],
    ids=_name,
)
def test_bad_extras(extra: object, problem: str) -> None:
    """Extras that are no JSON object are a fault of their own, without an echo."""
    with pytest.raises(S3RestConnectionError) as caught:
        S3RestConnection.parse(conn_id="lake", login="key", password="secret", extra=extra)  # type: ignore[arg-type]
    assert str(caught.value) == f'Connection \'lake\': extra: {problem}: write {{"field": "value", ...}}'


def test_bad_extras_leave_no_json_error_behind() -> None:
    """The error of bad JSON, which holds the whole text, is neither cause nor context."""
    with pytest.raises(S3RestConnectionError) as caught:
        S3RestConnection.parse(extra='{"private_key": "secret-value"')
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_bad_pem_leaves_no_error_behind(roles_anywhere: Sample) -> None:
    """The error of a bad PEM is neither cause nor context."""
    error = (roles_anywhere | {"private_key": "-----BEGIN PRIVATE KEY-----!-----END PRIVATE KEY-----"}).error()
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize(("name", "alias"), [("login", "aws_access_key_id"), ("password", "aws_secret_access_key")])
def test_access_keys_that_differ(access_keys: Sample, name: str, alias: str) -> None:
    """Two places with different access keys are a fault that names both."""
    faults = (access_keys | {alias: "another"}).faults()
    assert faults == {name: f"differs from {alias} in the extra: keep one of them"}


def test_no_credentials() -> None:
    """Without credentials both fields are missing, and the message says that nothing else is tried."""
    with pytest.raises(S3RestConnectionError) as caught:
        S3RestConnection.parse()
    assert str(caught.value).splitlines() == [
        "The connection has 2 faults:",
        "- login: is missing: enter the access key ID; no other credentials are ever tried",
        "- password: is missing: enter the secret access key; no other credentials are ever tried",
    ]


def test_the_authentication_type_was_left_at_its_default(roles_anywhere: Sample) -> None:
    """Roles Anywhere fields under access_keys are a fault of the type alone."""
    faults = (roles_anywhere | {"auth_type": "access_keys"}).faults()
    assert faults == {"auth_type": "is access_keys, but only Roles Anywhere is filled in: choose roles_anywhere"}


def test_an_unknown_authentication_type_hides_what_follows_from_it() -> None:
    """With an unknown type, no credentials are called missing."""
    with pytest.raises(S3RestConnectionError) as caught:
        S3RestConnection.parse(extra={"auth_type": "kerberos"})
    assert caught.value.fields == ("auth_type",)


@pytest.mark.parametrize("name", ["aws_access_key_id", "aws_secret_access_key"])
def test_a_bad_extra_key_is_not_called_missing_as_well(name: str) -> None:
    """A faulty access key in the extras is reported there, not as missing in the standard field."""
    extra: dict[str, object] = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", name: True}
    with pytest.raises(S3RestConnectionError) as caught:
        S3RestConnection.parse(extra=extra)
    assert caught.value.fields == (name,)


def test_a_temporary_key_without_its_token(access_keys: Sample) -> None:
    """A key that begins with ASIA is a fault without a session token."""
    faults = (access_keys | {"login": "ASIAIOSFODNN7EXAMPLE"}).faults()
    assert faults == {"aws_session_token": "is missing: a temporary access key (ASIA...) works only with its token"}


@pytest.mark.parametrize(
    "fields",
    [{"login": "ASIAIOSFODNN7EXAMPLE", "aws_session_token": "token"}, {"login": "ASIAPACIFIC"}],
    ids=["with its token", "a name of another server's"],
)
def test_keys_that_begin_with_asia(access_keys: Sample, fields: dict[str, object]) -> None:
    """A temporary key with its token is sound, and so is a name that only begins like one."""
    assert attrgetter("authentication.access_key_id")((access_keys | fields).parse()) == fields["login"]


def test_an_encrypted_key_without_its_passphrase(roles_anywhere: Sample, pem: dict[str, str]) -> None:
    """An encrypted key asks for its passphrase."""
    for key in ("ENCRYPTED PRIVATE KEY", "encrypted"):
        faults = (roles_anywhere | {"private_key": pem[key]}).faults()
        assert faults == {"private_key_passphrase": "is missing: the private key is encrypted"}


@pytest.mark.parametrize("passphrase", ["correct\thorse", "correct\ud800horse", "correct\x00horse"], ids=ascii)
def test_a_passphrase_that_can_not_be_typed(roles_anywhere: Sample, pem: dict[str, str], passphrase: str) -> None:
    """A passphrase with control characters or lone surrogates is a fault, not an encoding error later."""
    changes = {"private_key": pem["encrypted"], "private_key_passphrase": passphrase}
    assert (roles_anywhere | changes).faults() == {
        "private_key_passphrase": "holds a character that can't be printed: enter it again"
    }


def test_all_faults_at_once(roles_anywhere: Sample, pem: dict[str, str]) -> None:
    """One error names every bad field, each once."""
    bad: dict[str, object] = {
        "host": "evil.com/#",
        "port": 70_000,
        "profile_arn": ...,
        "role_arn": "admin",
        "rolesanywhere_region": "US-East-2",
        "session_name": "night run",
        "duration_seconds": 60,
        "certificate": pem["PRIVATE KEY"],
        "certificate_chain": "none",
        "private_key": pem["CERTIFICATE"],
        "rolesanywhere_endpoint_url": "http://example.com",
        "region_name": "Frankfurt",
        "addressing_style": "host",
        "verify": False,
        "requester_pays": "perhaps",
        "expected_bucket_owner": "me",
        "retry_delays_seconds": "never",
        "max_concurrency": 0,
    }
    error = (roles_anywhere | bad).error()
    assert sorted(error.fields) == sorted(bad)
    assert str(error).startswith(f"Connection 'lake' has {len(bad)} faults:\n- ")
