# SPDX-License-Identifier: Apache-2.0
"""The S3 server's life, the connections that the stack describes, and the command."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.local import seaweedfs
from airflow_provider_s3rest.local.seaweedfs import SeaweedFS, StartError, find_weed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.local.stack import LocalStack

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "airflow_provider_s3rest.local"]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def _wait_until_gone(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            assert select.select([descriptor], [], [], 30)[0]
        finally:
            os.close(descriptor)


def _remove_sockets(arguments: list[str]) -> None:
    """Remove what SeaweedFS leaves in the system's directory when it is killed and nobody is left to clean up."""
    for argument in arguments:
        if match := re.fullmatch(r"-(\w+)\.port\.grpc=(\d+)", argument):
            Path(f"/tmp/seaweedfs-{match[1]}-grpc-{match[2]}.sock").unlink(missing_ok=True)  # noqa: S108


def _start(*arguments: str, home: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(home)}
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _printed(process: subprocess.Popen[str]) -> list[str]:
    """Return what the command prints until it waits."""
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("# Ctrl-C"):
            return lines
    raise AssertionError(process.communicate()[1])


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], Path]]:
    """The command with TLS, a bucket and a fixed port for Roles Anywhere."""
    home = tmp_path_factory.mktemp("home")
    (port,) = seaweedfs.free_ports(1)
    process = _start("--tls", "--rolesanywhere-port", str(port), "--bucket", "first", "second", home=home)
    try:
        yield _printed(process), home
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_printed_connections(command: tuple[list[str], Path]) -> None:
    """Each printed line is a shell command that sets a connection in Airflow's JSON form."""
    words = [shlex.split(line) for line in command[0] if line.startswith("export")]
    settings = dict(word.split("=", 1) for _, word in words)
    connections = {name: json.loads(value) for name, value in settings.items()}
    assert {name: each["extra"]["auth_type"] for name, each in connections.items()} == {
        "AIRFLOW_CONN_S3REST_DEFAULT": "roles_anywhere",
        "AIRFLOW_CONN_S3REST_RSA": "roles_anywhere",
        "AIRFLOW_CONN_S3REST_ACCESS_KEYS": "access_keys",
    }
    assert all(each["conn_type"] == "s3rest" for each in connections.values())
    assert all(Path(each["extra"]["verify"]).is_file() for each in connections.values())


def test_secrets_are_for_their_owner_only(command: tuple[list[str], Path]) -> None:
    """The files of the stack are in a directory of its own, and those with secrets are private besides."""
    (directory,) = command[1].iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    modes = {name: (directory / name).stat().st_mode & 0o777 for name in ("s3.json", "iam.json", "server.key")}
    assert set(modes.values()) == {0o600}


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C ends the command with 0, its S3 server, and its files."""
    process = _start(home=tmp_path)
    try:
        _printed(process)
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert [_is_running(child) for child in children] == [False]
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.communicate()


def test_sigterm_while_it_starts(tmp_path: Path) -> None:
    """SIGTERM ends the command with 0 even before it is ready."""
    process = _start(home=tmp_path)
    try:
        while process.poll() is None and not _children(process.pid):
            pass
        process.terminate()
        assert process.wait(30) == 0
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.communicate()


def test_a_killed_python_takes_the_server_along(tmp_path: Path) -> None:
    """The kernel ends the S3 server when its Python is killed without a chance to clean up."""
    process = _start(home=tmp_path)
    try:
        _printed(process)
        (child,) = _children(process.pid)
        arguments = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        process.kill()
        process.wait()
        _wait_until_gone(child)
        _remove_sockets(arguments)
        assert not _is_running(child)
    finally:
        process.kill()
        process.communicate()


def test_a_server_that_ends_of_itself(tmp_path: Path) -> None:
    """When the S3 server dies the command says so and ends with 1, rather than serve half."""
    process = _start(home=tmp_path)
    try:
        _printed(process)
        os.kill(_children(process.pid)[0], signal.SIGKILL)
        assert "SeaweedFS ended unexpectedly" in process.communicate(timeout=30)[1]
        assert process.returncode == 1
    finally:
        process.kill()
        process.communicate()


def test_a_taken_port(tmp_path: Path) -> None:
    """A wished-for port that is taken is an error that shows the server's own words."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = SeaweedFS(tmp_path, {}, port=taken.getsockname()[1])
        with pytest.raises(StartError, match="address already in use"), server:
            pass


def test_a_lost_port_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another process takes a port just before the server does, other ports are tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free_ports = seaweedfs.free_ports
        choices = iter([[*free_ports(6), taken.getsockname()[1], *free_ports(1)]])
        monkeypatch.setattr(seaweedfs, "free_ports", lambda count: next(choices, None) or free_ports(count))
        with SeaweedFS(tmp_path, {}) as server:
            assert server.client().list_buckets()["Buckets"] == []


def test_a_program_that_is_not_beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel's own record finds the program wherever the wheel put it, and PATH after that."""
    found = find_weed()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert find_weed().samefile(found)
    monkeypatch.setattr("importlib.metadata.files", lambda _: None)
    monkeypatch.setenv("PATH", str(found.parent))
    assert find_weed() == found


def test_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the error says what to install."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("importlib.metadata.files", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match=r"pip install .*\[local\]"):
        find_weed()


def test_no_upload_makes_a_bucket(local_stack: LocalStack) -> None:
    """As with Amazon, a bucket must be there before its objects."""
    with pytest.raises(ClientError, match="NoSuchBucket"):
        local_stack.s3_client().put_object(Bucket="never-made", Key="key", Body=b"data")


def test_no_bucket_goes_while_an_object_is_in_it(local_stack: LocalStack) -> None:
    """As with Amazon, only an empty bucket can be deleted."""
    client = local_stack.s3_client()
    client.create_bucket(Bucket="not-empty")
    client.put_object(Bucket="not-empty", Key="key", Body=b"data")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        client.delete_bucket(Bucket="not-empty")


def test_the_environment_is_of_no_account(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a profile nor a proxy of the environment gets between the stack and its server."""
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_CA_BUNDLE", "missing")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert local_stack.s3_client().list_buckets()["Buckets"]


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_a_connection_for_roles_anywhere(local_stack: LocalStack, key_type: str) -> None:
    """It holds the key and all certificates, and no access keys."""
    fields = local_stack.connection("roles_anywhere", key_type)  # type: ignore[arg-type]
    extra = fields["extra"]
    assert "login" not in fields
    assert "password" not in fields
    assert extra["private_key"] == getattr(local_stack.pki, key_type).private_key
    assert (extra["certificate"] + extra.get("certificate_chain", "")).count("BEGIN CERTIFICATE") == 2


def test_a_connection_with_other_fields(local_stack: LocalStack) -> None:
    """Fields of extra can be replaced, added and left out."""
    extra = local_stack.connection("roles_anywhere", duration_seconds=900, verify=False, session_name=None)["extra"]
    assert (extra["duration_seconds"], extra["verify"]) == (900, False)
    assert "session_name" not in extra


def test_a_connection_with_access_keys(local_stack: LocalStack) -> None:
    """It leads to the S3 server with the administrator's keys."""
    fields = local_stack.connection()
    assert f"{fields['host']}:{fields['port']}" == local_stack.s3_endpoint_url
    assert (fields["login"], fields["password"]) == (local_stack.access_key_id, local_stack.secret_access_key)
