# SPDX-License-Identifier: Apache-2.0
"""What an answer to CreateSession means, for answers that a real server hardly gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.auth import rolesanywhere
from airflow_provider_s3rest.auth.http import Answer
from airflow_provider_s3rest.auth.rolesanywhere import Session, create_session
from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
HOUR_AHEAD = "Tue, 24 Nov 2026 13:00:00 GMT"
BODY = {
    "credentialSet": [
        {
            "assumedRoleUser": {"arn": "arn"},
            "credentials": {
                "accessKeyId": "id",
                "secretAccessKey": "key",
                "sessionToken": "token",
                "expiration": "2026-11-24T13:00:00+05:00",
            },
        }
    ]
}
SETTINGS = RolesAnywhere(
    profile_arn="profile",
    role_arn="role",
    trust_anchor_arn="anchor",
    region="us-east-1",
    session_name="name",
    duration_seconds=3600,
    certificate="certificate",
    private_key="private key",
)


MEMBERS = ["credentialSet", "credentials", "assumedRoleUser", "arn", "message", "__type", "code", "expiration"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=8,
).map(lambda content: json.dumps(content).encode())


class Signer:
    """Signs nothing."""

    algorithm = "algorithm"
    serial_number = 7
    certificate = "leaf"
    chain = ()

    def sign(self, data: bytes) -> bytes:
        """Give what is no signature."""
        return data[:0]


def answered(
    *answers: Answer, monkeypatch: pytest.MonkeyPatch
) -> tuple[Callable[[], Session], list[Mapping[str, str]]]:
    """Give a call that gets these answers in turn, and the headers that it sends."""
    left = list(answers)
    sent: list[Mapping[str, str]] = []

    def post(_: str, *, headers: Mapping[str, str], **__: object) -> Answer:
        sent.append(headers)
        return left.pop(0)

    monkeypatch.setattr(rolesanywhere, "post", post)
    monkeypatch.setattr(rolesanywhere, "_now", lambda: NOW)
    return lambda: create_session(SETTINGS, Signer(), url="https://host"), sent


def success(**headers: str) -> Answer:
    """Make an answer with credentials."""
    return Answer(201, headers, json.dumps(BODY).encode())


def refusal(**headers: str) -> Answer:
    """Make an answer to a signature that the service does not accept."""
    return Answer(403, headers, b'{"message": "Invalid signature"}')


def test_the_end_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in UTC, in whatever zone the service tells it."""
    call, _ = answered(success(), monkeypatch=monkeypatch)
    expires_at = call().credentials.expires_at
    assert str(expires_at) == "2026-11-24 08:00:00+00:00"


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        (HOUR_AHEAD, 3600.0),
        ("Tue, 24 Nov 2026 11:59:55 GMT", -5.0),
        ("Tue, 24 Nov 2026 11:59:56 GMT", 0.0),
        ("Tue, 24 Nov 2026 12:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 13:00:00 -0000", 0.0),
        ("Tue, 99 Nov 2026 13:00:00 GMT", 0.0),
        ("tomorrow", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_dates(date: str | None, skew: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's clock is read where there is one; a few seconds are the way of the answer."""
    call, _ = answered(success(**({} if date is None else {"date": date})), monkeypatch=monkeypatch)
    assert call().skew_seconds == skew


@pytest.mark.parametrize("date", ["", "Tue, 24 Nov 2026 12:01:00 GMT", "Tue, 24 Nov 2026 11:59:00 GMT"])
def test_a_clock_that_is_right(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a minute, or without the service's time, the clock is not what is wrong with a signature."""
    call, sent = answered(refusal(date=date), monkeypatch=monkeypatch)
    with pytest.raises(S3RestCredentialError, match="Invalid signature"):
        call()
    assert len(sent) == 1


def test_signed_by_the_clock_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second signature has the service's time."""
    call, sent = answered(refusal(date=HOUR_AHEAD), success(date=HOUR_AHEAD), monkeypatch=monkeypatch)
    assert call().skew_seconds == 3600
    assert [headers["X-Amz-Date"] for headers in sent] == ["20261124T120000Z", "20261124T130000Z"]


@given(status=st.sampled_from([200, 201, 204, 301, 403, 500]), body=st.binary() | JSON)
def test_any_body(status: int, body: bytes) -> None:
    """Whatever comes is a session or an error of ours."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        call, _ = answered(*[Answer(status, {}, body)] * 2, monkeypatch=monkeypatch)
        with pytest.raises(S3RestCredentialError) as raised:
            call()
    assert raised.value.__context__ is None
    assert raised.value.status == status


@given(seconds=st.integers(-(10**9), 10**9).filter(lambda seconds: abs(seconds) > 60))
def test_any_skew(seconds: int) -> None:
    """However wrong the clock is, the second signature has the service's time and there is no third."""
    date = f"{NOW + timedelta(seconds=seconds):%a, %d %b %Y %H:%M:%S GMT}"
    with pytest.MonkeyPatch.context() as monkeypatch:
        call, sent = answered(refusal(date=date), refusal(date=date), monkeypatch=monkeypatch)
        with pytest.raises(S3RestCredentialError):
            call()
    assert sent[1]["X-Amz-Date"] == f"{NOW + timedelta(seconds=seconds):%Y%m%dT%H%M%SZ}"
