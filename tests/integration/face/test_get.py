# SPDX-License-Identifier: Apache-2.0
"""Reading objects by the operator, from the real S3 server."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_s3rest.exceptions import S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.operators.s3rest import S3RestGetOperator, S3RestUpsertOperator

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"
KEY = base64.b64encode(bytes(range(32))).decode()


def test_the_text_comes_with_all_that_is_known(run: Run, bucket: str) -> None:
    """Decoded as UTF-8, in JSON's types."""
    written = run(S3RestUpsertOperator, key="key.txt", data="grüße", write_options={"metadata": {"who": "me"}})
    found = run(S3RestGetOperator, key="key.txt")
    assert json.loads(json.dumps(found)) == found
    expected = {name: written[name] for name in ("bucket_name", "key", "etag", "version_id", "size", "region_name")}
    expected |= {"bucket_name": bucket, "content_type": "text/plain", "metadata": {"who": "me"}, "content": "grüße"}
    assert {name: found[name] for name in expected} == expected


def test_a_url_names_bucket_and_key(run: Run, bucket: str) -> None:
    """In the place of the key."""
    run(S3RestUpsertOperator, key=f"s3://{bucket}/a?b#c", data="content", bucket_name=None)
    assert run(S3RestGetOperator, key=f"s3://{bucket}/a?b#c", bucket_name=None)["key"] == "a?b#c"


def test_a_file_is_written_below_new_folders(run: Run, tmp_path: Path) -> None:
    """And the result names it instead of the content."""
    run(S3RestUpsertOperator, key="key", data="content")
    found = run(S3RestGetOperator, key="key", local_path=tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").read_text() == "content"
    assert json.loads(json.dumps(found)) == found
    assert found["local_path"] == str(tmp_path / "a" / "b")
    assert "content" not in found


def test_a_function_reads_the_object(run: Run) -> None:
    """As a file, and what it returns is the result."""
    run(S3RestUpsertOperator, key="key", data="a,b\n1,2\n")
    found = run(S3RestGetOperator, key="key", read=lambda opened: list(csv.reader(io.TextIOWrapper(opened.file()))))
    assert found["result"] == [["a", "b"], ["1", "2"]]


def test_any_bytes_can_be_returned(run: Run) -> None:
    """In Base64."""
    run(S3RestUpsertOperator, key="key", data=b"\x00\xff")
    assert run(S3RestGetOperator, key="key", encoding="base64")["content"] == "AP8="


@pytest.mark.parametrize(("byte_range", "content"), [("1-3", "bcd"), ("4-", "ef"), ("-2", "ef"), ("0-99", "abcdef")])
def test_a_part_can_be_asked_for(run: Run, byte_range: str, content: str) -> None:
    """The size stays that of the whole."""
    run(S3RestUpsertOperator, key="key", data="abcdef")
    found = run(S3RestGetOperator, key="key", byte_range=byte_range, max_bytes=6)
    assert (found["content"], found["size"]) == (content, 6)


def test_a_part_can_be_saved(run: Run, tmp_path: Path) -> None:
    """The file holds nothing else."""
    run(S3RestUpsertOperator, key="key", data="abcdef")
    run(S3RestGetOperator, key="key", byte_range="2-3", local_path=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "cd"


def test_tags_are_asked_for(run: Run) -> None:
    """Only when they are wanted, for they cost a request."""
    run(S3RestUpsertOperator, key="key", data="", write_options={"tags": {"team": "a b&c"}})
    assert run(S3RestGetOperator, key="key", include_tags=True)["tags"] == {"team": "a b&c"}


def test_an_older_version_is_read(run: Run, bucket: str, local_stack: LocalStack) -> None:
    """By its id."""
    local_stack.s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = run(S3RestUpsertOperator, key="key", data="first")
    run(S3RestUpsertOperator, key="key", data="second")
    found = run(S3RestGetOperator, key="key", version_id=first["version_id"])
    assert (found["content"], found["version_id"]) == ("first", first["version_id"])


def test_a_key_of_ones_own_encrypts(run: Run) -> None:
    """The object can't be read without it."""
    run(S3RestUpsertOperator, key="key", data="secret content", sse_customer_key=KEY)
    assert run(S3RestGetOperator, key="key", sse_customer_key=KEY)["content"] == "secret content"
    with pytest.raises(AirflowFailException, match="must provide the customer key"):
        run(S3RestGetOperator, key="key")


@pytest.mark.parametrize(
    "condition",
    [
        {"if_match": "other"},
        {"if_none_match": "{etag}"},
        {"if_modified_since": "2100-01-01T00:00:00Z"},
        {"if_unmodified_since": "2000-01-01T00:00:00Z"},
    ],
)
def test_a_condition_that_does_not_hold_is_an_error(run: Run, condition: dict[str, str]) -> None:
    """Of a type of its own."""
    written = run(S3RestUpsertOperator, key="key", data="content")
    arguments = {name: value.format(etag=written["etag"]) for name, value in condition.items()}
    with pytest.raises(S3RestPreconditionError, match="A condition does not hold for object 'key'"):
        run(S3RestGetOperator, key="key", **arguments)


def test_conditions_that_hold_change_nothing(run: Run) -> None:
    """The object is read."""
    written = run(S3RestUpsertOperator, key="key", data="content")
    found = run(S3RestGetOperator, key="key", if_match=written["etag"], if_modified_since="2000-01-01T00:00:00+00:00")
    assert found["content"] == "content"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_bytes": 6}, r"has 7 bytes, and only 6 .* local_path, .* byte_range, or raise max_bytes"),
        ({"encoding": "ascii"}, r"no text in ascii \(ordinal not in range\(128\) at byte 5\)"),
        ({"encoding": "klingon"}, "encoding: 'klingon' is none that Python knows"),
        ({"byte_range": "3-1"}, "byte_range: '3-1' is no range of bytes"),
        ({"if_modified_since": "yesterday"}, "if_modified_since: is no time"),
        ({"if_unmodified_since": "2026-01-01"}, "if_unmodified_since: lacks its time zone"),
        ({"local_path": "file", "read": len}, "read: can't go together with local_path"),
        ({"sse_customer_key": "short"}, "sse_customer_key: must be 32 bytes"),
        ({"key": ""}, "key: must be 1 to 1024 bytes"),
        ({"key": "s3://bucket/key"}, "key: is an s3:// URL, and bucket_name is given too"),
        ({"bucket_name": None}, "bucket_name: is missing"),
    ],
)
def test_bad_arguments_are_named(run: Run, arguments: dict[str, Any], message: str) -> None:
    """And no retry of the task follows."""
    run(S3RestUpsertOperator, key="key", data=b"conte\xc3\xa9")
    with pytest.raises(AirflowFailException, match=message):
        run(S3RestGetOperator, **{"key": "key", **arguments})


def test_a_missing_object_is_an_error(run: Run) -> None:
    """One that Airflow may retry: the object may come."""
    with pytest.raises(S3RestNotFoundError, match="key"):
        run(S3RestGetOperator, key="key")
