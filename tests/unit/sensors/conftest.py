# SPDX-License-Identifier: Apache-2.0
"""The scripted S3, as the connection of sensors and triggers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.auth.credentials import AccessKeySource
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import AccessKeys, S3RestConnection
from airflow_provider_s3rest.s3 import S3
from tests.unit.s3.conftest import FakeS3, authority, make_fake
from tests.unit.sensors.modes import MODES, Mode
from tests.unit.sensors.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["authority", "make_fake"]

KEYS = {"access_key_id": "AK", "secret_access_key": "secret-key"}


@pytest.fixture(scope="session")
def server(make_fake: Callable[[], FakeS3]) -> Iterator[FakeS3]:
    """The scripted server, with a client that is made once."""
    server = make_fake()
    yield server
    server.close()


@pytest.fixture(scope="session")
def account(server: FakeS3) -> S3:
    """What everybody who waits shares: making a client takes longer than a test."""
    connection = S3RestConnection(
        authentication=AccessKeys(**KEYS), endpoint_url=server.url, retry_delays_seconds=(0.0,)
    )
    return S3(connection, AccessKeySource(Credentials(**KEYS, session_token=None)))


@pytest.fixture
def connected(server: FakeS3, monkeypatch: pytest.MonkeyPatch) -> World:
    """What the scripted S3 holds, which Airflow has a connection to."""
    connection = {"conn_type": "s3rest", "login": "AK", "password": "secret-key", "host": server.url}
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(connection | {"extra": {"retry_delays_seconds": [0]}}))
    # Looks are due at the beats of a clock, which has no need to be slow here.
    monkeypatch.setattr("airflow_provider_s3rest.s3.polling.polls.GRID_SECONDS", 0.001)
    monkeypatch.setattr("airflow_provider_s3rest.s3.polling.polls._FIRST_SECONDS", 0.001)
    server.forget()
    server.ahead_seconds = 0.0
    world = World(server)
    server.otherwise = world.answer
    return world


@pytest.fixture
def world(connected: World, account: S3, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, by the shared client."""

    async def open_account(*_: object) -> S3:
        return account

    monkeypatch.setattr("airflow_provider_s3rest.hooks.waiting.store_for_waiting", lambda _: account)
    monkeypatch.setattr("airflow_provider_s3rest.hooks.waiting.open_account", open_account)
    return connected


@pytest.fixture(params=MODES, ids=lambda mode: mode.__name__)
def mode(request: pytest.FixtureRequest) -> Mode:
    """A way of waiting."""
    return request.param  # type: ignore[no-any-return]
