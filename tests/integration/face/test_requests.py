# SPDX-License-Identifier: Apache-2.0
"""How many requests each operation sends: S3 charges for every one, and docs/requests.md says what to expect."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.s3.options import Write
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES
from airflow_provider_s3rest.sensors.s3rest import S3RestAbsentSensor, S3RestKeySensor, S3RestPrefixSensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parents[3] / "docs" / "requests.md"
THREE = ["p/a", "p/b", "p/c"]
REQUEST = re.compile(r'"([A-Z]+) (/\S*) HTTP')
# By its method and what its query holds; the first that fits.
KINDS = (
    ("GET", "list-type=2", "ListObjectsV2"),
    ("GET", "versions", "ListObjectVersions"),
    ("GET", "tagging", "GetObjectTagging"),
    ("GET", "", "GetObject"),
    ("HEAD", "", "HeadObject"),
    ("POST", "delete", "DeleteObjects"),
    ("POST", "uploads", "CreateMultipartUpload"),
    ("POST", "uploadId", "CompleteMultipartUpload"),
    ("PUT", "partNumber", "UploadPart"),
    ("PUT", "", "PutObject"),
)


def table() -> dict[str, str]:
    """The table of the page: what is done, and the requests that it takes."""
    rows = re.findall(r"^\| ([^|]+) \| (\d[^|]*) \|$", PAGE.read_text(), re.MULTILINE)
    return dict(rows)


class Bench:
    """A hook, a bucket with three objects, and a folder with three files."""

    def __init__(self, hook: S3RestHook, bucket: str, folder: Path) -> None:
        self.hook = hook
        self.bucket = bucket
        self.folder = folder

    def poke(self, kind: type, **arguments: Any) -> None:
        """Let a sensor look once."""
        kind(task_id="wait", bucket_name=self.bucket, s3rest_conn_id="requests", **arguments).poke({})


DONE: dict[str, Callable[[Bench], object]] = {
    "read an object": lambda at: at.hook.get_object(at.bucket, "p/a").read(),
    "read its metadata": lambda at: at.hook.head_object(at.bucket, "p/a"),
    "read three objects": lambda at: list(at.hook.get_objects(at.bucket, THREE)),
    "write up to 16 MiB": lambda at: at.hook.upsert_object(at.bucket, "new", bytes(SINGLE_PUT_BYTES)),
    "write 17 MiB": lambda at: at.hook.upsert_object(at.bucket, "new", bytes(SINGLE_PUT_BYTES + 2**20)),
    "write with `skip_unchanged` what is there": lambda at: at.hook.upsert_object(
        at.bucket, "p/a", b"1", skip_unchanged=True
    ),
    "write with `skip_unchanged` what is not": lambda at: at.hook.upsert_object(
        at.bucket, "p/a", b"2", skip_unchanged=True
    ),
    "write if there is none": lambda at: at.hook.upsert_object(at.bucket, "new", b"1", if_none_match="*"),
    "delete an object": lambda at: at.hook.delete_objects(at.bucket, "p/a"),
    "delete 1,001 objects": lambda at: at.hook.delete_objects(at.bucket, [f"q/{number}" for number in range(1001)]),
    "delete three below a prefix": lambda at: at.hook.delete_prefix(at.bucket, "p/"),
    "list up to 1,000 objects": lambda at: list(at.hook.query_objects(at.bucket, prefix="p/")),
    "list a folder": lambda at: list(at.hook.query_folder(at.bucket, prefix="")),
    "list two folders with `parallel`": lambda at: list(at.hook.query_objects(at.bucket, parallel="/")),
    "list versions": lambda at: list(at.hook.query_versions(at.bucket, prefix="p/")),
    "copy an object": lambda at: at.hook.copy_object(at.bucket, "p/a", at.bucket, "copy/a"),
    "copy an object with metadata laid over its own": lambda at: at.hook.copy_object(
        at.bucket, "p/a", at.bucket, "copy/a", metadata={"a": "1"}
    ),
    "copy three below a prefix": lambda at: at.hook.copy_prefix(at.bucket, "p/", at.bucket, "copy/"),
    "sync three files to S3": lambda at: at.hook.sync(at.folder, f"s3://{at.bucket}/up/"),
    "sync three files to S3 where they are": lambda at: at.hook.sync(at.folder, f"s3://{at.bucket}/there/"),
    "sync three objects to files": lambda at: at.hook.sync(f"s3://{at.bucket}/p/", at.folder / "down"),
    "wait for a key, one look": lambda at: at.poke(S3RestKeySensor, key="p/a"),
    "wait for a pattern, one look": lambda at: at.poke(S3RestKeySensor, glob="p/*"),
    "wait for a prefix, one look": lambda at: at.poke(S3RestPrefixSensor, prefix="p/"),
    "wait for the absence of a prefix, one look": lambda at: at.poke(S3RestAbsentSensor, prefix="none/"),
}


@pytest.fixture
def bench(moto_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    """All of it, on moto, since one that is asked in this process can tell by what."""
    monkeypatch.setenv("AIRFLOW_CONN_REQUESTS", json.dumps({"conn_type": "s3rest", **moto_fields}))
    hook = S3RestHook("requests")
    bucket = f"requests-{uuid.uuid4().hex[:12]}"
    hook.create_bucket(bucket)
    folder = tmp_path / "files"
    folder.mkdir()
    for key in THREE:
        hook.store.upsert_object(bucket, key, b"1", Write())
        (folder / key[-1]).write_bytes(b"1")
    hook.sync(folder, f"s3://{bucket}/there/")
    yield Bench(hook, bucket, folder)
    hook.delete_bucket(bucket, force=True)


def kind_of(line: str) -> str | None:
    """Name the request of a line of moto's log."""
    found = REQUEST.search(line)
    if not found:
        return None
    method, target = found.groups()
    query = target.partition("?")[2]
    name = next(name for verb, part, name in KINDS if method == verb and part in query)
    return "CopyObject" if name == "PutObject" and "/copy/" in target else name


def counted(lines: list[str]) -> str:
    """Write requests as the page does."""
    kinds = Counter(filter(None, map(kind_of, lines)))
    order = [name for _, _, name in KINDS] + ["CopyObject"]
    return ", ".join(f"{count} {name}" for name, count in sorted(kinds.items(), key=lambda item: order.index(item[0])))


def test_the_page_lists_what_is_counted() -> None:
    """Each row is checked, and nothing else."""
    assert list(table()) == list(DONE)


@pytest.mark.parametrize("what", DONE)
def test_an_operation_sends_no_more_requests_than_the_page_says(
    bench: Bench, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Nor fewer."""
    caplog.set_level(logging.INFO, "werkzeug")
    caplog.clear()
    DONE[what](bench)
    lines = [record.getMessage() for record in caplog.records if record.name == "werkzeug"]
    assert counted(lines) == table()[what]
