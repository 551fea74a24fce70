# SPDX-License-Identifier: Apache-2.0
"""The servers of integration tests, started once per test process: the local stack, its records fresh, and moto."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator

_STACKS = ("local_stack", "local_tls_stack")


@pytest.fixture(scope="session")
def local_stack() -> Iterator[LocalStack]:
    """S3 and IAM Roles Anywhere over HTTP."""
    with LocalStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def local_tls_stack() -> Iterator[LocalStack]:
    """S3 and IAM Roles Anywhere over HTTPS."""
    with LocalStack(tls=True) as stack:
        yield stack


@pytest.fixture(scope="session")
def moto_fields() -> Iterator[dict[str, Any]]:
    """The connection to a moto server."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "host": f"http://{host}",
        "port": port,
        "login": "AKIAMOTO",
        "password": "secret",
        "extra": {"retry_delays_seconds": "0"},
    }
    server.stop()


@pytest.fixture(autouse=True)
def _fresh_records(request: pytest.FixtureRequest) -> None:
    """Hide the calls and faults of earlier tests from a test that uses a stack."""
    for name in _STACKS:
        if name in request.fixturenames:
            request.getfixturevalue(name).rolesanywhere.reset()
