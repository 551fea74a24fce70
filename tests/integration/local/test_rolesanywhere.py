# SPDX-License-Identifier: Apache-2.0
"""The endpoint on the wire: shapes of its answers, faults on request, many callers at once."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.awsrequest import AWSRequest
from iam_rolesanywhere_session.iam_rolesanywhere_session import IAMRolesAnywhereSigner

from airflow_provider_s3rest.local.rolesanywhere import Answer, DropConnection

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.model import HttpRequest
    from airflow_provider_s3rest.local.stack import LocalStack

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def _call(stack: LocalStack, **members: object) -> httpx.Response:
    usual = {
        "profileArn": stack.profile_arn,
        "roleArn": stack.role_arn,
        "trustAnchorArn": stack.trust_anchor_arn,
        "durationSeconds": 900,
    }
    url = f"{stack.rolesanywhere_endpoint_url}/sessions"
    request = AWSRequest(method="POST", url=url, data=json.dumps(usual | members).encode())
    IAMRolesAnywhereSigner(
        certificate=stack.pki.ec.certificate.encode(),
        private_key=stack.pki.ec.private_key.encode(),
        certificate_chain=stack.pki.intermediate.certificate.encode(),
    ).add_auth(request)
    return httpx.post(url, headers=dict(request.headers.items()), content=request.body, trust_env=False, timeout=30)


def _expiration(answer: httpx.Response) -> datetime:
    text = answer.json()["credentialSet"][0]["credentials"]["expiration"]
    return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def test_the_shape_of_success(local_stack: LocalStack) -> None:
    """A session has exactly the members that the service documents."""
    answer = _call(local_stack, roleSessionName="shape")
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    assert set(body) == {"credentialSet", "subjectArn"}
    (one,) = body["credentialSet"]
    assert set(one) == {"assumedRoleUser", "credentials", "packedPolicySize", "roleArn", "sourceIdentity"}
    assert set(one["credentials"]) == {"accessKeyId", "expiration", "secretAccessKey", "sessionToken"}
    assert one["assumedRoleUser"]["arn"] == "arn:aws:sts::123456789012:assumed-role/data/shape"
    assert re.fullmatch(r"AROA[0-9A-F]{17}:shape", one["assumedRoleUser"]["assumedRoleId"])
    assert (one["roleArn"], one["sourceIdentity"]) == (local_stack.role_arn, "CN=s3rest-local-ec")
    assert body["subjectArn"].startswith("arn:aws:rolesanywhere:us-east-1:123456789012:subject/")


def test_the_expiration(local_stack: LocalStack) -> None:
    """The credentials expire after the duration that was asked for."""
    assert abs(_expiration(_call(local_stack)) - datetime.now(UTC) - timedelta(seconds=900)) < timedelta(seconds=30)


def test_another_reported_expiration(local_stack: LocalStack) -> None:
    """A test of expiry can have the endpoint report any expiration."""
    local_stack.rolesanywhere.expires_in_seconds = -30
    assert _expiration(_call(local_stack)) < datetime.now(UTC)


def test_the_shape_of_a_refusal(local_stack: LocalStack) -> None:
    """A refusal has its code in a header and its message in a JSON body."""
    answer = _call(local_stack, durationSeconds=1)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize("members", [{}, {"durationSeconds": 1}])
def test_every_answer_can_be_traced(local_stack: LocalStack, members: dict[str, object]) -> None:
    """Every answer has a request id and a date."""
    headers = _call(local_stack, **members).headers
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-amzn-requestid"])
    assert headers["date"].endswith("GMT")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods(local_stack: LocalStack, method: str) -> None:
    """Other methods are no operation of the service."""
    answer = httpx.request(method, f"{local_stack.rolesanywhere_endpoint_url}/sessions", trust_env=False)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


def test_an_unsigned_call(local_stack: LocalStack) -> None:
    """A call without certificate and signature is refused."""
    answer = httpx.post(f"{local_stack.rolesanywhere_endpoint_url}/sessions", json={}, trust_env=False)
    assert (answer.status_code, answer.json()) == (403, {"message": "Invalid signature"})


@pytest.mark.parametrize("length", ["99999999", "-1", "x"])
def test_a_body_without_a_reasonable_length(local_stack: LocalStack, length: str) -> None:
    """Nobody can make the endpoint read without end."""
    connection = HTTPConnection(local_stack.rolesanywhere_endpoint_url.removeprefix("http://"), timeout=30)
    with closing(connection):
        connection.request("POST", "/sessions", headers={"Content-Length": length})
        assert connection.getresponse().status == 400


def test_an_injected_answer(local_stack: LocalStack) -> None:
    """A fault may answer in the service's place; its answer is recorded but is no session."""
    local_stack.rolesanywhere.fault = lambda _: Answer(status=503, headers={"Retry-After": "1"}, body=b"busy")
    answer = _call(local_stack)
    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (503, "1", "busy")
    assert [call.status for call in local_stack.rolesanywhere.calls] == [503]
    assert local_stack.rolesanywhere.sessions_created == 0


def test_a_fault_that_passes(local_stack: LocalStack) -> None:
    """A fault may strike once and let the next call through."""
    answers = iter([Answer(status=429, headers={}, body=b""), None])
    local_stack.rolesanywhere.fault = lambda _: next(answers)
    assert [_call(local_stack).status_code for _ in range(2)] == [429, 201]


def test_a_dropped_connection(local_stack: LocalStack) -> None:
    """A fault may have the connection closed without an answer."""

    def drop(_: HttpRequest) -> Answer:
        raise DropConnection

    local_stack.rolesanywhere.fault = drop
    with pytest.raises(httpx.RemoteProtocolError):
        _call(local_stack)
    assert [call.detail for call in local_stack.rolesanywhere.calls] == ["connection dropped"]


def test_a_delayed_answer(local_stack: LocalStack) -> None:
    """A fault may hold a call back while others are served."""
    arrived, release = threading.Event(), threading.Event()

    def hold_first(_: HttpRequest) -> None:
        if not arrived.is_set():
            arrived.set()
            release.wait(30)

    local_stack.rolesanywhere.fault = hold_first
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(_call, local_stack)
        assert arrived.wait(30)
        assert _call(local_stack).status_code == 201
        assert not held.done()
        release.set()
        assert held.result().status_code == 201


def test_a_call_from_before_a_reset(local_stack: LocalStack) -> None:
    """It is answered, but not on the new record."""
    arrived, release = threading.Event(), threading.Event()

    def hold(_: HttpRequest) -> None:
        arrived.set()
        release.wait(30)

    local_stack.rolesanywhere.fault = hold
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(_call, local_stack)
        assert arrived.wait(30)
        local_stack.rolesanywhere.reset()
        release.set()
        assert held.result().status_code == 201
    assert not local_stack.rolesanywhere.calls


def test_many_callers_at_once(local_stack: LocalStack) -> None:
    """Every one of many simultaneous calls is answered and counted."""
    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: _call(local_stack).status_code, range(64)))
    assert statuses == [201] * 64
    assert local_stack.rolesanywhere.sessions_created == 64


def test_a_fault_of_the_endpoint_itself(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """When STS is out of reach the client gets the service's internal error, and the record says why."""

    def unreachable(_: object) -> None:
        raise OSError("no STS")

    monkeypatch.setattr(local_stack.rolesanywhere, "_assume_role", unreachable)
    answer = _call(local_stack)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (500, "InternalServerException")
    assert "no STS" in local_stack.rolesanywhere.calls[0].detail
