# SPDX-License-Identifier: Apache-2.0
"""Accounts for those who wait."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.execution_time import task_runner
from airflow.sdk.log import redact

from airflow_provider_s3rest.exceptions import S3RestConnectionError
from airflow_provider_s3rest.hooks.airflow import mask_in_triggerer
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.hooks.waiting import open_account, store_for_waiting

CONNECTION = {"conn_type": "s3rest", "login": "AK", "password": "a-rather-secret/key"}


class Supervisor:
    """Stands in for the supervisor of a triggerer."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.told: list[Any] = []
        self._failure = failure

    async def asend(self, message: Any) -> None:
        """Hear a message."""
        if self._failure:
            raise self._failure
        self.told += message.value

    def send(self, _: Any) -> None:
        """Refuse: this would block the event loop."""
        pytest.fail("a call that blocks")


@pytest.fixture(autouse=True)
def _connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(CONNECTION))


def test_a_look_is_retried_once() -> None:
    """Who waits will look again anyway."""
    store = store_for_waiting(S3RestHook(region_name="eu-central-1"))
    assert store.policy.delays_seconds == (0.0,)
    assert store.region_of("any-bucket") == "eu-central-1"


def test_an_account_is_opened_in_an_event_loop() -> None:
    """By the connection's id, as a hook opens it."""
    store = asyncio.run(open_account("s3rest_default", "eu-central-1"))
    assert (store.credentials.current().access_key_id, store.policy.delays_seconds) == ("AK", (0.0,))


def test_a_bad_connection_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a task."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps({"conn_type": "s3rest", "login": "only"}))
    with pytest.raises(S3RestConnectionError, match="password: is missing"):
        asyncio.run(open_account("s3rest_default", None))


def test_the_supervisor_hears_of_secrets_before_the_account_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It masks the logs of the triggerer; no call blocks the event loop."""
    supervisor = Supervisor()

    async def open_and_look() -> list[Any]:
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
        await open_account("s3rest_default", None)
        return list(supervisor.told)

    monkeypatch.setattr("airflow.providers.common.compat.connection.get_async_connection", _stored)
    assert "a-rather-secret/key" in asyncio.run(open_and_look())


def test_a_supervisor_that_does_not_listen_is_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log; the wait goes on."""
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(ConnectionError("gone")), raising=False)
    monkeypatch.setattr("airflow.providers.common.compat.connection.get_async_connection", _stored)
    asyncio.run(open_account("s3rest_default", None))
    assert "could not be told what to mask in logs: gone" in caplog.text


def test_a_secret_is_masked_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this process writes itself."""
    monkeypatch.delattr(task_runner, "SUPERVISOR_COMMS", raising=False)
    asyncio.run(mask_in_triggerer(["no-one-sees-me"]))
    assert redact("it is no-one-sees-me") == "it is ***"


async def _stored(conn_id: str) -> Connection:
    return Connection(conn_id=conn_id, **CONNECTION)
