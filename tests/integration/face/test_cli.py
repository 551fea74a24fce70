# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line, with a real connection, a real service and a real SDK beside it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import boto3
import pytest

from airflow_provider_s3rest.auth.lease import Instant
from airflow_provider_s3rest.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack


@pytest.fixture
def connect(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Make a connection, and return its id."""
    monkeypatch.setenv("AIRFLOW__S3REST__CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")

    def connect(*kind: str, **fields: object) -> str:
        standard = {name: fields.pop(name) for name in ("password",) if name in fields}
        stored = local_stack.connection(*kind, **fields) | standard
        monkeypatch.setenv("AIRFLOW_CONN_OF_CLI", json.dumps(stored))
        return "of_cli"

    return connect


def test_check_tells_every_stage(connect: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    """And what it came to."""
    assert main(["check", connect("roles_anywhere")]) == 0
    lines = capfd.readouterr().out.splitlines()
    starts = ("Connection: IAM Roles", "Certificate: CN=", "Roles Anywhere: arn:aws:sts::", "S3: ")
    assert [line.startswith(f"ok     {start}") for line, start in zip(lines, starts, strict=False)] == [True] * 4
    assert lines[4].startswith("Success after ")


def test_check_stops_at_the_stage_that_fails(connect: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    """With the service's words, and exit code 1."""
    other = "arn:aws:iam::123456789012:role/other"
    assert main(["check", connect("roles_anywhere", role_arn=other)]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[2].startswith("FAILED Roles Anywhere: ")
    assert "isn't one of those listed" in lines[2]
    assert lines[3].startswith("Failure after ")


def test_check_of_access_keys_tells_no_secret(connect: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the right one nor a wrong one."""
    assert main(["check", connect(password="a-secret-that-is-wrong")]) == 1
    said = capfd.readouterr()
    assert "FAILED S3: SignatureDoesNotMatch: " in said.out
    assert "a-secret-that-is-wrong" not in said.out + said.err


def test_a_connection_that_does_not_exist_is_named(
    connect: Callable[..., str], capfd: pytest.CaptureFixture[str]
) -> None:
    """On one line."""
    connect()
    assert main(["credentials", "no_such_connection"]) == 1
    said = capfd.readouterr()
    assert "no_such_connection" in said.err.splitlines()[-1]
    assert not said.out


def test_credentials_come_from_the_shared_cache(
    connect: Callable[..., str], capfd: pytest.CaptureFixture[str], local_stack: LocalStack
) -> None:
    """One call, however often they are asked for."""
    conn_id = connect("roles_anywhere")
    assert [main(["credentials", conn_id]) for _ in range(2)] == [0, 0]
    first, second = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert first == second
    assert set(first) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["Expiration"])
    assert local_stack.rolesanywhere.sessions_created == 1


def test_credentials_of_access_keys_never_end(connect: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    """So that no end is told."""
    assert main(["credentials", connect()]) == 0
    assert set(json.loads(capfd.readouterr().out)) == {"Version", "AccessKeyId", "SecretAccessKey"}


def test_another_sdk_uses_a_connection_as_its_credential_process(
    connect: Callable[..., str], local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever Airflow prints while it starts, the output is JSON and nothing else."""
    command = f'"{sys.executable}" -m airflow_provider_s3rest.cli credentials {connect("roles_anywhere")}'
    (tmp_path / "config").write_text(f"[profile s3rest]\nregion = us-east-1\ncredential_process = {command}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = boto3.session.Session(profile_name="s3rest")
    assert "Buckets" in session.client("s3", endpoint_url=local_stack.s3_endpoint_url).list_buckets()


@pytest.mark.parametrize(("seconds", "sessions"), [(3600 - 1000, 1), (3600 - 900, 2)])
def test_credentials_that_sdks_would_soon_ask_for_again_are_renewed(
    connect: Callable[..., str], local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, seconds: int, sessions: int
) -> None:
    """With less than a quarter of an hour left, an SDK would start the command for every request that it signs."""
    conn_id = connect("roles_anywhere")
    assert main(["credentials", conn_id]) == 0
    now = Instant.now()
    later = Instant(now.wall_seconds + seconds, now.uptime_seconds + seconds, now.boot_id)
    monkeypatch.setattr(Instant, "now", lambda: later)
    assert main(["credentials", conn_id]) == 0
    assert local_stack.rolesanywhere.sessions_created == sessions


def test_a_backend_that_asks_itself_is_noticed(
    connect: Callable[..., str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would start the command, which asks the backend, without end; another connection may be asked for."""
    conn_id = connect()
    monkeypatch.setenv("AIRFLOW_S3REST_CREDENTIALS_UNDER_WAY", "another")
    assert main(["credentials", conn_id]) == 0
    monkeypatch.setenv("AIRFLOW_S3REST_CREDENTIALS_UNDER_WAY", f"another {conn_id}")
    assert main(["credentials", conn_id]) == 1
    assert "AIRFLOW__SECRETS__BACKEND=" in capfd.readouterr().err


def test_the_cache_is_listed_and_cleared(
    connect: Callable[..., str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of one connection, or as a whole; no secret is told."""
    conn_id = connect("roles_anywhere")
    main(["credentials", conn_id])
    secret = json.loads(capfd.readouterr().out)["SecretAccessKey"]
    (tmp_path / "cache" / f"{'0' * 64}.lease").write_bytes(b"of another connection")
    assert main(["cache", "list", conn_id]) == 0
    listed = capfd.readouterr().out
    assert listed.startswith(f"1 entries in {tmp_path / 'cache'}\n")
    assert "  credentials  " in listed
    assert secret not in listed
    assert main(["cache", "clear", conn_id]) == 0
    assert main(["cache", "list"]) == 0
    assert "000000000000  credentials" in capfd.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert not list((tmp_path / "cache").glob("*.lease"))


def test_a_cache_for_others_to_enter_is_named(
    connect: Callable[..., str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It is neither listed nor cleared."""
    connect()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o755)
    assert main(["cache", "list"]) == 1
    said = capfd.readouterr().err
    assert f"There is no cache in {tmp_path / 'cache'}, because it must belong to this user and have mode 0700" in said


def test_access_keys_have_no_cache(connect: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    """Which is an error that says so."""
    assert main(["cache", "list", connect()]) == 1
    assert "access keys, which are never cached" in capfd.readouterr().err


def test_a_command_line_that_cannot_be_is_explained() -> None:
    """By the parser, with exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "airflow_provider_s3rest.cli", "cash"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, "invalid choice: 'cash'" in done.stderr) == (2, True)
