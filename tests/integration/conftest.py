# SPDX-License-Identifier: Apache-2.0
"""The local stack for every integration test: started once per test process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _running_stack() -> Iterator[LocalStack]:
    with LocalStack() as stack:
        yield stack


@pytest.fixture
def local_stack(_running_stack: LocalStack) -> LocalStack:
    """S3 and IAM Roles Anywhere over HTTP, without recorded calls or faults of an earlier test."""
    _running_stack.rolesanywhere.reset()
    return _running_stack


@pytest.fixture(scope="session")
def _running_tls_stack() -> Iterator[LocalStack]:
    with LocalStack(tls=True) as stack:
        yield stack


@pytest.fixture
def local_tls_stack(_running_tls_stack: LocalStack) -> LocalStack:
    """The same over HTTPS."""
    _running_tls_stack.rolesanywhere.reset()
    return _running_tls_stack
