# SPDX-License-Identifier: Apache-2.0
"""Lineage of real operations: what Airflow's collector is told by the hook, and OpenLineage by the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.openlineage.extractors.base import DefaultExtractor
from airflow.sdk import lineage, plugins_manager
from airflow.sdk.lineage import HookLineageCollector, HookLineageReader

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import (
    S3RestCopyOperator,
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestPresignOperator,
    S3RestSelectOperator,
    S3RestSyncOperator,
    S3RestUpsertOperator,
)
from airflow_provider_s3rest.transfers.local_to_s3rest import LocalFilesystemToS3RestOperator
from airflow_provider_s3rest.transfers.s3rest_to_local import S3RestToLocalFilesystemOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Run = "Callable[..., Any]"
IN, OUT = ("s3://bucket", "in/a.csv"), ("s3://bucket", "out/a.csv")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookLineageCollector]:
    """The collector of an Airflow in which somebody reads it."""
    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: [HookLineageReader])
    lineage.get_hook_lineage_collector.cache_clear()
    yield lineage.get_hook_lineage_collector()
    lineage.get_hook_lineage_collector.cache_clear()


@pytest.fixture
def filled(run: Run, s3_client: Any, bucket: str) -> str:
    """The bucket, with one object, to which the default connection leads."""
    del run
    s3_client.put_object(Bucket=bucket, Key="in/a.csv", Body=b"id\n1\n")
    return bucket


def _upsert(hook: S3RestHook, bucket: str, folder: Path) -> None:
    (folder / "a.csv").write_text("id\n2\n")
    hook.upsert_object(bucket, "out.csv", folder / "a.csv")


def _copy(hook: S3RestHook, bucket: str, _: Path) -> None:
    hook.copy_object(bucket, "in/a.csv", bucket, "out.csv")


def _copy_prefix(hook: S3RestHook, bucket: str, _: Path) -> None:
    hook.copy_prefix(bucket, "in/", bucket, "out/")
    hook.copy_prefix(bucket, "in/", bucket, "never/", dry_run=True)


def _select(hook: S3RestHook, bucket: str, _: Path) -> None:
    hook.select_object(bucket, "in/a.csv", "SELECT * FROM S3Object", engine="duckdb").text(100)


def _sync(hook: S3RestHook, bucket: str, folder: Path) -> None:
    hook.sync(f"s3rest://{bucket}/in", folder / "down")
    hook.sync(f"s3://{bucket}/in", folder / "never", dry_run=True)


def _upload(hook: S3RestHook, bucket: str, folder: Path) -> None:
    (folder / "a.csv").write_text("id\n2\n")
    hook.upload_file(folder / "a.csv", bucket, "out.csv")


def _delete(hook: S3RestHook, bucket: str, _: Path) -> None:
    hook.delete_objects(bucket, ["in/a.csv", "x"])


def _delete_prefix(hook: S3RestHook, bucket: str, _: Path) -> None:
    hook.delete_prefix(bucket, "in/a", dry_run=True)
    hook.delete_prefix(bucket, "in/")


@pytest.mark.parametrize(
    ("work", "inputs", "outputs"),
    [
        (lambda hook, bucket, _: hook.get_object(bucket, "in/a.csv").close(), ["s3rest://B/in/a.csv"], []),
        (_upsert, ["file://F/a.csv"], ["s3rest://B/out.csv"]),
        (_copy, ["s3rest://B/in/a.csv"], ["s3rest://B/out.csv"]),
        (_copy_prefix, ["s3rest://B/in"], ["s3rest://B/out"]),
        (_select, ["s3rest://B/in/a.csv"], []),
        (_sync, ["s3rest://B/in"], ["file://F/down"]),
        (_upload, ["file://F/a.csv"], ["s3rest://B/out.csv"]),
        (
            lambda hook, bucket, folder: hook.download_file(bucket, "in/a.csv", folder / "b"),
            ["s3rest://B/in/a.csv"],
            ["file://F/b"],
        ),
        (_delete, ["s3rest://B/in/a.csv", "s3rest://B/x"], []),
        (_delete_prefix, ["s3rest://B/in"], []),
        (lambda hook, bucket, _: [*hook.query_objects(bucket)], [], []),
    ],
    ids=str.split("get upsert copy copy_prefix select sync upload download delete delete_prefix query"),
)
def test_the_collector_is_told(
    filled: str,
    collector: HookLineageCollector,
    tmp_path: Path,
    work: Callable[[S3RestHook, str, Path], object],
    inputs: list[str],
    outputs: list[str],
) -> None:
    """Of what was read and written, and nothing of a dry run or of a listing."""
    work(S3RestHook(), filled, tmp_path)
    found = collector.collected_assets
    for told, wanted in ((found.inputs, inputs), (found.outputs, outputs)):
        uris = [each.asset.uri.replace(filled, "B").replace(str(tmp_path), "F") for each in told]
        assert uris == wanted


OPERATORS: list[tuple[type, dict[str, Any], list[tuple[str, str]], list[tuple[str, str]]]] = [
    (S3RestGetOperator, {"key": "in/a.csv"}, [IN], []),
    (S3RestGetOperator, {"key": "in/a.csv", "local_path": "/var/a"}, [IN], [("file", "/var/a")]),
    (S3RestUpsertOperator, {"key": "out/a.csv", "data": ""}, [], [OUT]),
    (S3RestUpsertOperator, {"folder": "out", "local_path": "/var/a"}, [("file", "/var/a")], []),
    (S3RestCopyOperator, {"source_key": "s3://bucket/in/a.csv", "key": "out/a.csv"}, [IN], [OUT]),
    (
        S3RestCopyOperator,
        {"source_bucket_name": "other", "source_prefix": "in/", "prefix": "out/"},
        [("s3://other", "in")],
        [("s3://bucket", "out")],
    ),
    (S3RestCopyOperator, {"source_prefix": "s3://bucket/in/", "prefix": "out/", "dry_run": "True"}, [], []),
    (S3RestSelectOperator, {"key": "in/a.csv", "expression": "SELECT 1"}, [IN], []),
    (S3RestSelectOperator, {"key": "in/a.csv", "expression": "SELECT 1", "target_key": "out/a.csv"}, [IN], [OUT]),
    (
        S3RestSyncOperator,
        {"bucket_name": None, "source": "gs://bucket/in", "target": "s3://bucket/"},
        [("gs://bucket", "in")],
        [("s3://bucket", "/")],
    ),
    (LocalFilesystemToS3RestOperator, {"local_path": "/var/a", "key": "out/a.csv"}, [("file", "/var/a")], [OUT]),
    (
        S3RestToLocalFilesystemOperator,
        {"local_path": "/var/a", "prefix": "in"},
        [("s3://bucket", "in")],
        [("file", "/var/a")],
    ),
    (S3RestDeleteOperator, {"keys": ["in/a.csv"]}, [], []),
    (S3RestPresignOperator, {"key": "in/a.csv"}, [], []),
]


@pytest.mark.parametrize(("kind", "arguments", "inputs", "outputs"), OPERATORS)
def test_openlineage_is_told_at_the_start(
    kind: type, arguments: dict[str, Any], inputs: list[tuple[str, str]], outputs: list[tuple[str, str]]
) -> None:
    """As its own extractor asks for it; no connection is read."""
    given = {name: value for name, value in {"bucket_name": "bucket", **arguments}.items() if value is not None}
    told = DefaultExtractor(kind(task_id="task", **given)).extract()
    assert [(each.namespace, each.name) for each in told.inputs] == inputs
    assert [(each.namespace, each.name) for each in told.outputs] == outputs


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"keys": ["a", ["b"]]}, ["a", "b"]),
        ({"prefix": "old/"}, ["old"]),
        ({"prefix": "old/", "dry_run": True}, []),
        ({"keys": []}, []),
    ],
)
def test_openlineage_is_told_what_is_gone(arguments: dict[str, Any], names: list[str]) -> None:
    """In the end, as datasets that were dropped."""
    operator = S3RestDeleteOperator(task_id="task", bucket_name="bucket", **arguments)
    told = DefaultExtractor(operator).extract_on_complete(None).inputs
    assert [each.name for each in told] == names
    for each in told:
        change = each.facets["lifecycleStateChange"]
        assert change.lifecycleStateChange.value == "DROP"
        assert (change.previousIdentifier.namespace, change.previousIdentifier.name) == ("s3://bucket", each.name)
