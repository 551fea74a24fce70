# SPDX-License-Identifier: Apache-2.0
"""Who follows "Set up IAM Roles Anywhere in 15 minutes" has a connection that works."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.local.aws import assume_role
from airflow_provider_s3rest.local.model import Account, Profile, Role, TrustAnchor
from airflow_provider_s3rest.local.rolesanywhere import RolesAnywhereEndpoint
from airflow_provider_s3rest.local.stack import ACCOUNT_ID, LocalStack
from tests.shell import Shell, blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.model import SessionRequest, TemporaryCredentials

PAGE = (Path(__file__).parents[3] / "docs" / "roles-anywhere.md").read_text()
REGION = "eu-central-1"
SERVICE = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT_ID}"
ID = "8a7b6c5d-4e3f-4a1b-9c8d-7e6f5a4b3c2d"
NO_ACCOUNT = Account(region=REGION, trust_anchors=(), profiles=(), roles=())


class Aws:
    """The AWS CLI, as far as the page uses it: checks each command against the API's model, and keeps what it makes."""

    def __init__(self) -> None:
        self.account = NO_ACCOUNT
        self.policies: dict[str, Any] = {}
        self._session = botocore.session.Session()

    def __call__(self, service: str, operation: str, *options: str) -> str:
        """Run a command."""
        words = list(options)
        queries = {name: _taken(words, f"--{name}") for name in ("query", "output")}
        given = self._parameters(service, operation, words)
        answer = getattr(self, f"_{xform_name(operation.replace('-', '_'))}")(**given)
        for member in (queries["query"] or "").split("."):
            answer = answer[member] if member else ""
        return str(answer)

    def _parameters(self, service: str, operation: str, words: list[str]) -> dict[str, Any]:
        model = self._session.get_service_model(service)
        (name,) = (name for name in model.operation_names if xform_name(name, "-") == operation)
        shape = model.operation_model(name).input_shape
        members = {f"--{xform_name(name, '-')}": (name, member) for name, member in shape.members.items()}
        given: dict[str, Any] = {}
        while words:
            name, member = members[words.pop(0)]
            given[name] = True if member.type_name == "boolean" else _value(member.type_name, words.pop(0))
        report = ParamValidator().validate(given, shape)
        assert not report.has_errors(), report.generate_report()
        return given

    def _create_trust_anchor(self, source: dict[str, Any], *, enabled: bool, **_: object) -> dict[str, Any]:
        arn = f"{SERVICE}:trust-anchor/{ID}"
        certificates = source["sourceData"]["x509CertificateData"]
        anchor = TrustAnchor(arn=arn, certificates=certificates, enabled=enabled)
        self.account = replace(self.account, trust_anchors=(anchor,))
        return {"trustAnchor": {"trustAnchorArn": arn}}

    def _create_role(self, RoleName: str, AssumeRolePolicyDocument: str) -> dict[str, Any]:  # noqa: N803 - the API's
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{RoleName}"
        self.policies["trust"] = json.loads(AssumeRolePolicyDocument)
        self.account = replace(self.account, roles=(Role(arn=arn),))
        return {"Role": {"Arn": arn}}

    def _put_role_policy(self, PolicyName: str, PolicyDocument: str, **_: object) -> dict[str, Any]:  # noqa: N803
        self.policies[PolicyName] = json.loads(PolicyDocument)
        return {}

    def _create_profile(self, **given: Any) -> dict[str, Any]:
        arn = f"{SERVICE}:profile/{ID}"
        profile = Profile(
            arn=arn,
            role_arns=tuple(given["roleArns"]),
            duration_seconds=given["durationSeconds"],
            accept_role_session_name=given["acceptRoleSessionName"],
            enabled=given["enabled"],
        )
        self.account = replace(self.account, profiles=(profile,))
        return {"profile": {"profileArn": arn}}


def _taken(words: list[str], option: str) -> str | None:
    if option not in words:
        return None
    at = words.index(option)
    _, value = words.pop(at), words.pop(at)
    return value


def _value(kind: str, word: str) -> Any:
    if word.startswith("file://"):
        word = Path(word.removeprefix("file://")).read_text()
    return {"integer": int, "structure": json.loads, "list": str.split}.get(kind, str)(word)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Aws, dict[str, Any], list[tuple[str, ...]]]:
    """What AWS and Airflow were told: the account, the connection, and the other commands."""
    aws, told = Aws(), []
    folder = tmp_path_factory.mktemp("page")
    commands: dict[str, Callable[..., str | None]] = {"aws": aws}
    for name in ("airflow", "airflow-s3rest"):
        commands[name] = lambda *words: told.append(words)
    Shell(folder, commands).run("\n".join(blocks(PAGE, "bash")))
    (_, _, conn_id, option, connection), check = told
    assert (conn_id, option, check) == ("s3rest_default", "--conn-json", ("check", "s3rest_default"))
    assert {path.name for path in folder.iterdir() if path.stat().st_mode & 0o077} == set()
    return aws, json.loads(connection), told


def test_the_connection_gets_a_session(
    followed: tuple[Aws, dict[str, Any], object], local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local endpoint verifies the certificate, its path to the trust anchor, the ARNs and the session name."""
    aws, connection, _ = followed
    sts = local_stack.seaweedfs.client("sts")

    def as_data(session: SessionRequest) -> TemporaryCredentials:
        return assume_role(sts, replace(session, role_arn=LocalStack.role_arn))

    with RolesAnywhereEndpoint(aws.account, as_data) as endpoint:
        connection["extra"]["rolesanywhere_endpoint_url"] = endpoint.url
        host, _, port = local_stack.s3_endpoint_url.rpartition(":")
        monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(connection | {"host": host, "port": int(port)}))
        diagnosis = S3RestHook().diagnose()
        assert [(stage.name, stage.good) for stage in diagnosis.stages] == [
            *(("Connection", True), ("Certificate", True), ("Roles Anywhere", True), ("S3", True)),
        ], diagnosis.message
        assert "assumed-role/airflow-s3/airflow-prod" in diagnosis.message
        assert "CN=airflow-prod,OU=data,O=Example issued by CN=Example Airflow CA,O=Example, 89 days" in (
            diagnosis.message
        )
        (call,) = endpoint.calls
    assert call.session_name == "airflow-prod"


def test_the_trust_policy_fits_the_certificate(followed: tuple[Aws, dict[str, Any], object]) -> None:
    """It names the trust anchor and the subject that were made, and all three actions that the service needs."""
    aws, _, _ = followed
    (statement,) = aws.policies["trust"]["Statement"]
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": aws.account.trust_anchors[0].arn}
    assert statement["Condition"]["StringEquals"] == {
        "aws:PrincipalTag/x509Subject/CN": "airflow-prod",
        "aws:PrincipalTag/x509Subject/OU": "data",
    }
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}


def test_the_role_may_use_the_bucket(followed: tuple[Aws, dict[str, Any], object]) -> None:
    """And no other one."""
    aws, _, _ = followed
    resources = [statement["Resource"] for statement in aws.policies["s3"]["Statement"]]
    assert resources == ["*", "arn:aws:s3:::example-tables", "arn:aws:s3:::example-tables/*"]
