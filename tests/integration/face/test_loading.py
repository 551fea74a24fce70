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
result = S3RestHook("loading").sync(*sys.argv[1:])
print(result.uploaded + result.downloaded + result.copied, sorted({"boto3", "botocore.session"} & set(sys.modules)))
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


@pytest.mark.parametrize(
    ("source", "target"),
    [("{here}", "s3://{bucket}/up/"), ("s3://{bucket}/there/", "{down}"), ("s3://{bucket}/there/", "s3://{bucket}/b/")],
)
def test_a_sync_loads_no_boto3(bucket: str, tmp_path: Path, source: str, target: str) -> None:
    """From files, to files, and between prefixes."""
    names = {"bucket": bucket, "here": tmp_path / "here", "down": tmp_path / "down"}
    arguments = [each.format(**names) for each in (source, target)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1 []"
