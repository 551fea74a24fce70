# SPDX-License-Identifier: Apache-2.0
"""The local stack for every integration test: started once per test process, its records fresh for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


@pytest.fixture(autouse=True)
def _fresh_records(request: pytest.FixtureRequest) -> None:
    """Hide the calls and faults of earlier tests from a test that uses a stack."""
    for name in _STACKS:
        if name in request.fixturenames:
            request.getfixturevalue(name).rolesanywhere.reset()
