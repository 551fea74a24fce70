# SPDX-License-Identifier: Apache-2.0
"""Writing objects by the operator, to the real S3 server."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.log import redact

from airflow_provider_s3rest.exceptions import S3RestPreconditionError
from airflow_provider_s3rest.operators.s3rest import S3RestUpsertOperator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


Run = "Callable[..., Any]"
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def head(s3_client: Any, bucket: str) -> Callable[..., Any]:
    """Ask S3 about an object, by another client."""
    return lambda key, **options: s3_client.head_object(Bucket=bucket, Key=key, **options)


@pytest.fixture
def body(s3_client: Any, bucket: str) -> Callable[[str], bytes]:
    """Read an object by another client."""
    return lambda key: s3_client.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.mark.parametrize(
    "content",
    [
        {"data": "text"},
        {"data": b"text"},
        {"produce": lambda: "text"},
        {"produce": lambda: b"text"},
        {"produce": lambda: io.BytesIO(b"text")},
        {"produce": lambda: iter([b"te", b"xt"])},
    ],
    ids=["str", "bytes", "function-str", "function-bytes", "function-file", "function-pieces"],
)
def test_any_form_of_data_is_written(content: dict[str, Any], run: Run, body: Callable[[str], bytes]) -> None:
    """The result is small, and in JSON's types."""
    result = run(S3RestUpsertOperator, key="key", **content)
    assert json.loads(json.dumps(result)) == result
    assert set(result) == {"bucket_name", "key", "etag", "version_id", "size", "region_name", "unchanged"}
    assert (result["key"], result["size"], result["unchanged"]) == ("key", 4, False)
    assert body("key") == b"text"


def test_a_text_has_an_encoding(run: Run, body: Callable[[str], bytes]) -> None:
    """UTF-8 is only the usual one."""
    run(S3RestUpsertOperator, key="key", data="é", encoding="latin-1")
    assert body("key") == b"\xe9"


def test_a_file_is_written(run: Run, body: Callable[[str], bytes], tmp_path: Path) -> None:
    """Under its own name, if no other is given."""
    (tmp_path / "orders.csv").write_text("content")
    assert run(S3RestUpsertOperator, local_path=tmp_path / "orders.csv", folder="in")["key"] == "in/orders.csv"
    assert body("in/orders.csv") == b"content"


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ({"key": "k", "folder": "f", "file_name": "n"}, "k"),
        ({"folder": "f", "file_name": "n"}, "f/n"),
        ({"folder": "f/g/", "file_name": "n"}, "f/g/n"),
        ({"folder": "/f//", "file_name": "n/"}, "/f//n/"),
        ({"file_name": "n"}, "n"),
        ({"folder": "s3://{bucket}/f", "file_name": "n", "bucket_name": None}, "f/n"),
        ({"folder": "s3://{bucket}", "file_name": "n", "bucket_name": None}, "n"),
    ],
)
def test_where_an_object_goes(place: dict[str, Any], key: str, bucket: str) -> None:
    """The key goes before folder and name; one slash is between these."""
    arguments = {name: value and value.format(bucket=bucket) for name, value in place.items()}
    operator = S3RestUpsertOperator(task_id="task", data="", **{"bucket_name": bucket, **arguments})
    given = arguments.get("key") or operator._made_up_key({})
    assert given.removeprefix(f"s3://{bucket}/") == key


def test_a_name_is_made_up(run: Run) -> None:
    """Another one each time, where no task instance is known."""
    first, second = (run(S3RestUpsertOperator, data="", folder="f")["key"] for _ in range(2))
    assert first.startswith("f/")
    assert first != second


def test_a_task_that_is_tried_again_keeps_its_name() -> None:
    """So that no object is left over; another mapped task has another."""
    operator = S3RestUpsertOperator(task_id="task", data="")

    def context(index: int) -> Any:
        return {"ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=index)}

    assert operator._made_up_key(context(0)) == operator._made_up_key(context(0))
    assert operator._made_up_key(context(0)) != operator._made_up_key(context(1))


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.csv", "text/csv"),
        ("a.json", "application/json"),
        ("a.tar.gz", "application/gzip"),
        ("a", "application/octet-stream"),
        ("http://x", "application/octet-stream"),
    ],
)
def test_the_content_type_is_guessed(run: Run, head: Callable[..., Any], key: str, kind: str) -> None:
    """From the end of the key alone."""
    run(S3RestUpsertOperator, key=key, data="")
    assert head(key)["ContentType"] == kind


def test_every_description_arrives(run: Run, head: Callable[..., Any]) -> None:
    """As S3 stores it."""
    options = {
        "content_type": "text/x",
        "content_encoding": "identity",
        "content_language": "de",
        "content_disposition": "attachment",
        "cache_control": "no-store",
        "expires": "2030-01-01T00:00:00+00:00",
        "metadata": {"X-Amz-Meta-Owner": "me", "other": "a b"},
        "tags": {"a": "1", "b": "2"},
        "storage_class": "STANDARD_IA",
    }
    run(S3RestUpsertOperator, key="key", data="", write_options=options)
    found = head("key")
    assert (found["ContentType"], found["CacheControl"]) == ("text/x", "no-store")
    assert (found["ContentLanguage"], found["ContentDisposition"]) == ("de", "attachment")
    assert found["Metadata"] == {"owner": "me", "other": "a b"}
    assert found["Expires"] == datetime(2030, 1, 1, tzinfo=UTC)
    assert found["StorageClass"] == "STANDARD_IA"


@pytest.mark.usefixtures("run")
def test_options_may_be_templates(head: Callable[..., Any], bucket: str) -> None:
    """Inside the dictionary too."""
    operator = S3RestUpsertOperator(
        task_id="task", bucket_name=bucket, key="{{ day }}", data="", write_options={"metadata": {"day": "{{ day }}"}}
    )
    operator.render_template_fields({"day": "monday"})
    operator.execute({})
    assert head("monday")["Metadata"] == {"day": "monday"}


def test_create_only(run: Run, body: Callable[[str], bytes]) -> None:
    """The second one fails, and changes nothing."""
    for data in ("first", "second"):
        try:
            run(S3RestUpsertOperator, key="key", data=data, write_options={"if_none_match": "*"})
        except S3RestPreconditionError:
            assert data == "second"
    assert body("key") == b"first"


def test_replace_only_what_was_read(run: Run, body: Callable[[str], bytes]) -> None:
    """By its ETag."""
    first = run(S3RestUpsertOperator, key="key", data="first")
    run(S3RestUpsertOperator, key="key", data="second", write_options={"if_match": first["etag"]})
    with pytest.raises(S3RestPreconditionError):
        run(S3RestUpsertOperator, key="key", data="third", write_options={"if_match": first["etag"]})
    assert body("key") == b"second"


@pytest.mark.parametrize(
    ("changed", "unchanged"),
    [({}, True), ({"data": "other!!"}, False), ({"write_options": {"metadata": {"a": "b"}}}, False)],
)
def test_what_is_there_already_is_not_sent(run: Run, changed: dict[str, Any], unchanged: bool) -> None:  # noqa: FBT001
    """Unless its bytes or its description are others."""
    first = run(S3RestUpsertOperator, key="key", data="content")
    second = run(S3RestUpsertOperator, key="key", **{"data": "content", "skip_unchanged": True, **changed})
    assert second["unchanged"] is unchanged
    assert (second["etag"] == first["etag"]) is ("data" not in changed)


def test_large_files_are_recognised_too(run: Run, tmp_path: Path) -> None:
    """By the ETag of their parts."""
    (tmp_path / "file").write_bytes(b"0123456789" * 1_700_000)
    arguments = {"key": "key", "local_path": tmp_path / "file", "write_options": {"part_bytes": 6 * 1024 * 1024}}
    first = run(S3RestUpsertOperator, **arguments, skip_unchanged=True)
    second = run(S3RestUpsertOperator, **arguments, skip_unchanged=True)
    assert (first["unchanged"], second["unchanged"]) == (False, True)
    assert first["etag"].endswith("-3")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": None}, "data: give either data, local_path or produce"),
        ({"local_path": "file"}, "data: give either data, local_path or produce"),
        (
            {"skip_unchanged": True, "data": None, "produce": lambda: iter([b""])},
            "skip_unchanged: needs data that can be read twice",
        ),
        ({"write_options": {"colour": "red"}}, "colour: is no option; there are content_type, "),
        ({"write_options": {"tags": {str(number): "" for number in range(11)}}}, "tags: there are 11, .* at most 10"),
        ({"write_options": {"part_bytes": 1}}, r"part_bytes: must be 5242880 \(5 MiB\) to"),
        ({"write_options": {"if_none_match": "e"}}, r"if_none_match: must be '\*'"),
        ({"write_options": {"metadata": {"name": "é"}}}, "metadata: the value of 'name' holds a character"),
        ({"write_options": {"server_side_encryption": "none"}}, "server_side_encryption: 'none' is none of AES256"),
        ({"write_options": {"kms_key_id": "k"}, "sse_customer_key": KEY}, "sse_customer_key: can't go together"),
    ],
)
def test_bad_arguments_are_named(run: Run, arguments: dict[str, Any], message: str) -> None:
    """And no retry of the task follows."""
    with pytest.raises(AirflowFailException, match=message):
        run(S3RestUpsertOperator, **{"key": "key", "data": "content", **arguments})


@pytest.mark.usefixtures("run")
def test_a_key_of_ones_own_stays_secret(bucket: str) -> None:
    """It is rendered when the task runs, is no template field, and is masked in every log."""
    operator = S3RestUpsertOperator(
        task_id="task", bucket_name=bucket, key="key", data="", sse_customer_key="{{ key_of_ours }}"
    )
    operator.render_template_fields({"key_of_ours": KEY})
    assert operator.sse_customer_key == "{{ key_of_ours }}"
    assert operator.execute({"key_of_ours": KEY})["size"] == 0
    assert "sse_customer_key" not in operator.template_fields
    assert redact(f"the key is {KEY}") == "the key is ***"
