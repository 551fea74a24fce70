# SPDX-License-Identifier: Apache-2.0
"""What Airflow makes of a URI, of JSON and of an environment variable reads like the fields that they were made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from airflow.models.connection import Connection as StoredConnection
from airflow.sdk import Connection as TaskConnection
from airflow.secrets.environment_variables import EnvironmentVariablesBackend

from airflow_provider_s3rest.connection import S3RestConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.connection.conftest import Sample

    AnyConnection = StoredConnection | TaskConnection

OPTIONS: dict[str, object] = {
    "host": "http://minio.example.com",
    "port": 9000,
    "region_name": "eu-central-1",
    "addressing_style": "path",
    "verify": True,
    "requester_pays": True,
    "expected_bucket_owner": "012345678901",
    "retry_delays_seconds": [0, 2.5, 10],
    "max_concurrency": 8,
}
SETTINGS: dict[str, object] = {
    "duration_seconds": 1200,
    "rolesanywhere_region": "us-east-1",
    "rolesanywhere_endpoint_url": "https://vpce-1.example.com",
    "private_key_passphrase": "12 + ü/%&=",
}
NULLS: dict[str, object] = {"rolesanywhere_custom_region": None, "certificate_chain": None, "aws_session_token": ""}


def _read(connection: AnyConnection) -> S3RestConnection:
    return S3RestConnection.parse(
        conn_id="lake",
        host=connection.host,
        port=connection.port,
        login=connection.login,
        password=connection.password,
        extra=connection.extra,
    )


def _members(sample: Sample) -> dict[str, Any]:
    return {name: value for name, value in sample.arguments().items() if value is not None}


def _stored(sample: Sample) -> StoredConnection:
    members = _members(sample)
    return StoredConnection(conn_id="lake", conn_type="s3rest", **members | {"extra": json.dumps(members["extra"])})


def _by_uri_of_stored(sample: Sample) -> AnyConnection:
    return StoredConnection(conn_id="lake", uri=_stored(sample).get_uri())


def _by_uri_of_task(sample: Sample) -> AnyConnection:
    return TaskConnection.from_uri(_stored(sample).get_uri(), conn_id="lake")


def _uri_of_text(sample: Sample) -> str:
    """The URI that people write by hand: every extra is text in the query."""
    members = _members(sample)
    extra = {name: "" if value is None else value for name, value in members["extra"].items()}
    query = urlencode({name: value if isinstance(value, str) else json.dumps(value) for name, value in extra.items()})
    host = quote(str(members.get("host", "")), safe="")
    port = f":{members['port']}" if "port" in members else ""
    user = ":".join(quote(str(members[name]), safe="") for name in ("login", "password") if name in members)
    return f"s3rest://{user}@{host}{port}/?{query}"


def _by_text_uri_of_stored(sample: Sample) -> AnyConnection:
    return StoredConnection(conn_id="lake", uri=_uri_of_text(sample))


def _by_text_uri_of_task(sample: Sample) -> AnyConnection:
    return TaskConnection.from_uri(_uri_of_text(sample), conn_id="lake")


def _by_json(sample: Sample) -> AnyConnection:
    return TaskConnection.from_json(json.dumps({"conn_type": "s3rest"} | _members(sample)), conn_id="lake")


def _by_environment(text: str) -> AnyConnection:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_LAKE", text)
        connection: StoredConnection | None = EnvironmentVariablesBackend().get_connection("lake")
    assert connection is not None
    return connection


def _by_environment_json(sample: Sample) -> AnyConnection:
    return _by_environment(json.dumps({"conn_type": "s3rest"} | _members(sample)))


def _by_environment_uri(sample: Sample) -> AnyConnection:
    return _by_environment(_uri_of_text(sample))


SOURCES = [
    *(_stored, _by_uri_of_stored, _by_uri_of_task, _by_text_uri_of_stored, _by_text_uri_of_task),
    *(_by_json, _by_environment_json, _by_environment_uri),
]


@pytest.mark.parametrize("changes", [{}, OPTIONS, OPTIONS | NULLS, {"port": 443}], ids=["few", "all", "nulls", "port"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__.strip("_"))
def test_access_keys_from_every_source(
    access_keys: Sample, source: Callable[[Sample], AnyConnection], changes: dict[str, object]
) -> None:
    """A connection with access keys is the same from every source of Airflow."""
    sample = access_keys | changes
    assert _read(source(sample)) == sample.parse()


@pytest.mark.parametrize("changes", [{}, SETTINGS | OPTIONS, SETTINGS | NULLS], ids=["few", "all", "nulls"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__.strip("_"))
def test_roles_anywhere_from_every_source(
    roles_anywhere: Sample, pem: dict[str, str], source: Callable[[Sample], AnyConnection], changes: dict[str, object]
) -> None:
    """A connection by Roles Anywhere, its PEM line breaks included, is the same from every source of Airflow."""
    key = "encrypted" if "private_key_passphrase" in changes else "PRIVATE KEY"
    sample = roles_anywhere | {"certificate_chain": pem["intermediate"]} | changes | {"private_key": pem[key]}
    assert _read(source(sample)) == sample.parse()


def test_an_ipv6_host_in_a_uri() -> None:
    """Airflow takes the brackets off an IPv6 address in a URI; they are put on again."""
    connection = TaskConnection.from_uri("s3rest://key:secret@[::1]:9000", conn_id="lake")
    assert (connection.host, _read(connection).endpoint_url) == ("::1", "https://[::1]:9000")
