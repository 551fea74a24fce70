# SPDX-License-Identifier: Apache-2.0
"""Connections that Airflow's own commands store, and those of a secrets backend, are the ones that were meant."""

from __future__ import annotations

import configparser
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from airflow.models.connection import Connection
from airflow.secrets.environment_variables import EnvironmentVariablesBackend
from airflow.secrets.local_filesystem import LocalFilesystemBackend
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.hooks.airflow import read_connection
from tests.shell import Shell, blocks

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.stack import LocalStack

PAGE = (Path(__file__).parents[3] / "docs" / "connection-sources.md").read_text()
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
WRITTEN = ("s3rest.json", "s3rest-by-jq.json", "connections.json", "exported.json", "exported.yaml", "exported.env")
Command = "Callable[..., None]"


def _stored(conn_id: str) -> S3RestConnection:
    """What the database holds, read anew."""
    with create_session() as session:
        found = session.scalars(select(Connection).where(Connection.conn_id == conn_id)).one()
        session.delete(found)
        return read_connection(found)


def _expected(fields: dict[str, Any]) -> S3RestConnection:
    standard = {name: fields.get(name) for name in ("host", "port", "login", "password")}
    return S3RestConnection.parse(conn_id="made", **standard, extra=fields["extra"])


@pytest.fixture(params=["access_keys", "roles_anywhere"])
def fields(request: pytest.FixtureRequest, local_stack: LocalStack) -> dict[str, Any]:
    """The fields of a connection of each kind, with PEM of several blocks and every option that is not text."""
    options: dict[str, object] = {
        "requester_pays": True,
        "expected_bucket_owner": "012345678901",
        "retry_delays_seconds": [0, 2.5],
        "max_concurrency": 8,
    }
    fields = local_stack.connection(request.param, **options)
    return fields | {"password": SECRET} if "login" in fields else fields


def test_added_field_by_field(airflow_command: Command, fields: dict[str, Any]) -> None:
    """``airflow connections add`` with an option for each field."""
    options = {"host": fields["host"], "port": str(fields["port"]), "extra": json.dumps(fields["extra"])}
    options |= {name: fields[name] for name in ("login", "password") if name in fields}
    words = [word for name, value in options.items() for word in (f"--conn-{name}", value)]
    airflow_command("connections", "add", "made", "--conn-type", "s3rest", *words)
    assert _stored("made") == _expected(fields)


def test_added_as_json(airflow_command: Command, fields: dict[str, Any]) -> None:
    """``airflow connections add --conn-json``."""
    airflow_command("connections", "add", "made", "--conn-json", json.dumps(fields))
    assert _stored("made") == _expected(fields)


def test_added_as_a_uri(airflow_command: Command, fields: dict[str, Any]) -> None:
    """``airflow connections add --conn-uri``, with the URI that Airflow itself makes."""
    uri = Connection(conn_id="made", **fields | {"extra": json.dumps(fields["extra"])}).get_uri()
    airflow_command("connections", "add", "made", "--conn-uri", uri)
    assert _stored("made") == _expected(fields)


@pytest.mark.parametrize("suffix", ["json", "yaml", "env"])
def test_exported_and_imported(airflow_command: Command, fields: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    """``airflow connections export`` and ``import`` lose nothing, in every format."""
    airflow_command("connections", "add", "made", "--conn-json", json.dumps(fields))
    airflow_command("connections", "export", str(tmp_path / f"exported.{suffix}"))
    airflow_command("connections", "delete", "made")
    airflow_command("connections", "import", str(tmp_path / f"exported.{suffix}"))
    assert _stored("made") == _expected(fields)


@pytest.fixture
def followed(
    airflow_command: Command, tmp_path: Path, local_stack: LocalStack
) -> tuple[dict[str, str], dict[str, object]]:
    """The environment after all commands of the page have run, and the extras that they meant."""
    extra = json.loads(json.dumps(local_stack.connection("roles_anywhere")["extra"]))
    (tmp_path / "client.pem").write_text(extra["certificate"])
    (tmp_path / "client.key").write_text(extra["private_key"])
    shell = Shell(tmp_path, {"airflow": airflow_command})
    environment = shell.run("\n".join(blocks(PAGE, "bash")))
    return environment, extra


def test_the_page_keeps_its_word(followed: tuple[dict[str, str], dict[str, object]], tmp_path: Path) -> None:
    """Every command of the page makes the connection that it should, and no file for others to read."""
    environment, extra = followed
    made = json.loads((tmp_path / "s3rest.json").read_text())
    assert made == json.loads((tmp_path / "s3rest-by-jq.json").read_text())
    assert {name: extra[name] for name in ("certificate", "private_key")}.items() <= made["extra"].items()
    expected = S3RestConnection.parse(extra=made["extra"])
    keys = S3RestConnection.parse(**json.loads(blocks(PAGE, "json")[0].replace('"conn_type": "s3rest",', "")))
    in_region = replace(keys, region_name="eu-central-1")
    found = {conn_id: _stored(conn_id) for conn_id in ("s3rest_default", "s3rest_by_uri", "s3rest_imported")}
    with pytest.MonkeyPatch.context() as patch:
        for name in (name for name in environment if name.startswith("AIRFLOW_CONN_S3REST_")):
            patch.setenv(name, environment[name])
        for conn_id in ("s3rest_env", "s3rest_env_keys", "s3rest_uri", "s3rest_uri_keys"):
            found[conn_id] = read_connection(EnvironmentVariablesBackend().get_connection(conn_id))
    found["s3rest_keys"] = _stored("s3rest_keys")
    written = [path for path in tmp_path.iterdir() if path.suffix in {".json", ".yaml", ".env"}]
    assert {path.name: path.stat().st_mode & 0o077 for path in written} == dict.fromkeys(WRITTEN, 0)
    assert {conn_id: replace(connection, conn_id="") for conn_id, connection in found.items()} == {
        **dict.fromkeys(("s3rest_default", "s3rest_by_uri", "s3rest_imported", "s3rest_env", "s3rest_uri"), expected),
        **dict.fromkeys(("s3rest_keys", "s3rest_uri_keys"), in_region),
        "s3rest_env_keys": keys,
    }


def test_the_local_filesystem_backend(tmp_path: Path, local_stack: LocalStack) -> None:
    """As the page configures it, with real PEM in place of what the page shows."""
    config = configparser.ConfigParser()
    config.read_string(next(block for block in blocks(PAGE, "ini") if "local_filesystem" in block))
    assert config["secrets"]["backend"].endswith(f".{LocalFilesystemBackend.__name__}")
    kwargs = json.loads(config["secrets"]["backend_kwargs"])
    extra = local_stack.connection("roles_anywhere")["extra"]
    (shown,) = blocks(PAGE, "yaml")
    for name, title in (("certificate", "CERTIFICATE"), ("private_key", "PRIVATE KEY")):
        moved_in = re.sub("(?m)^", " " * 6, extra[name].rstrip())
        shown = re.sub(rf" *-----BEGIN {title}-----.*-----END {title}-----", moved_in, shown, flags=re.DOTALL)
    file = tmp_path / Path(kwargs["connections_file_path"]).name
    file.write_text(shown)
    found = LocalFilesystemBackend(connections_file_path=str(file)).get_connection("s3rest_of_file")
    assert found is not None
    authentication: Any = read_connection(found).authentication
    assert authentication.certificate.strip() == extra["certificate"].strip()
    assert authentication.private_key.strip() == extra["private_key"].strip()


def test_a_uri_written_by_hand_is_one_line(local_stack: LocalStack) -> None:
    """PEM and all: an environment file of Docker or systemd can hold it."""
    extra = local_stack.connection("roles_anywhere")["extra"]
    uri = "s3rest:///?" + urlencode(extra)
    assert "\n" not in uri
    assert read_connection(Connection(conn_id="made", uri=uri)) == S3RestConnection.parse(conn_id="made", extra=extra)
