# SPDX-License-Identifier: Apache-2.0
"""The wheel works beside nothing but Airflow, on the oldest and the newest one that it supports."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.get_provider_info.form import extra_fields, plain, standard_fields
from airflow_provider_s3rest.local.stack import LocalStack
from tests.system.installation import ROOT, Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(900)

HOOK_SCRIPT = """
import sys
from airflow_provider_s3rest.hooks.s3rest import S3RestHook

hook = S3RestHook(s3rest_conn_id=sys.argv[1])
assert hook.test_connection()[0], hook.test_connection()
hook.upsert_object(bucket_name="system", key="a/b.txt", data=b"bytes")
assert hook.get_object(bucket_name="system", key="a/b.txt").read() == b"bytes"
assert [found.key for found in hook.query_objects(bucket_name="system", prefix="a/")] == ["a/b.txt"]
hook.delete_objects(bucket_name="system", keys=["a/b.txt"])
assert not list(hook.query_objects(bucket_name="system"))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A local stack with the bucket ``system``."""
    with LocalStack() as running:
        running.s3_client().create_bucket(Bucket="system")
        yield running


def test_has_the_airflow_that_the_lock_says(installation: Installation) -> None:
    """The lock leads to the Airflow version that it names."""
    assert installation.run("airflow", "version").strip().endswith(installation.airflow_version)


def test_is_consistent(installation: Installation) -> None:
    """Every requirement of every installed package is met."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "pip", "check", "--python", installation.bin / "python"], check=True, capture_output=True)


def test_airflow_lists_the_provider(installation: Installation) -> None:
    """Airflow has found the provider by its entry point."""
    providers = installation.run("airflow", "providers", "list", "--output", "plain")
    assert re.search(r"^airflow-provider-s3rest .*", providers, re.MULTILINE)


def test_airflow_can_import_the_hook(installation: Installation) -> None:
    """The connection type leads to a hook that Airflow could load."""
    output = installation.run("airflow", "providers", "hooks", "--output", "plain")
    hook = r"airflow_provider_s3rest\.hooks\.s3rest\.S3RestHook"
    assert re.search(rf"^s3rest +{hook} +s3rest_conn_id ", output, re.MULTILINE)


def test_the_form_is_the_same_in_every_airflow(installation: Installation) -> None:
    """From the hook's class in the oldest, from the provider info in the newest; labels, help, choices and defaults."""
    output = installation.run("python", "-W", "default", str(ROOT / "tests" / "system" / "form.py"))
    form = json.loads(output.partition("FORM ")[2])
    standard = {name: (each or {}).get("title") for name, each in form["standard_fields"].items()}
    wanted = standard_fields()["relabeling"]
    assert {name: standard[name] for name in wanted} == wanted
    assert form["standard_fields"]["url_schema"]["hidden"]
    assert list(form["extra_fields"]) == list(extra_fields())
    for name, field in extra_fields().items():
        found = form["extra_fields"][name]
        shown, schema = found["schema"], field["schema"]
        assert (shown["title"], found["value"]) == (field["label"], schema.get("default"))
        assert shown.get("enum") == schema.get("enum")
        help_text = found["description"] or shown["description_md"]
        assert plain(help_text) == plain(schema["description_md"])
        if name in {"private_key_passphrase", "aws_session_token"}:
            assert shown["format"] == "password"


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "example_dags").glob("*.py")))
def test_an_example_is_a_valid_dag_file(installation: Installation, example: str) -> None:
    """Each example builds its DAG, on the oldest Airflow too."""
    installation.run("python", str(ROOT / "example_dags" / example))


@pytest.mark.parametrize("auth_type", ["access_keys", "roles_anywhere"])
def test_the_hook_works(installation: Installation, stack: LocalStack, auth_type: str) -> None:
    """The hook tests its connection, writes, reads, lists and deletes."""
    connection = json.dumps(stack.connection(auth_type))
    installation.run("python", "-c", HOOK_SCRIPT, "local", AIRFLOW_CONN_LOCAL=connection)


@pytest.mark.parametrize("auth_type", ["access_keys", "roles_anywhere"])
def test_the_command_works(installation: Installation, stack: LocalStack, auth_type: str) -> None:
    """The command tests the connection, and prints credentials and nothing else."""
    connection = json.dumps(stack.connection(auth_type))
    assert "Success after " in installation.run("airflow-s3rest", "check", "local", AIRFLOW_CONN_LOCAL=connection)
    printed = installation.run("airflow-s3rest", "credentials", "local", AIRFLOW_CONN_LOCAL=connection)
    assert json.loads(printed)["Version"] == 1


def test_the_demo_runs(installation: Installation, tmp_path: Path) -> None:
    """The example DAGs do under a real scheduler what they promise, with one CreateSession call."""
    for folder in ("demo", "example_dags"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    output = installation.run("python", "-m", "demo", PYTHONPATH=str(tmp_path))
    assert "all as it should be" in output
