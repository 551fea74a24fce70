# SPDX-License-Identifier: Apache-2.0
"""What a task loads for its work: boto3 would take it a quarter of a second, and 14 MiB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.hooks.s3rest import S3RestHook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
import sys
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
hook, names = S3RestHook("loading"), sys.argv[1:]
up, down, beside = (hook.sync(*names[at : at + 2]) for at in (0, 2, 4))
print(up.uploaded, down.downloaded, beside.copied)
print(sorted({"boto3", "botocore.session"} & set(sys.modules)))
"""


@pytest.fixture
def bucket(moto_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A bucket with an object, and a file beside it."""
    monkeypatch.setenv("AIRFLOW_CONN_LOADING", json.dumps({"conn_type": "s3rest", **moto_fields}))
    hook = S3RestHook("loading")
    name = f"loading-{uuid.uuid4().hex[:12]}"
    hook.create_bucket(name)
    hook.upsert_object(name, "there/a", b"1")
    tmp_path.joinpath("here").mkdir()
    tmp_path.joinpath("here", "a").write_bytes(b"1")
    yield name
    hook.delete_bucket(name, force=True)


def test_a_sync_loads_no_boto3(bucket: str, tmp_path: Path) -> None:
    """From files, to files, and between prefixes."""
    there, up, beside = (f"s3://{bucket}/{name}/" for name in ("there", "up", "beside"))
    arguments = [tmp_path / "here", up, there, tmp_path / "down", there, beside]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["1 1 1", "[]"]
