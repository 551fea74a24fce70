# SPDX-License-Identifier: Apache-2.0
"""Every field reads alike from every source: typed by the form, as text in a URI, null, blank or absent."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.connection.fields import FIELDS
from airflow_provider_s3rest.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.connection.conftest import Sample

EU = "arn:aws:rolesanywhere:eu-west-1:123456789012"
FORM_REGION = {"rolesanywhere_region": "us-east-1"}

# Field, its value as the form stores it, as a URI gives it, the attribute, and what it must be.
ACCESS_KEY_FIELDS = [
    ("host", "minio.example.com", " minio.example.com ", "endpoint_url", "https://minio.example.com"),
    ("login", "AKIDEXAMPLE", " AKIDEXAMPLE\n", "authentication.access_key_id", "AKIDEXAMPLE"),
    ("password", "secret/+=", " secret/+=\n", "authentication.secret_access_key", "secret/+="),
    ("auth_type", "access_keys", " access_keys ", "authentication.session_token", None),
    ("aws_session_token", "IQoJb3JpZ2lu", "IQoJb3JpZ2lu ", "authentication.session_token", "IQoJb3JpZ2lu"),
    ("region_name", "eu-central-1", " eu-central-1", "region_name", "eu-central-1"),
    ("addressing_style", "path", " path ", "addressing_style", "path"),
    ("verify", True, "True", "verify", True),
    ("requester_pays", True, "true", "requester_pays", True),
    ("requester_pays", False, "no", "requester_pays", False),
    ("expected_bucket_owner", "012345678901", " 012345678901", "expected_bucket_owner", "012345678901"),
    ("expected_bucket_owner", 123456789012, "123456789012", "expected_bucket_owner", "123456789012"),
    ("retry_delays_seconds", [0, 2.5, 10], "0, 2.5,10", "retry_delays_seconds", (0.0, 2.5, 10.0)),
    ("retry_delays_seconds", ["1", "2"], "[1, 2]", "retry_delays_seconds", (1.0, 2.0)),
    ("retry_delays_seconds", [], "[]", "retry_delays_seconds", ()),
    ("retry_delays_seconds", 7, "7", "retry_delays_seconds", (7.0,)),
    ("max_concurrency", 8, " 8 ", "max_concurrency", 8),
]
ROLES_ANYWHERE_FIELDS = [
    ("auth_type", "roles_anywhere", "roles_anywhere ", "authentication.region", "us-east-1"),
    ("role_arn", "arn:aws:iam::1:role/r".replace("::1:", "::210987654321:"), None, "authentication.role_arn", None),
    ("profile_arn", f"{EU}:profile/p", None, "authentication.profile_arn", None),
    ("trust_anchor_arn", f"{EU}:trust-anchor/t", None, "authentication.trust_anchor_arn", None),
    ("session_name", "night-run@x", " night-run@x ", "authentication.session_name", "night-run@x"),
    ("session_name", 20261123, "20261123", "authentication.session_name", "20261123"),
    ("duration_seconds", 1200, "1200", "authentication.duration_seconds", 1200),
    ("duration_seconds", 1200.0, "1200.0", "authentication.duration_seconds", 1200),
    ("duration_seconds", 900, " 900 ", "authentication.duration_seconds", 900),
    ("duration_seconds", 3600, "3600", "authentication.duration_seconds", 3600),
    (
        "rolesanywhere_endpoint_url",
        "https://vpce-1.example.com/",
        "https://vpce-1.example.com",
        "authentication.endpoint_url",
        "https://vpce-1.example.com",
    ),
]
OPTIONAL: dict[str, dict[str, tuple[str, object]]] = {
    "access_keys": {
        "host": ("endpoint_url", None),
        "port": ("endpoint_url", None),
        "auth_type": ("authentication.access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        "aws_access_key_id": ("authentication.access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        "aws_secret_access_key": ("authentication.access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        "aws_session_token": ("authentication.session_token", None),
        "region_name": ("region_name", None),
        "addressing_style": ("addressing_style", "auto"),
        "verify": ("verify", True),
        "requester_pays": ("requester_pays", False),
        "expected_bucket_owner": ("expected_bucket_owner", None),
        "retry_delays_seconds": ("retry_delays_seconds", (0.0, 10.0, 30.0, 60.0, 120.0, 300.0)),
        "max_concurrency": ("max_concurrency", 32),
    },
    "roles_anywhere": {
        "login": ("authentication.region", "us-east-1"),
        "password": ("authentication.region", "us-east-1"),
        "rolesanywhere_region": ("authentication.region", "us-east-1"),
        "rolesanywhere_custom_region": ("authentication.region", "us-east-1"),
        "duration_seconds": ("authentication.duration_seconds", 3600),
        "certificate_chain": ("authentication.certificate_chain", ""),
        "private_key_passphrase": ("authentication.private_key_passphrase", None),
        "rolesanywhere_endpoint_url": ("authentication.endpoint_url", None),
    },
}
MANDATORY = {
    "access_keys": ("login", "password"),
    "roles_anywhere": (*("profile_arn", "role_arn", "trust_anchor_arn", "session_name", "certificate", "private_key"),),
}


def _cases() -> list[tuple[str, str, object, str, object]]:
    tables = (("access_keys", ACCESS_KEY_FIELDS), ("roles_anywhere", ROLES_ANYWHERE_FIELDS))
    cases: list[tuple[str, str, object, str, object]] = []
    for kind, table in tables:
        for name, typed, text, attribute, expected in table:
            wanted = typed if text is None else expected
            cases += [(kind, name, typed, attribute, wanted), (kind, name, text or typed, attribute, wanted)]
    return cases


def _in_region_of(value: object) -> dict[str, object]:
    """The other fields that an ARN of another region needs."""
    if not str(value).startswith(EU):
        return {}
    return {
        "profile_arn": f"{EU}:profile/p",
        "trust_anchor_arn": f"{EU}:trust-anchor/t",
        "rolesanywhere_region": "eu-west-1",
    }


@pytest.mark.parametrize("as_json", [False, True], ids=["mapping", "text"])
@pytest.mark.parametrize(("kind", "name", "value", "attribute", "expected"), _cases())
def test_a_field_reads_alike_typed_and_as_text(
    samples: dict[str, Sample], kind: str, name: str, value: object, attribute: str, expected: object, as_json: object
) -> None:
    """A field gives the same value from typed extras and from text, in a mapping and in JSON."""
    arguments = (samples[kind] | _in_region_of(value) | {name: value}).arguments()
    if as_json:
        arguments["extra"] = json.dumps(arguments["extra"])
    connection = S3RestConnection.parse(**arguments)  # type: ignore[arg-type]
    assert attrgetter(attribute)(connection) == expected


@pytest.mark.parametrize(
    ("kind", "name", "blank"),
    [
        (kind, name, blank)
        for kind, names in OPTIONAL.items()
        for name in names
        for blank in (None, "", "  ", ...)
        if (name, blank) != ("private_key_passphrase", "  ")  # which may well be one
    ],
)
def test_a_blank_optional_field_has_its_default(
    samples: dict[str, Sample], kind: str, name: str, blank: object
) -> None:
    """Null, blank and absent all mean the default."""
    attribute, default = OPTIONAL[kind][name]
    assert attrgetter(attribute)((samples[kind] | {name: blank}).parse()) == default


@pytest.mark.parametrize("blank", [None, "", "  ", ...], ids=["null", "empty", "spaces", "absent"])
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in MANDATORY.items() for name in names])
def test_a_blank_mandatory_field_is_missing(samples: dict[str, Sample], kind: str, name: str, blank: object) -> None:
    """Null, blank and absent all are reported as missing, and nothing else is."""
    faults = (samples[kind] | {name: blank}).faults()
    assert list(faults) == [name]
    assert faults[name].startswith("is missing: ")


def test_the_form_with_every_key_present(access_keys: Sample) -> None:
    """What the form saves for access keys, defaults and nulls included, reads as those keys alone."""
    form: dict[str, object] = dict.fromkeys(FIELDS[4:]) | {
        "auth_type": "access_keys",
        "rolesanywhere_region": "us-east-1",
        "duration_seconds": 3600,
        "addressing_style": "auto",
        "requester_pays": False,
    }
    assert (access_keys | form | {"host": "", "port": 443}).parse() == access_keys.parse()


def test_the_form_fields_are_those_that_are_read() -> None:
    """The form offers exactly the fields that are read, but for the other names of two standard ones."""
    info: dict[str, Any] = get_provider_info()
    offered = {"host", "port", "login", "password", *info["connection-types"][0]["conn-fields"]}
    assert offered == set(FIELDS) - {"aws_access_key_id", "aws_secret_access_key"}


@pytest.mark.parametrize("extra", [None, "", "  ", "null", "{}", {}], ids=repr)
def test_no_extras_at_all(extra: object) -> None:
    """Access keys need no extras, however their absence is written."""
    connection = S3RestConnection.parse(login="key", password="secret", extra=extra)  # type: ignore[arg-type]
    assert connection == S3RestConnection(authentication=AccessKeys(access_key_id="key", secret_access_key="secret"))


def test_access_keys_from_the_extras() -> None:
    """The names that the Amazon provider uses in its extras are read too."""
    extra = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_session_token": "token"}
    assert S3RestConnection.parse(extra=extra).authentication == AccessKeys(
        access_key_id="key", secret_access_key="secret", session_token="token"
    )


def test_access_keys_in_both_places(access_keys: Sample) -> None:
    """Both places may be filled with the same values."""
    twice = {
        "aws_access_key_id": access_keys.fields["login"],
        "aws_secret_access_key": access_keys.fields["password"],
    }
    assert (access_keys | twice).parse() == access_keys.parse()


def test_partial_extras_of_roles_anywhere(roles_anywhere: Sample, pem: dict[str, str]) -> None:
    """Extras with the mandatory fields only give the whole connection."""
    fields = roles_anywhere.fields
    assert roles_anywhere.parse() == S3RestConnection(
        conn_id="lake",
        authentication=RolesAnywhere(
            profile_arn=str(fields["profile_arn"]),
            role_arn=str(fields["role_arn"]),
            trust_anchor_arn=str(fields["trust_anchor_arn"]),
            region="us-east-1",
            session_name="airflow-prod",
            duration_seconds=3600,
            certificate=pem["CERTIFICATE"],
            private_key=pem["PRIVATE KEY"],
        ),
    )


def test_the_custom_region_wins(roles_anywhere: Sample) -> None:
    """A custom region is taken in place of the one that the form's list always has."""
    settings = (roles_anywhere | _in_region_of(EU) | FORM_REGION | {"rolesanywhere_custom_region": "eu-west-1"}).parse()
    assert attrgetter("authentication.region")(settings) == "eu-west-1"


def test_a_ca_bundle(access_keys: Sample, ca_bundle: Path) -> None:
    """A path in ``verify`` is kept."""
    assert (access_keys | {"verify": str(ca_bundle)}).parse().verify == str(ca_bundle)


@pytest.mark.parametrize(
    "words", [{"note": "***"}, {"login": "x"}, {"endpoint_url": "ftp://x"}, {"a" * 99: []}], ids=str
)
def test_unknown_extras_are_ignored(access_keys: Sample, words: dict[str, object]) -> None:
    """An extra that is not ours changes nothing, whatever it holds."""
    arguments = access_keys.arguments() | {"extra": words}
    assert S3RestConnection.parse(conn_id="lake", **arguments) == access_keys.parse()  # type: ignore[arg-type]


@pytest.mark.parametrize("region", ["auto", "garage", "eu-west-1"])
def test_other_servers_name_their_regions_as_they_like(access_keys: Sample, region: str) -> None:
    """Beside an endpoint of one's own, the S3 region needs no dash."""
    assert (access_keys | {"host": "s3.example.com", "region_name": region}).parse().region_name == region


def test_a_passphrase_keeps_its_spaces(roles_anywhere: Sample, pem: dict[str, str]) -> None:
    """Of a passphrase only the line break at its end is dropped."""
    settings = (
        roles_anywhere | {"private_key": pem["encrypted"], "private_key_passphrase": " correct horse \n"}
    ).parse()
    assert attrgetter("authentication.private_key_passphrase")(settings) == " correct horse "
