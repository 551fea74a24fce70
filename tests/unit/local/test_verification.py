# SPDX-License-Identifier: Apache-2.0
"""What a CreateSession request asks for, and whether it may have it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from airflow_provider_s3rest.local.model import Refusal

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.model import HttpRequest
    from tests.unit.local.conftest import Service

PREFIX = "arn:aws:rolesanywhere:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/"
TOO_LONG = (
    f"Unable to assume role for {ROLE}data. "
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
)
ARNS = ("profileArn", "roleArn", "trustAnchorArn")


def _refusal(service: Service, request: HttpRequest) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as caught:
        service.verify(request)
    return caught.value.status, caught.value.code, caught.value.message


def test_what_is_verified(service: Service) -> None:
    """A verified request says everything that the session needs."""
    session = service.verify(service.sign(roleSessionName="airflow.task=1"))
    assert session.trust_anchor_arn == f"{PREFIX}:trust-anchor/a"
    assert session.profile_arn == f"{PREFIX}:profile/p"
    assert session.role_arn == f"{ROLE}data"
    assert session.duration_seconds == 900
    assert session.session_name == "airflow.task=1"
    assert session.subject == "CN=s3rest-local-ec"
    assert session.source_identity == "CN=s3rest-local-ec"


def test_arns_in_the_query(service: Service) -> None:
    """The ARNs may be query parameters, as AWS's own helper sends them; others there are of no account."""
    query = urlencode({"other": "x"} | {name: service.members[name] for name in ARNS})
    request = service.sign(query=query, profileArn=..., roleArn=..., trustAnchorArn=...)
    assert service.verify(request).role_arn == f"{ROLE}data"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"profileArn": f"{PREFIX}:profile/unknown"}, "Invalid or empty profile provided."),
        ({"profileArn": f"{PREFIX}:profile/off"}, "Invalid or empty profile provided."),
        (
            {"profileArn": "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/p"},
            "Invalid or empty profile provided.",
        ),
        ({"profileArn": ""}, "Invalid or empty profile provided."),
        ({"trustAnchorArn": f"{PREFIX}:trust-anchor/unknown"}, "Specified Trust Anchor wasn't found."),
        ({"trustAnchorArn": f"{PREFIX}:trust-anchor/a-off"}, "Specified Trust Anchor wasn't found."),
        ({"roleArn": f"{ROLE}other"}, "Requested Role isn't one of those listed in the Profile."),
        ({"roleArn": f"{ROLE}gone"}, f"Unable to assume role for {ROLE}gone"),
        (
            {"profileArn": f"{PREFIX}:profile/nameless", "roleSessionName": "name"},
            "Not authorized to set roleSessionName.",
        ),
        ({"durationSeconds": 7200}, TOO_LONG),
        ({"durationSeconds": ...}, TOO_LONG),
    ],
)
def test_what_is_denied(service: Service, members: dict[str, object], message: str) -> None:
    """What the account does not allow is denied in the service's words."""
    assert _refusal(service, service.sign(**members)) == (403, "AccessDeniedException", message)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"durationSeconds": 899}, "Value '899' at 'durationSeconds' failed .* greater than or equal to 900"),
        ({"durationSeconds": 43201}, "Value '43201' at 'durationSeconds' failed .* less than or equal to 43200"),
        ({"durationSeconds": "900"}, "durationSeconds must be an integer"),
        ({"durationSeconds": 900.0}, "durationSeconds must be an integer"),
        ({"durationSeconds": True}, "durationSeconds must be an integer"),
        ({"roleSessionName": "x"}, "Value 'x' at 'roleSessionName' failed"),
        ({"roleSessionName": "x" * 65}, "at 'roleSessionName' failed"),
        ({"roleSessionName": "two words"}, "at 'roleSessionName' failed"),
        ({"roleSessionName": "zoë"}, "at 'roleSessionName' failed"),
        ({"roleSessionName": 7}, "at 'roleSessionName' failed"),
        ({"profileArn": ...}, "Value 'null' at 'profileArn' failed .* must not be null"),
        ({"roleArn": None}, "Value 'null' at 'roleArn' failed"),
        ({"trustAnchorArn": ["x"]}, "trustAnchorArn must be a string"),
        ({"query": "roleArn=x"}, "roleArn is given more than once"),
        ({"body": b"{"}, "not JSON"),
        ({"body": b"\xff"}, "not JSON"),
        ({"body": b"[]"}, "not a JSON object"),
        ({"body": b""}, "Value 'null' at 'profileArn' failed"),
    ],
)
def test_what_is_malformed(service: Service, members: dict[str, object], message: str) -> None:
    """A malformed member is named, with the rule that it breaks."""
    with pytest.raises(Refusal, match=message) as caught:
        service.verify(service.sign(**members))  # type: ignore[arg-type]
    assert (caught.value.status, caught.value.code) == (400, "ValidationException")


@pytest.mark.parametrize(
    ("requested", "final"), [(900, 900), (7199, 7199), (7200, 7200), (43200, 7200), (..., 7200), (None, 7200)]
)
def test_the_final_duration(service: Service, requested: object, final: int) -> None:
    """The session lasts as long as asked for, but no longer than the profile allows."""
    request = service.sign(roleArn=f"{ROLE}long", durationSeconds=requested)
    assert service.verify(request).duration_seconds == final


@pytest.mark.parametrize("name", ["xx", "x" * 64, "_+=,.@-"])
def test_session_names(service: Service, name: str) -> None:
    """A profile that accepts session names accepts all that STS accepts."""
    assert service.verify(service.sign(roleSessionName=name)).session_name == name


def test_the_default_session_name(service: Service) -> None:
    """A session without a name is called by the certificate's serial number."""
    assert service.verify(service.sign()).session_name == f"{service.pki.ec.serial_number:x}"


def test_a_trust_anchor_of_another_region(service: Service) -> None:
    """Trust anchors belong to one region."""
    anchor = replace(service.account.trust_anchors[0], arn=f"{PREFIX.replace('east', 'west')}:trust-anchor/a")
    request = service.sign(trustAnchorArn=anchor.arn)
    with pytest.raises(Refusal, match=r"^Specified Trust Anchor wasn't found\.$"):
        service.verify(request, trust_anchors=(anchor,))


@pytest.mark.parametrize(("method", "path"), [("GET", "/sessions"), ("POST", "/"), ("POST", "/sessions/")])
def test_other_operations(service: Service, method: str, path: str) -> None:
    """The endpoint does one thing."""
    request = replace(service.sign(), method=method, path=path)
    assert _refusal(service, request) == (404, "UnknownOperationException", "")


def test_unknown_members_are_of_no_account(service: Service) -> None:
    """A member that this endpoint does not know does no harm."""
    assert service.verify(service.sign(instanceProperties={"host": "worker-1"}))


def test_the_body_may_be_json_of_any_layout(service: Service) -> None:
    """What is signed is the body as it was sent."""
    assert service.verify(service.sign(body=json.dumps(service.members, indent=2).encode()))
