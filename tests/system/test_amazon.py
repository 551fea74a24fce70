# SPDX-License-Identifier: Apache-2.0
"""The amazon provider takes its credentials from s3rest connections.

It has an environment of its own: its aiobotocore wants an older botocore than ours.
"""

from __future__ import annotations

import configparser
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

from airflow_provider_s3rest.local.aws import make_client
from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks.peer import interpreter
from tests.shell import blocks
from tests.system.installation import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)

FACTORY = "airflow_provider_s3rest.integrations.amazon.S3RestSessionFactory"
BUCKET = "amazon"
# Lists, writes and reads by each connection, and waits as a deferred sensor does.
SCRIPT = """
import asyncio, json, sys, warnings

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.triggers.s3 import S3KeyTrigger

warnings.simplefilter("ignore")  # the amazon provider expects the type aws


async def found(conn_id, key):
    trigger = S3KeyTrigger("amazon", key, False, aws_conn_id=conn_id, hook_params={}, poke_interval=1)
    async for event in trigger.run():
        return event.payload


def told(conn_id):
    hook, key = S3Hook(aws_conn_id=conn_id), f"{conn_id}/key.txt"
    hook.load_string("bytes of " + conn_id, key, "amazon")
    credentials = hook.get_credentials()
    return {
        "keys": hook.list_keys("amazon", prefix=f"{conn_id}/"),
        "content": hook.read_key(key, "amazon"),
        "waited": asyncio.run(found(conn_id, key)),
        "temporary": bool(credentials.token),
    }


def attempt(conn_id):
    try:
        return told(conn_id)
    except ValueError as error:
        return str(error)


print(json.dumps({conn_id: attempt(conn_id) for conn_id in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A local stack with the bucket that the script uses."""
    with LocalStack() as running:
        running.s3_client().create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(scope="module")
def python(outer_environment: dict[str, str]) -> str:
    """The interpreter of the environment with the amazon provider."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in outer_environment.items():
            patch.setenv(name, value)
        return interpreter()


@pytest.fixture(scope="module")
def told(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory, python: str) -> Any:
    """What the script came to, by connection."""
    home: Path = tmp_path_factory.mktemp("peer")
    keys, roles = stack.connection("access_keys"), stack.connection("roles_anywhere")
    endpoint = {"endpoint_url": stack.s3_endpoint_url, "region_name": stack.region}
    connections: dict[str, dict[str, Any]] = {
        "s3rest_keys": keys,
        "s3rest_roles": roles,
        "aws_by_keys": {"conn_type": "aws", "extra": endpoint | {"s3rest_conn_id": "s3rest_keys"}},
        "aws_by_roles": {"conn_type": "aws", "extra": endpoint | {"s3rest_conn_id": "s3rest_roles"}},
        "aws_alone": {"conn_type": "aws", "login": keys["login"], "password": keys["password"], "extra": endpoint},
        "aws_with_both": {"conn_type": "aws", "extra": {"s3rest_conn_id": "s3rest_keys", "role_arn": stack.role_arn}},
    }
    environment = {
        **os.environ,
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections.items()},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__AWS__SESSION_FACTORY": FACTORY,
        "AIRFLOW__S3REST__CACHE_DIR": str(home / "cache"),
        # An s3rest connection lends its credentials to the amazon provider, and not its endpoint.
        "AWS_ENDPOINT_URL_S3": stack.s3_endpoint_url,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [python, "-c", SCRIPT, *connections], env=environment, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("conn_id", "temporary"),
    [
        ("s3rest_keys", False),
        ("s3rest_roles", True),
        ("aws_by_keys", False),
        ("aws_by_roles", True),
        ("aws_alone", False),
    ],
)
def test_the_amazon_provider_works(told: Any, conn_id: str, *, temporary: bool) -> None:
    """With an s3rest connection, with an aws connection that names one, and with one that does not as before."""
    key = f"{conn_id}/key.txt"
    assert told[conn_id] == {
        "keys": [key],
        "content": f"bytes of {conn_id}",
        "waited": {"status": "success"},
        "temporary": temporary,
    }


def test_there_was_one_call(told: Any, stack: LocalStack) -> None:
    """However many hooks, clients and triggers asked."""
    assert told
    assert stack.rolesanywhere.sessions_created == 1


def test_two_kinds_of_credentials_are_an_error(told: Any) -> None:
    """Which of them to take would be a guess."""
    assert told["aws_with_both"] == (
        "Connection 'aws_with_both': s3rest_conn_id and role_arn do not go together: keep one of them"
    )


@pytest.fixture(scope="module")
def secrets_manager(stack: LocalStack) -> Iterator[str]:
    """The URL of an AWS Secrets Manager that keeps a connection."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = make_client("secretsmanager", url, access_key_id="anybody", secret_access_key="anything")
    connection = json.dumps(stack.connection("roles_anywhere"))
    client.create_secret(Name="airflow/connections/s3rest_default", SecretString=connection)
    yield url
    server.stop()


@pytest.mark.parametrize("switched_off", [True, False])
def test_secrets_manager_gets_its_credentials_by_a_profile(
    stack: LocalStack, python: str, secrets_manager: str, tmp_path: Path, *, switched_off: bool
) -> None:
    """As the page configures it; and where the backend asks itself, nothing goes round in a circle."""
    found = (configparser.ConfigParser(), configparser.ConfigParser(interpolation=None))
    shown = blocks((ROOT / "docs" / "connection-sources.md").read_text(), "ini")
    for parser, word in zip(found, ("SecretsManagerBackend", "credential_process"), strict=True):
        parser.read_string(next(block for block in shown if word in block))
    secrets, profiles = found
    profile = profiles["profile airflow-secrets"]
    process = profile["credential_process"].replace("airflow-s3rest", f"{python} -m airflow_provider_s3rest.cli")
    profile["credential_process"] = process if switched_off else process.partition("= ")[2]
    with (tmp_path / "config").open("w") as file:
        profiles.write(file)
    kwargs = json.loads(secrets["secrets"]["backend_kwargs"])
    kwargs |= {"profile_name": "airflow-secrets", "endpoint_url": secrets_manager, "region_name": stack.region}
    environment = {
        **os.environ,
        "AIRFLOW_CONN_S3REST_ENV": json.dumps(stack.connection("access_keys")),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__SECRETS__BACKEND": secrets["secrets"]["backend"],
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(kwargs),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "PYTHONPATH": str(ROOT),
    }
    command = [python, "-m", "airflow_provider_s3rest.cli", "credentials", "s3rest_default"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SessionToken" in json.loads(done.stdout)
