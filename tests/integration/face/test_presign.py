# SPDX-License-Identifier: Apache-2.0
"""Presigning by operator and hook: a URL that works, and that nobody sees who was not given it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.log import redact

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestPresignOperator, S3RestUpsertOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack

WHERE = {"bucket_name", "key", "region_name", "method", "expires_at", "cut_short"}


def test_the_url_goes_nowhere_by_itself(run: Callable[..., Any]) -> None:
    """What is returned tells what it is for, and not the URL."""
    result = run(S3RestPresignOperator, key="key")
    assert set(result) == WHERE
    assert json.loads(json.dumps(result)) == result
    assert timedelta() < datetime.fromisoformat(result["expires_at"]) - datetime.now(UTC) <= timedelta(hours=1)


def test_the_url_is_handed_to_a_function(run: Callable[..., Any]) -> None:
    """Which may use it in the same task; what it returns is nobody's."""
    run(S3RestUpsertOperator, key="key", data="data")
    got: list[bytes] = []
    result = run(S3RestPresignOperator, key="key", send_to=lambda made: got.append(httpx.get(made.url).content))
    assert got == [b"data"]
    assert set(result) == WHERE


def test_the_url_is_returned_if_asked(run: Callable[..., Any], bucket: str, local_stack: LocalStack) -> None:
    """With the headers that must be sent; templates' texts will do."""
    made = run(
        S3RestPresignOperator,
        key=f"s3://{bucket}/key",
        bucket_name=None,
        method="PUT",
        expires_in="60",
        options={"content_type": "text/csv"},
        push_url="True",
    )
    assert json.loads(json.dumps(made)) == made
    assert httpx.put(made["url"], headers=made["headers"], content=b"data").status_code == 200
    assert local_stack.s3_client().head_object(Bucket=bucket, Key="key")["ContentType"] == "text/csv"


def test_a_form_is_returned_if_asked(run: Callable[..., Any], bucket: str, local_stack: LocalStack) -> None:
    """With its fields."""
    made = run(S3RestPresignOperator, key="in/${filename}", method="POST", options={"max_bytes": 10}, push_url=True)
    assert set(made) == WHERE | {"url", "fields"}
    assert httpx.post(made["url"], data=made["fields"], files={"file": ("a", b"data")}).is_success
    assert local_stack.s3_client().head_object(Bucket=bucket, Key="in/a")["ContentLength"] == 4


def test_a_key_of_ones_own_is_never_returned(run: Callable[..., Any]) -> None:
    """Whoever shall use the URL has it; the other headers are told."""
    made = run(S3RestPresignOperator, key="key", sse_customer_key=b"k" * 32, push_url=True)
    assert set(made["headers"]) == {
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-server-side-encryption-customer-key-MD5",
    }


def test_a_form_takes_no_key_of_ones_own(run: Callable[..., Any]) -> None:
    """It would tell it to whoever sees the form."""
    with pytest.raises(AirflowFailException, match="sse_customer_key: can't go into a form"):
        run(S3RestPresignOperator, key="key", method="POST", sse_customer_key=b"k" * 32)


def test_a_bad_argument_fails_for_good(run: Callable[..., Any]) -> None:
    """Airflow does not retry what a person must mend."""
    with pytest.raises(AirflowFailException, match="expires_in: must be 1 second to 7 days"):
        run(S3RestPresignOperator, key="key", expires_in=8 * 86400)


@pytest.mark.parametrize("kind", ["access_keys", "roles_anywhere"])
@pytest.mark.parametrize("form", [False, True])
def test_no_log_shows_it(
    kind: Any,
    local_stack: LocalStack,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    form: bool,
) -> None:
    """Nothing that signs it logs it, not even for debugging; and what others print of it is masked."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(local_stack.connection(kind)))
    hook = S3RestHook()
    hook.get_credentials()  # the server that gives them is in this process, and has a log of its own
    with caplog.at_level(logging.DEBUG):
        if form:
            made: Any = hook.presign_post("bucket", "key")
            signature, token = made.fields["x-amz-signature"], made.fields.get("x-amz-security-token")
            printed = str(made.fields)
        else:
            made = hook.presign("bucket", "key")
            query = parse_qs(urlsplit(made.url).query)
            signature, token = query["X-Amz-Signature"][0], query.get("X-Amz-Security-Token", [None])[0]
            printed = f"{made.url} {made.url!r}"
    assert len(signature) == 64
    assert signature not in caplog.text + repr(made)
    masked = str(redact(printed))
    assert "***" in masked
    assert signature not in masked
    assert bool(token) is (kind == "roles_anywhere")
    assert token is None or token not in masked + caplog.text


def test_a_url_that_outlives_its_credentials_is_told_of(
    local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a warning, and by its true end."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(local_stack.connection("roles_anywhere")))
    hook = S3RestHook()
    made = hook.presign("bucket", "key", expires_in=timedelta(days=1))
    assert made.cut_short
    assert made.expires_at == hook.get_credentials().expires_at
    assert "sooner than was asked for" in capsys.readouterr().out
    assert not hook.presign("bucket", "key", expires_in=60).cut_short
