# SPDX-License-Identifier: Apache-2.0
"""Two real servers: SeaweedFS, which checks signatures, and moto, which keeps every key as it is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.deletion import Deleter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.local.stack import LocalStack


class _Keys:
    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        self._credentials = Credentials(access_key_id=access_key_id, secret_access_key=secret_access_key)

    def current(self) -> Credentials:
        """Give the only set there is."""
        return self._credentials

    def reject(self, _: Credentials) -> bool:
        """There is no other."""
        return False


def _open(fields: dict[str, Any]) -> S3:
    parts = {name: fields[name] for name in ("host", "port", "login", "password", "extra")}
    connection = S3RestConnection.parse(**parts)
    return S3(connection, _Keys(fields["login"], fields["password"]))


@pytest.fixture(scope="session")
def opened() -> dict[str, S3]:
    """The S3 of each server that has been opened: a client takes a tenth of a second."""
    return {}


@pytest.fixture
def open_s3(request: pytest.FixtureRequest, opened: dict[str, S3]) -> Callable[[str], S3]:
    """Open the S3 of a server by its name."""

    def fields_of(server: str) -> dict[str, Any]:
        if server == "moto":
            return dict(request.getfixturevalue("moto_fields"))
        stack: LocalStack = request.getfixturevalue("local_tls_stack" if server.endswith("-tls") else "local_stack")
        return stack.connection(retry_delays_seconds="0")

    def open_by_name(server: str) -> S3:
        if server not in opened:
            opened[server] = _open(fields_of(server))
        s3 = opened[server]
        # Tests of the engines choose one.
        s3.engines.forced = None
        return s3

    return open_by_name


@pytest.fixture
def make_bucket() -> Iterator[Callable[[S3], str]]:
    """Make a bucket of the test's own."""
    made: list[tuple[S3, str]] = []

    def make(s3: S3) -> str:
        name = f"test-{uuid.uuid4().hex}"
        s3.client().create_bucket(Bucket=name)
        made.append((s3, name))
        return name

    yield make
    for s3, name in made:
        Deleter(s3=s3).delete_prefix(name, "", versions=True, allow_all=True)
        s3.client().delete_bucket(Bucket=name)


@pytest.fixture
def make_versioned(make_bucket: Callable[[S3], str]) -> Callable[[S3], str]:
    """Make a bucket that keeps versions."""

    def make(s3: S3) -> str:
        bucket = make_bucket(s3)
        s3.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    return make
