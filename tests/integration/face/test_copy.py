# SPDX-License-Identifier: Apache-2.0
"""Copying objects by the operator, in the real S3 server."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.log import redact

from airflow_provider_s3rest.exceptions import S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestCopyOperator

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"
KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]


@pytest.fixture
def s3(s3_client: Any) -> Any:
    """Another client."""
    return s3_client


@pytest.fixture
def orders(s3: Any, bucket: str) -> str:
    """The URL of an object with a description."""
    s3.put_object(
        Bucket=bucket, Key="in/a.csv", Body=b"data", ContentType="text/x", Metadata={"a": "1"}, Tagging="team=x"
    )
    return f"s3://{bucket}/in/a.csv"


@pytest.mark.parametrize("url", [True, False])
def test_an_object(run: Run, s3: Any, bucket: str, orders: str, *, url: bool) -> None:
    """Named either way; the result is small, and in JSON's types."""
    source = {"source_key": orders} if url else {"source_bucket_name": bucket, "source_key": "in/a.csv"}
    result = run(S3RestCopyOperator, key="out/a.csv", **source)
    assert json.loads(json.dumps(result)) == result
    assert set(result) == {
        *("bucket_name", "key", "etag", "version_id", "size", "region_name"),
        *("source_bucket_name", "source_key", "source_version_id"),
    }
    assert (result["bucket_name"], result["key"], result["size"]) == (bucket, "out/a.csv", None)
    head = s3.head_object(Bucket=bucket, Key="out/a.csv")
    assert (head["ContentType"], head["Metadata"]) == ("text/x", {"a": "1"})


def test_a_key_that_is_left_out_stays(run: Run, s3: Any, bucket: str, orders: str) -> None:
    """In another bucket."""
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    result = run(S3RestCopyOperator, source_key=orders, bucket_name=other)
    assert (result["bucket_name"], result["key"]) == (other, "in/a.csv")


def test_options_as_templates_render_them(run: Run, s3: Any, bucket: str, orders: str) -> None:
    """Numbers and truth values may be texts."""
    run(
        S3RestCopyOperator,
        source_key=orders,
        key="new",
        copy_tags="False",
        dry_run="false",
        source_if_modified_since="2020-01-01T00:00:00+00:00",
        write_options={"metadata": {"b": "2"}, "part_bytes": "5242880"},
    )
    assert s3.head_object(Bucket=bucket, Key="new")["Metadata"] == {"a": "1", "b": "2"}
    assert s3.get_object_tagging(Bucket=bucket, Key="new")["TagSet"] == []


def test_another_connection(
    run: Run, s3: Any, bucket: str, orders: str, local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads the source, and the bytes stream."""
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(local_stack.connection("roles_anywhere")))
    result = run(S3RestCopyOperator, source_s3rest_conn_id="other", source_key=orders, key="new")
    assert result["size"] == 4
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"data"
    assert s3.get_object_tagging(Bucket=bucket, Key="new")["TagSet"] == [{"Key": "team", "Value": "x"}]


def test_another_region_is_the_same_connection(orders: str) -> None:
    """Only the requests to the source go elsewhere."""
    operator = S3RestCopyOperator(task_id="task", source_key=orders, source_region_name="eu-west-1")
    assert operator.source_hook.region_name == "eu-west-1"
    assert operator.source_hook.s3rest_conn_id == operator.s3rest_conn_id
    assert S3RestCopyOperator(task_id="same", region_name="eu-west-1").source_hook.region_name is None


def test_a_prefix(run: Run, s3: Any, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With filters; a dry run first, and then only what is missing."""
    for name in ("a.csv", "b.csv", "c.txt"):
        s3.put_object(Bucket=bucket, Key=f"in/{name}", Body=b"data")
    source = {"source_bucket_name": bucket, "source_prefix": "in/", "prefix": "out/", "glob": "*.csv"}
    dry = run(S3RestCopyOperator, **source, dry_run=True)
    assert (dry["copied"], dry["size"], dry["dry_run"]) == (2, 8, True)
    assert f"Would copy s3://{bucket}/in/a.csv to s3://{bucket}/out/a.csv" in capsys.readouterr().out
    s3.put_object(Bucket=bucket, Key="out/a.csv", Body=b"older")
    result = run(S3RestCopyOperator, **source, skip_existing="True")
    assert json.loads(json.dumps(result)) == result
    assert result == {
        "bucket_name": bucket,
        "prefix": "out/",
        "source_bucket_name": bucket,
        "source_prefix": "in/",
        "copied": 1,
        "size": 4,
        "skipped": 1,
        "dry_run": False,
    }
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]] == [
        "out/a.csv",
        "out/b.csv",
    ]
    assert run(S3RestCopyOperator, source_prefix=f"s3://{bucket}/in/", prefix="all/")["copied"] == 3


def test_keys_of_ones_own_are_shown_nowhere(run: Run, orders: str, s3: Any, bucket: str) -> None:
    """Both are masked from now on."""
    keys = [base64.b64decode(key) for key in KEYS]
    s3.put_object(Bucket=bucket, Key="mine", Body=b"data", SSECustomerAlgorithm="AES256", SSECustomerKey=keys[0])
    run(
        S3RestCopyOperator,
        source_key=orders.replace("in/a.csv", "mine"),
        key="new",
        source_sse_customer_key=KEYS[0],
        sse_customer_key=KEYS[1],
    )
    assert [redact(key) for key in KEYS] == ["***", "***"]
    there = s3.get_object(Bucket=bucket, Key="new", SSECustomerAlgorithm="AES256", SSECustomerKey=keys[1])
    assert there["Body"].read() == b"data"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "source_key: give either source_key or source_prefix"),
        ({"source_key": "a", "source_prefix": "b"}, "source_key: give either"),
        ({"source_key": "a", "prefix": "b"}, "source_key: goes with key"),
        ({"source_key": "a", "dry_run": True}, "source_key: goes with key"),
        ({"source_key": "a", "glob": "*"}, "source_key: goes with key"),
        ({"source_prefix": "a", "key": "b"}, "source_prefix: goes with prefix"),
        ({"source_key": "a"}, "source_bucket_name: is missing"),
        ({"source_key": "s3://bucket/a", "source_bucket_name": "bucket"}, "source_key: is an s3:// URL, and source_bu"),
        ({"source_key": "s3://bucket/a", "bucket_name": None}, "bucket_name: '' is not the name"),
        ({"source_key": "s3://bucket/a", "write_options": {"colour": "red"}}, "colour: is no option"),
        ({"source_key": "s3://bucket/a", "copy_tags": "maybe"}, "copy_tags: must be true or false"),
        ({"source_key": "s3://bucket/a", "source_if_modified_since": "now"}, "source_if_modified_since: is no time"),
        ({"source_key": "s3://bucket/a", "source_sse_customer_key": "short"}, "source_sse_customer_key: must be 32"),
        ({"source_prefix": "s3://bucket/a", "regex": "("}, "regex: '\\(' is no regular"),
        ({"source_prefix": "s3://bucket/a", "skip_existing": "some"}, "skip_existing: must be true or false"),
        ({"source_prefix": "s3://bucket/", "source_version_id": "v"}, "a version and conditions are for one object"),
    ],
)
def test_a_bad_argument_fails_for_good(run: Run, arguments: Any, words: str) -> None:
    """With its name."""
    with pytest.raises(AirflowFailException, match=words):
        run(S3RestCopyOperator, **arguments)


def test_what_may_pass_is_airflows_to_retry(run: Run, orders: str) -> None:
    """The object may come, or change."""
    with pytest.raises(S3RestNotFoundError, match="no object 'in"):
        run(S3RestCopyOperator, source_key=f"{orders}2", key="new")
    with pytest.raises(S3RestPreconditionError, match="for object 'in"):
        run(S3RestCopyOperator, source_key=orders, key="new", source_if_match="other")


def test_the_hook_needs_no_options(run: Run, orders: str, bucket: str) -> None:
    """Only what, and where to."""
    assert run
    assert S3RestHook().copy_object(None, orders, bucket, "new").key == "new"
    assert S3RestHook().copy_prefix(bucket, "in/", bucket, "out/").copied == 1
