# SPDX-License-Identifier: Apache-2.0
"""The sync operator and the transfers, against the real S3 server."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.hooks.storage import locate_files
from airflow_provider_s3rest.operators.s3rest import S3RestSyncOperator
from airflow_provider_s3rest.transfers.local_to_s3rest import LocalFilesystemToS3RestOperator
from airflow_provider_s3rest.transfers.s3rest_to_local import S3RestToLocalFilesystemOperator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def sync(run: Run, bucket: str) -> Callable[..., Any]:
    """Run the sync operator, which knows no bucket but those of its URLs."""

    def sync(**arguments: Any) -> Any:
        given = {name: value.format(bucket) if isinstance(value, str) else value for name, value in arguments.items()}
        return S3RestSyncOperator(task_id="task", **given).execute({})

    assert run
    return sync


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two files."""
    (tmp_path / "folder" / "in").mkdir(parents=True)
    (tmp_path / "folder" / "a.csv").write_text("1")
    (tmp_path / "folder" / "in" / "b.txt").write_text("22")
    return tmp_path / "folder"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryFileSystem:
    """The file system of memory, empty."""
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return MemoryFileSystem()


def test_sync_goes_all_three_ways(sync: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    """Up, across and down, with results of JSON's types."""
    up = sync(source=str(folder), target="s3://{}/up")
    assert json.loads(json.dumps(up)) == up
    assert (up["uploaded"], up["size"], up["source"]) == (2, 3, str(folder))
    across = sync(source="s3://{}/up/", target="s3://{}/across", exclude="*.txt")
    assert across["copied"] == 1
    down = sync(source="s3://{}/across", target=tmp_path / "down", max_concurrency="2")
    assert (down["downloaded"], (tmp_path / "down" / "a.csv").read_text()) == (1, "1")


def test_sync_takes_texts_of_templates(sync: Callable[..., Any], folder: Path) -> None:
    """As truth values too."""
    sync(source=str(folder), target="s3://{}/up")
    (folder / "a.csv").unlink()
    planned = sync(source=str(folder), target="s3://{}/up", delete="True", dry_run="true", compare="checksum")
    assert (planned["planned"], planned["deleted"]) == (["delete a.csv"], 1)
    assert sync(source=str(folder), target="s3://{}/up", delete="True", dry_run="False")["deleted"] == 1


def test_sync_reads_by_another_connection(
    sync: Callable[..., Any], folder: Path, local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes then go through the worker."""
    other = local_stack.connection(max_concurrency="3")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(other))
    sync(source=str(folder), target="s3://{}/up")
    done = sync(source="s3://{}/up", target="s3://{}/across", source_s3rest_conn_id="other")
    assert (done["copied"], done["size"]) == (2, 3)


def test_sync_encrypts_by_a_key_of_ones_own(sync: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    """On both sides, each by its own argument."""
    sync(source=str(folder), target="s3://{}/up", sse_customer_key=KEY, write_options={"metadata": {"a": "b"}})
    with pytest.raises(S3RestError, match="2 of the files"):
        sync(source="s3://{}/up", target=tmp_path / "down")
    assert sync(source="s3://{}/up", target=tmp_path / "down", sse_customer_key=KEY)["downloaded"] == 2
    assert sync(source="s3://{}/up", target="s3://{}/across", source_sse_customer_key=KEY)["copied"] == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"source": "a", "target": "b"}, "one of them at least must be an s3:// URL"),
        ({"source": "s3://{0}/x", "target": "s3://{0}/x/y"}, "hold each other"),
        ({"source": "s3://{}/x", "target": "b", "write_options": {"tags": {"a": "b"}}}, "are for a target in S3"),
        ({"source": "s3://{}/x", "target": "b", "compare": "date"}, "compare: 'date' is none of"),
        ({"source": "a", "target": "s3://{}/x", "write_options": {"colour": "red"}}, "colour: is no option"),
        ({"source": "s3://{}/x", "target": "b", "storage_conn_id": "c"}, "storage_conn_id: is for a URL"),
        (
            {"source": "memory://a", "target": "s3://{}/x", "storage_conn_id": "c"},
            "storage_conn_id: nothing could use it for",
        ),
        ({"source": "s3://?", "target": "b"}, "is not the name of a bucket"),
    ],
)
def test_what_can_not_be_fails_for_good(sync: Callable[..., Any], arguments: dict[str, Any], why: str) -> None:
    """With the argument's name."""
    with pytest.raises(AirflowFailException, match=why):
        sync(**arguments)


def test_a_file_goes_to_a_key_and_comes_back(run: Run, folder: Path, tmp_path: Path) -> None:
    """With what is known of the object, and with its time."""
    up = run(
        LocalFilesystemToS3RestOperator, local_path=folder / "a.csv", key="k/x", write_options={"tags": {"a": "b"}}
    )
    assert json.loads(json.dumps(up)) == up
    assert (up["key"], up["size"]) == ("k/x", 1)
    target = tmp_path / "new" / "folder" / "x"
    down = run(S3RestToLocalFilesystemOperator, key="k/x", local_path=str(target))
    assert json.loads(json.dumps(down)) == down
    assert (down["size"], down["local_path"], down["content_type"]) == (1, str(target), "application/octet-stream")
    assert target.read_text() == "1"
    assert os.listdir(target.parent) == ["x"]  # noqa: PTH208


def test_a_folder_goes_to_a_prefix_and_comes_back(run: Run, folder: Path, tmp_path: Path) -> None:
    """Only what is missing."""
    up = {"local_path": folder, "prefix": "p"}
    assert run(LocalFilesystemToS3RestOperator, **up)["uploaded"] == 2
    assert run(LocalFilesystemToS3RestOperator, **up)["skipped"] == 2
    down = {"prefix": "p", "local_path": tmp_path / "down", "include": "*.csv"}
    assert run(S3RestToLocalFilesystemOperator, **down)["downloaded"] == 1
    assert (tmp_path / "down" / "a.csv").read_text() == "1"


def test_a_url_names_bucket_and_key(run: Run, bucket: str, folder: Path, tmp_path: Path) -> None:
    """Of an object or of a folder; a key of one's own encrypts either."""
    place = {"bucket_name": None, "sse_customer_key": "{{ '" + KEY + "' }}"}
    run(LocalFilesystemToS3RestOperator, local_path=folder / "a.csv", key=f"s3://{bucket}/x", **place)
    run(LocalFilesystemToS3RestOperator, local_path=folder, prefix=f"s3://{bucket}/p", **place)
    run(S3RestToLocalFilesystemOperator, local_path=tmp_path / "x", key=f"s3://{bucket}/x", **place)
    run(S3RestToLocalFilesystemOperator, local_path=tmp_path / "p", prefix=f"s3://{bucket}/p", **place)
    assert [(tmp_path / name).read_text() for name in ("x", "p/in/b.txt")] == ["1", "22"]


def test_another_storage_stands_in_for_the_worker(run: Run, folder: Path, memory: MemoryFileSystem) -> None:
    """Both for files and for folders."""
    run(LocalFilesystemToS3RestOperator, local_path=folder, prefix="p")
    assert run(S3RestToLocalFilesystemOperator, prefix="p", local_path="memory://down")["downloaded"] == 2
    assert memory.cat_file("/down/in/b.txt") == b"22"
    assert run(LocalFilesystemToS3RestOperator, local_path="memory://down", prefix="q")["uploaded"] == 2
    assert run(S3RestToLocalFilesystemOperator, key="q/a.csv", local_path="memory://one/x")["size"] == 1
    assert memory.cat_file("/one/x") == b"1"
    assert run(LocalFilesystemToS3RestOperator, local_path="memory://one/x", key="z")["size"] == 1


def test_a_link_that_the_user_names_is_followed(run: Run, folder: Path, tmp_path: Path) -> None:
    """It is theirs."""
    (tmp_path / "link").symlink_to(folder / "in" / "b.txt")
    assert run(LocalFilesystemToS3RestOperator, local_path=tmp_path / "link", key="x")["size"] == 2


def test_a_missing_object_or_file_is_an_error(run: Run, tmp_path: Path) -> None:
    """And leaves no folder behind."""
    with pytest.raises(S3RestNotFoundError):
        run(S3RestToLocalFilesystemOperator, key="absent", local_path=tmp_path / "new" / "file")
    with pytest.raises(FileNotFoundError):
        run(LocalFilesystemToS3RestOperator, key="x", local_path=tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [LocalFilesystemToS3RestOperator, S3RestToLocalFilesystemOperator])
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "key: give either key, for a file, or prefix, for a folder"),
        ({"key": "a", "prefix": "b"}, "key: give either"),
        ({"key": "a", "include": "*"}, "include: is for a folder"),
        ({"key": "a", "delete": "True"}, "delete: is for a folder"),
        ({"key": "a", "local_path": "s3://bucket/key"}, "local_path: is in S3; S3RestSyncOperator"),
        ({"key": "a", "local_path": "folder/"}, "local_path: folder/ is a folder; give the path of a file"),
    ],
)
def test_what_does_not_go_together_fails_for_good(run: Run, kind: type, arguments: dict[str, Any], why: str) -> None:
    """For both transfers alike."""
    with pytest.raises(AirflowFailException, match=why):
        run(kind, **{"local_path": "file", **arguments})


def test_a_version_is_of_one_object(run: Run, tmp_path: Path) -> None:
    """A folder has none."""
    with pytest.raises(AirflowFailException, match="version_id: is for one object"):
        run(S3RestToLocalFilesystemOperator, prefix="p", local_path=tmp_path, version_id="v")


def test_paths_of_airflow_are_taken(tmp_path: Path) -> None:
    """With the file system that they bring; a file URL is a path of this machine."""
    place: Any = locate_files(ObjectStoragePath(f"file://{tmp_path}/x"), "source")
    assert (place.path, str(place)) == (f"{tmp_path}/x", f"file://{tmp_path}/x")
    assert locate_files(f"file://{tmp_path}/x%20y", "source") == f"{tmp_path}/x%20y"
    assert locate_files(tmp_path, "source") == str(tmp_path)


def test_the_hook_syncs_too(run: Run, bucket: str, folder: Path) -> None:
    """The operator only passes on."""
    assert run
    result = S3RestHook().sync(folder, f"s3://{bucket}/p", storage_class="STANDARD")
    assert (result.uploaded, result.target) == (2, f"s3://{bucket}/p/")
