# SPDX-License-Identifier: Apache-2.0
"""The delete operator against the real S3 server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestQueryOperator, S3RestUpsertOperator
from airflow_provider_s3rest.s3.engine import Deletion
from airflow_provider_s3rest.s3.plain.deletions import PlainDeleter
from airflow_provider_s3rest.s3.results import DeleteFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"


@pytest.fixture
def delete(run: Callable[..., Any]) -> Callable[..., Any]:
    """Delete from a bucket that holds a few objects."""
    for key in ("a", "b", "p/c.csv", "p/d.json"):
        run(S3RestUpsertOperator, key=key, data="12345")
    return lambda **arguments: run(S3RestDeleteOperator, **arguments)


def _left(run: Run) -> list[str]:
    keys: list[str] = run(S3RestQueryOperator, fields="key")
    return keys


@pytest.mark.parametrize(("keys", "deleted"), [("a", 1), (["a", "b"], 2), ([], 0), (("absent",), 1)])
def test_one_key_or_many(keys: object, deleted: int, delete: Run, run: Run, bucket: str) -> None:
    """Counted as S3 does."""
    result = delete(keys=keys)
    assert (result["bucket_name"], result["deleted"], result["dry_run"]) == (bucket, deleted, False)
    assert json.loads(json.dumps(result)) == result
    assert len(_left(run)) == 4 - (deleted if keys != ("absent",) else 0)


def test_the_results_of_a_query(delete: Run, run: Run) -> None:
    """Rows, rows in chunks, and rows that name the bucket themselves."""
    assert delete(keys=run(S3RestQueryOperator, prefix="p/", glob="*.csv"))["deleted"] == 1
    assert delete(keys=run(S3RestQueryOperator, prefix="p/", chunk_size=1), bucket_name=None)["deleted"] == 1
    assert delete(keys=run(S3RestQueryOperator, fields="key", chunk_size=5))["deleted"] == 2
    assert _left(run) == []


def test_versions_of_a_query(delete: Run, run: Run, local_stack: LocalStack, bucket: str) -> None:
    """Those that it names are gone for good."""
    enabled = {"Status": "Enabled"}
    local_stack.s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    for data in ("1", "2"):
        run(S3RestUpsertOperator, key="a", data=data)
    rows = run(S3RestQueryOperator, prefix="a", versions=True)
    assert delete(keys=[row for row in rows if not row["is_latest"]])["deleted"] == 2
    assert [row["is_latest"] for row in run(S3RestQueryOperator, prefix="a", versions=True)] == [True]
    assert delete(keys=["a", "b"])["delete_markers"] in {0, 2}
    assert delete(prefix="a", versions="true")["deleted"] == 2
    assert run(S3RestQueryOperator, prefix="a", versions=True) == []


def test_a_prefix_with_filters(delete: Run, run: Run) -> None:
    """A dry run tells what would be deleted, and deletes nothing."""
    planned = delete(prefix="p/", glob="*.csv", min_bytes=1, dry_run="true")
    assert (planned["dry_run"], planned["deleted"], planned["size"]) == (True, 1, 5)
    assert planned["keys"] == [{"key": "p/c.csv", "version_id": None}]
    assert json.loads(json.dumps(planned)) == planned
    assert len(_left(run)) == 4
    assert delete(prefix="p/", glob="*.csv", min_bytes=1)["deleted"] == 1
    assert _left(run) == ["a", "b", "p/d.json"]


def test_all_of_a_bucket(delete: Run, run: Run) -> None:
    """Only if it is said."""
    with pytest.raises(AirflowFailException, match="prefix: is empty, which means all of bucket"):
        delete(prefix="")
    with pytest.raises(AirflowFailException, match="prefix: is empty"):
        delete(prefix="", glob="*.csv", allow_all="false")
    assert len(_left(run)) == 4
    assert delete(prefix="", allow_all=True)["deleted"] == 4
    assert _left(run) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "keys: give either keys or prefix, and not both"),
        ({"keys": "a", "prefix": "p/"}, "keys: give either keys or prefix, and not both"),
        ({"keys": ["a"], "glob": "*"}, "keys: filters and versions go together with prefix only"),
        ({"keys": ["a"], "versions": True}, "keys: filters and versions go together with prefix only"),
        ({"keys": ""}, "keys: must be 1 to 1024 bytes"),
        ({"keys": ["a", None]}, "keys: None is no key"),
        ({"prefix": "p/", "glob": ""}, "glob: is empty; leave it out if nothing is to be left out by it"),
        ({"prefix": "p/", "dry_run": "perhaps"}, "dry_run: must be true or false, not 'perhaps'"),
        ({"prefix": "p/", "max_bytes": 1, "min_bytes": 2}, "min_bytes: 2 is more than max_bytes"),
    ],
)
def test_mistakes_delete_nothing(delete: Run, run: Run, arguments: dict[str, Any], message: str) -> None:
    """They fail at once, and trying again would not help."""
    with pytest.raises(AirflowFailException, match=message):
        delete(**arguments)
    assert len(_left(run)) == 4


def test_refused_keys_fail_the_task(
    delete: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After all others are gone, and each is in the log; the local server refuses none by itself."""
    failures = [
        DeleteFailure(key="locked", code="AccessDenied", message="object lock"),
        DeleteFailure(key="held", code="AccessDenied", message="legal hold", version_id="v1"),
    ]
    monkeypatch.setattr(PlainDeleter, "delete", lambda *_: Deletion(failures=failures, markers=0))
    with pytest.raises(
        S3RestError, match=r"2 objects .* were not deleted, 1 were; the first is 'locked' \(AccessDenied"
    ):
        delete(keys=["locked", ("held", "v1"), "other"])
    log = capsys.readouterr().out
    assert "Not deleted: locked (AccessDenied: object lock)" in log
    assert "Not deleted: held version v1 (AccessDenied: legal hold)" in log
