# SPDX-License-Identifier: Apache-2.0
"""The query operator against the real S3 server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_s3rest.operators.s3rest import S3RestQueryOperator, S3RestUpsertOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"
OBJECT_FIELDS = {"bucket_name", "key", "size", "etag", "last_modified", "storage_class", "region_name"}


@pytest.fixture
def query(run: Callable[..., Any]) -> Callable[..., Any]:
    """Query a bucket that holds a few objects."""
    for key, data in (("p/b.csv", "12345"), ("p/a.csv", ""), ("p/c.json", "1"), ("p/d/e.csv", "1"), ("q", "")):
        run(S3RestUpsertOperator, key=key, data=data)
    return lambda **arguments: run(S3RestQueryOperator, **arguments)


def test_rows_of_everything_that_is_known(query: Run, bucket: str) -> None:
    """In the order of the keys, in JSON's types."""
    rows = query(prefix="p/", start_after="p/a.csv", limit="2")
    assert [row["key"] for row in rows] == ["p/b.csv", "p/c.json"]
    assert {frozenset(row) for row in rows} == {frozenset(OBJECT_FIELDS)}
    assert (rows[0]["bucket_name"], rows[0]["size"], rows[0]["region_name"]) == (bucket, 5, "us-east-1")
    assert json.loads(json.dumps(rows)) == rows


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ({"glob": "*.csv"}, ["p/a.csv", "p/b.csv", "p/d/e.csv"]),
        ({"glob": ["p/*.csv", "q"]}, ["p/a.csv", "p/b.csv", "q"]),
        ({"regex": r"[ab]\.csv$"}, ["p/a.csv", "p/b.csv"]),
        ({"min_bytes": "1", "max_bytes": 4}, ["p/c.json", "p/d/e.csv"]),
        ({"storage_class": "STANDARD", "glob": "q", "newer_than": "3600"}, ["q"]),
        ({"modified_before": "2020-01-01T00:00:00Z"}, []),
        ({"older_than": 3600}, []),
        ({"limit": 1, "glob": "", "regex": ""}, ["p/a.csv"]),
    ],
)
def test_filters(query: Run, arguments: dict[str, Any], keys: list[str]) -> None:
    """Those that a template left empty filter nothing."""
    assert query(fields="key", **arguments) == keys


def test_fields(query: Run, bucket: str) -> None:
    """A list of them makes rows, one alone a list of values."""
    assert query(prefix="q", fields=["bucket_name", "key"]) == [{"bucket_name": bucket, "key": "q"}]
    assert query(prefix="q", fields=["key"]) == [{"key": "q"}]
    assert query(prefix="p/d", fields="uri") == [f"s3://{bucket}/p/d/e.csv"]
    with pytest.raises(AirflowFailException, match="fields: there is no 'name'; there are bucket_name, key, size"):
        query(fields="name")
    with pytest.raises(AirflowFailException, match="fields: there is no 'version_id'"):
        query(fields=["version_id"])


def test_chunks_fit_for_mapping(query: Run) -> None:
    """Lists of so many rows, the last one of what is left; of nothing, none."""
    assert query(fields="key", chunk_size=2) == [["p/a.csv", "p/b.csv"], ["p/c.json", "p/d/e.csv"], ["q"]]
    assert query(fields="key", chunk_size="10", glob="no") == []
    with pytest.raises(AirflowFailException, match="chunk_size: must be a number, 1 or more, not 0"):
        query(chunk_size=0)


def test_a_folder(query: Run) -> None:
    """Common prefixes stand among the objects, and say so."""
    rows = query(prefix="p/", delimiter="/", fields=["key", "is_prefix", "size"])
    assert [tuple(row.values()) for row in rows] == [
        ("p/a.csv", False, 0),
        ("p/b.csv", False, 5),
        ("p/c.json", False, 1),
        ("p/d/", True, None),
    ]
    assert query(delimiter="/", glob="*/", fields="key") == ["p/"]
    assert set(query(delimiter="/", limit=1)[0]) == OBJECT_FIELDS | {"is_prefix"}


def test_versions(query: Run, run: Run, local_stack: LocalStack, bucket: str) -> None:
    """Every version and marker, with what tells them apart."""
    enabled = {"Status": "Enabled"}
    local_stack.s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    version = run(S3RestUpsertOperator, key="v", data="new")["version_id"]
    local_stack.s3_client().delete_object(Bucket=bucket, Key="v")
    marker, older = query(prefix="v", versions="True")
    assert set(marker) == OBJECT_FIELDS | {"version_id", "is_latest", "is_delete_marker"}
    assert (marker["is_delete_marker"], marker["is_latest"], marker["size"]) == (True, True, None)
    assert (older["is_delete_marker"], older["is_latest"], older["version_id"]) == (False, False, version)
    with pytest.raises(AirflowFailException, match="versions: can't go together with delimiter"):
        query(versions=True, delimiter="/")


def test_too_many_results_are_an_error(query: Run) -> None:
    """That says what to do."""
    assert len(query(max_results=5)) == 5
    with pytest.raises(
        AirflowFailException, match=r"max_results: more than 4 were found .* set limit, or raise max_re"
    ):
        query(max_results="4")
    assert len(query(max_results=4, limit=4)) == 4


def test_a_url_names_the_bucket(query: Run, bucket: str) -> None:
    """In the place of the prefix."""
    assert query(bucket_name=None, prefix=f"s3://{bucket}/p/d/", fields="key") == ["p/d/e.csv"]
    with pytest.raises(AirflowFailException, match="prefix: is an s3:// URL, and bucket_name is given too"):
        query(prefix=f"s3://{bucket}/p/d/")
