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
from airflow_provider_s3rest.operators import s3rest as operators
from airflow_provider_s3rest.operators.s3rest import (
    S3RestAbortMultipartOperator,
    S3RestBucketTagsOperator,
    S3RestCopyOperator,
    S3RestCreateBucketOperator,
    S3RestDeleteBucketOperator,
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestPresignOperator,
    S3RestQueryOperator,
    S3RestSelectOperator,
    S3RestSyncOperator,
    S3RestUpsertOperator,
)
from airflow_provider_s3rest.s3.options import Write
from airflow_provider_s3rest.s3.plain.client import PlainClient
from airflow_provider_s3rest.s3.upload import SINGLE_PUT_BYTES
from airflow_provider_s3rest.sensors import s3rest as sensors
from airflow_provider_s3rest.sensors.s3rest import (
    S3RestAbsentSensor,
    S3RestKeySensor,
    S3RestPrefixSensor,
    S3RestUnchangedSensor,
)
from airflow_provider_s3rest.transfers import local_to_s3rest, s3rest_to_local
from airflow_provider_s3rest.transfers.local_to_s3rest import LocalFilesystemToS3RestOperator
from airflow_provider_s3rest.transfers.s3rest_to_local import S3RestToLocalFilesystemOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parents[3] / "docs" / "requests.md"
SQL = "SELECT * FROM S3Object"
DUCKDB: dict[str, Any] = {"engine": "duckdb", "input_format": "csv"}
S3_SELECT: dict[str, Any] = {"engine": "s3_select", "input_format": "csv"}
THREE = ["p/a", "p/b", "p/c"]
# Answers other than 200 stand in colours.
REQUEST = re.compile(r"([A-Z]+) (/\S*) HTTP")
# By its method, the depth of its path and what its query holds; the first that fits.
SERVICE, BUCKET, OBJECT = range(3)
KINDS = (
    ("GET", SERVICE, "", "ListBuckets"),
    ("HEAD", BUCKET, "", "HeadBucket"),
    ("PUT", BUCKET, "tagging", "PutBucketTagging"),
    ("PUT", BUCKET, "", "CreateBucket"),
    ("DELETE", BUCKET, "tagging", "DeleteBucketTagging"),
    ("DELETE", BUCKET, "", "DeleteBucket"),
    ("GET", BUCKET, "tagging", "GetBucketTagging"),
    ("GET", BUCKET, "list-type=2", "ListObjectsV2"),
    ("GET", BUCKET, "versions", "ListObjectVersions"),
    ("GET", BUCKET, "uploads", "ListMultipartUploads"),
    ("POST", BUCKET, "delete", "DeleteObjects"),
    ("HEAD", OBJECT, "", "HeadObject"),
    ("GET", OBJECT, "tagging", "GetObjectTagging"),
    ("PUT", OBJECT, "tagging", "PutObjectTagging"),
    ("DELETE", OBJECT, "tagging", "DeleteObjectTagging"),
    ("DELETE", OBJECT, "uploadId", "AbortMultipartUpload"),
    ("GET", OBJECT, "", "GetObject"),
    ("POST", OBJECT, "select", "SelectObjectContent"),
    ("POST", OBJECT, "uploads", "CreateMultipartUpload"),
    ("POST", OBJECT, "uploadId", "CompleteMultipartUpload"),
    ("PUT", OBJECT, "partNumber", "UploadPart"),
    ("PUT", OBJECT, "", "PutObject"),
)


def table() -> dict[str, str]:
    """The table of the page: what is done, and the requests that it takes."""
    rows = re.findall(r"^\| ([^|]+) \| (\d[^|]*|none) \|$", PAGE.read_text(), re.MULTILINE)
    return dict(rows)


class Bench:
    """A hook, a bucket with three objects, another one that may be made, and a folder with three files."""

    def __init__(self, hook: S3RestHook, bucket: str, folder: Path) -> None:
        self.hook = hook
        self.bucket = bucket
        self.other = f"{bucket}-other"
        self.folder = folder

    def make_other(self, *keys: str) -> None:
        """Make the other bucket, with these objects."""
        self.hook.create_bucket(self.other)
        self.hook.upsert_objects(self.other, dict.fromkeys(keys, b"1"))

    def leave_upload(self) -> None:
        """Begin an upload that nobody completes."""
        self.hook.get_conn().create_multipart_upload(Bucket=self.bucket, Key="left")

    def poke(self, kind: type, **arguments: Any) -> None:
        """Let a sensor look once."""
        self._task(kind, arguments).poke({})

    def run(self, kind: type, **arguments: Any) -> None:
        """Run an operator."""
        self._task(kind, arguments).execute({})

    def _task(self, kind: type, arguments: dict[str, Any]) -> Any:
        where = {} if {"source", "bucket_name"} & set(arguments) else {"bucket_name": self.bucket}
        return kind(task_id="task", s3rest_conn_id="requests", **where, **arguments)


# What has to be there before.
BEFORE: dict[str, Callable[[Bench], object]] = {
    "read an object of 17 MiB, written in parts, into a file": lambda at: at.hook.upsert_object(
        at.bucket, "large", bytes(SINGLE_PUT_BYTES + 2**20)
    ),
    "abort an open upload": lambda at: at.leave_upload(),
    "delete a bucket": lambda at: at.make_other(),
    "delete a bucket with `force` and three objects": lambda at: at.make_other(*THREE),
    "`S3RestAbortMultipartOperator`": lambda at: at.leave_upload(),
    "`S3RestDeleteBucketOperator`": lambda at: at.make_other(),
}
DONE: dict[str, Callable[[Bench], object]] = {
    "read an object": lambda at: at.hook.get_object(at.bucket, "p/a").read(),
    "read an object of 17 MiB, written in parts, into a file": lambda at: at.hook.download_file(
        at.bucket, "large", at.folder / "new"
    ),
    "read its metadata": lambda at: at.hook.head_object(at.bucket, "p/a"),
    "read three objects": lambda at: list(at.hook.get_objects(at.bucket, THREE)),
    "write up to 16 MiB": lambda at: at.hook.upsert_object(at.bucket, "new", bytes(SINGLE_PUT_BYTES)),
    "write 17 MiB": lambda at: at.hook.upsert_object(at.bucket, "new", bytes(SINGLE_PUT_BYTES + 2**20)),
    "read the metadata of three objects": lambda at: at.hook.head_objects(at.bucket, THREE),
    "write three objects": lambda at: at.hook.upsert_objects(at.bucket, dict.fromkeys(THREE, b"1")),
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
    "sync three objects to S3": lambda at: at.hook.sync(f"s3://{at.bucket}/p/", f"s3://{at.bucket}/copy/"),
    "write an object from a file": lambda at: at.hook.upload_file(at.folder / "a", at.bucket, "new"),
    "read an object into a file": lambda at: at.hook.download_file(at.bucket, "p/a", at.folder / "new"),
    "delete two versions below a prefix": lambda at: at.hook.delete_prefix(at.bucket, "p/", versions=True),
    "read the tags of an object": lambda at: at.hook.get_tags(at.bucket, "p/a"),
    "write the tags of an object": lambda at: at.hook.put_tags(at.bucket, "p/a", {"a": "1"}, merge=False),
    "write tags over those of an object": lambda at: at.hook.put_tags(at.bucket, "p/a", {"a": "1"}),
    "delete the tags of an object": lambda at: at.hook.delete_tags(at.bucket, "p/a"),
    "list open uploads": lambda at: list(at.hook.list_uploads(at.bucket)),
    "abort an open upload": lambda at: at.hook.abort_uploads(at.bucket, older_than=0),
    "select from an object by DuckDB": lambda at: list(
        at.hook.select_object(at.bucket, "p/a", SQL, engine="duckdb", input_format="csv")
    ),
    "select from an object by S3 Select": lambda at: list(
        at.hook.select_object(at.bucket, "p/a", SQL, engine="s3_select", input_format="csv")
    ),
    "presign a URL": lambda at: at.hook.presign(at.bucket, "p/a"),
    "presign a form": lambda at: at.hook.presign_post(at.bucket, "new"),
    "create a bucket": lambda at: at.hook.create_bucket(at.other),
    "create a bucket with tags": lambda at: at.hook.create_bucket(at.other, tags={"a": "1"}),
    "create a bucket with `exist_ok` that is there": lambda at: at.hook.create_bucket(at.bucket, exist_ok=True),
    "delete a bucket": lambda at: at.hook.delete_bucket(at.other),
    "delete a bucket with `force` and three objects": lambda at: at.hook.delete_bucket(at.other, force=True),
    "read the tags of a bucket": lambda at: at.hook.get_bucket_tags(at.bucket),
    "write the tags of a bucket": lambda at: at.hook.put_bucket_tags(at.bucket, {"a": "1"}, merge=False),
    "write tags over those of a bucket": lambda at: at.hook.put_bucket_tags(at.bucket, {"a": "1"}),
    "delete the tags of a bucket": lambda at: at.hook.delete_bucket_tags(at.bucket),
    "test a connection of access keys": lambda at: at.hook.test_connection(),
    "`S3RestGetOperator`": lambda at: at.run(S3RestGetOperator, key="p/a"),
    "`S3RestUpsertOperator`": lambda at: at.run(S3RestUpsertOperator, key="new", data="1"),
    "`S3RestQueryOperator`": lambda at: at.run(S3RestQueryOperator, prefix="p/"),
    "`S3RestDeleteOperator` of keys": lambda at: at.run(S3RestDeleteOperator, keys=THREE),
    "`S3RestDeleteOperator` of a prefix": lambda at: at.run(S3RestDeleteOperator, prefix="p/"),
    "`S3RestCopyOperator` of an object": lambda at: at.run(
        S3RestCopyOperator, source_bucket_name=at.bucket, source_key="p/a", key="copy/a"
    ),
    "`S3RestSyncOperator`, three files": lambda at: at.run(
        S3RestSyncOperator, source=str(at.folder), target=f"s3://{at.bucket}/up/"
    ),
    "`S3RestPresignOperator`": lambda at: at.run(S3RestPresignOperator, key="p/a"),
    "`S3RestBucketTagsOperator`": lambda at: at.run(S3RestBucketTagsOperator, tags={"a": "1"}),
    "`S3RestSelectOperator`, by DuckDB": lambda at: at.run(S3RestSelectOperator, key="p/a", expression=SQL, **DUCKDB),
    "`S3RestCreateBucketOperator`": lambda at: at.run(S3RestCreateBucketOperator, bucket_name=at.other),
    "`S3RestDeleteBucketOperator`": lambda at: at.run(S3RestDeleteBucketOperator, bucket_name=at.other),
    "`S3RestAbortMultipartOperator`": lambda at: at.run(S3RestAbortMultipartOperator, older_than=0),
    "`LocalFilesystemToS3RestOperator`, a file": lambda at: at.run(
        LocalFilesystemToS3RestOperator, local_path=str(at.folder / "a"), key="new"
    ),
    "`S3RestToLocalFilesystemOperator`, a file": lambda at: at.run(
        S3RestToLocalFilesystemOperator, key="p/a", local_path=str(at.folder / "new")
    ),
    "wait for a key, one look": lambda at: at.poke(S3RestKeySensor, key="p/a"),
    "wait for a pattern, one look": lambda at: at.poke(S3RestKeySensor, glob="p/*"),
    "wait for a prefix, one look": lambda at: at.poke(S3RestPrefixSensor, prefix="p/"),
    "wait for an unchanged prefix, one look": lambda at: at.poke(S3RestUnchangedSensor, prefix="p/", quiet_for=60),
    "wait for the absence of a prefix, one look": lambda at: at.poke(S3RestAbsentSensor, prefix="none/"),
}


@pytest.fixture
def bench(moto_fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    """All of it, on moto, since one that is asked in this process can tell by what."""
    monkeypatch.setenv("AIRFLOW_CONN_REQUESTS", json.dumps({"conn_type": "s3rest", **moto_fields}))
    # It is AWS that charges.
    monkeypatch.setattr(PlainClient, "is_aws", True)
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
    for name in (bucket, f"{bucket}-other"):
        hook.delete_bucket(name, force=True, missing_ok=True)


def kind_of(line: str) -> str | None:
    """Name the request of a line of moto's log."""
    found = REQUEST.search(line)
    if not found:
        return None
    method, target = found.groups()
    path, _, query = target.partition("?")
    depth = min(path.strip("/").count("/") + 1, OBJECT) if path.strip("/") else SERVICE
    fitting = (name for verb, level, part, name in KINDS if (method, depth) == (verb, level) and part in query)
    name = next(fitting, f"{method} {target}")
    return "CopyObject" if name == "PutObject" and "/copy/" in target else name


def counted(lines: list[str]) -> str:
    """Write requests as the page does."""
    kinds = Counter(filter(None, map(kind_of, lines)))
    order = [name for *_, name in KINDS] + ["CopyObject"]
    told = sorted(kinds.items(), key=lambda item: order.index(item[0]))
    return ", ".join(f"{count} {name}" for name, count in told) or "none"


def test_the_page_lists_what_is_counted() -> None:
    """Each row is checked, and nothing else."""
    assert list(table()) == list(DONE)


# The rest of the hook: what sends nothing, or is one of the requests above by another name.
NOT_COUNTED = {"connection", "store", "get_conn", "get_credentials", "diagnose", "progress"}


def test_every_method_of_the_hook_is_counted() -> None:
    """None is left to surprise on a bill."""
    methods = {
        name
        for part in S3RestHook.__mro__
        if part.__module__.startswith("airflow_provider_s3rest")
        for name, value in vars(part).items()
        if not name.startswith("_") and not isinstance(value, str | staticmethod | classmethod)
    }
    counted_here = set(re.findall(r"at\.hook\.(\w+)\(", Path(__file__).read_text()))
    assert methods - NOT_COUNTED <= counted_here


@pytest.mark.parametrize("package", [operators, sensors, local_to_s3rest, s3rest_to_local])
def test_every_operator_is_counted(package: Any) -> None:
    """Sensors and transfers too."""
    kinds = {name for name in getattr(package, "__all__", vars(package)) if name.startswith(("S3Rest", "Local"))}
    counted_here = set(re.findall(r"at\.(?:run|poke)\(\s*(\w+)", Path(__file__).read_text()))
    assert kinds - {"S3RestOperator"} <= counted_here


@pytest.mark.parametrize("what", DONE)
def test_an_operation_sends_no_more_requests_than_the_page_says(
    bench: Bench, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Nor fewer."""
    BEFORE.get(what, lambda _: None)(bench)
    caplog.set_level(logging.INFO, "werkzeug")
    caplog.clear()
    DONE[what](bench)
    lines = [record.getMessage() for record in caplog.records if record.name == "werkzeug"]
    assert counted(lines) == table()[what]
