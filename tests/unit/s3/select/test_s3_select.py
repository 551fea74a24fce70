# SPDX-License-Identifier: Apache-2.0
"""S3 Select on the wire: what is asked, what a broken answer costs, and what happens where there is none."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.connection import AccessKeys
from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestNotFoundError
from airflow_provider_s3rest.s3.select import Select, select_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

SQL = "SELECT s.a FROM S3Object s"
Ask = "Callable[..., str]"
Make = "Callable[..., bytes]"


def _elements(body: bytes) -> dict[str, str]:
    return dict(re.findall(r"<(\w+)>([^<]*)</\1>", body.decode()))


def test_asks_with_every_option_of_a_csv(fake: Any, ask: Ask, answer: Make) -> None:
    """Each stands in the request under the name that S3 gives it."""
    fake.then(200, answer(b"1|2;", b"3|4;"))
    text = ask(
        SQL,
        key="a b.csv.gz",
        engine="s3_select",
        csv={
            "header": "ignore",
            "field_delimiter": "\t",
            "record_delimiter": ";",
            "quote_character": "'",
            "quote_escape_character": "\\",
            "comments": "%",
            "allow_quoted_record_delimiter": "False",
        },
        output_format="csv",
        output_csv={"quote_fields": "always", "field_delimiter": "|", "record_delimiter": ";", "quote_character": "*"},
    )
    assert text == "1|2;3|4;"
    (request,) = fake.requests
    assert request.target == "/bucket/a%20b.csv.gz?select&select-type=2"
    told = _elements(request.body)
    assert {name: told[name] for name in ("Expression", "ExpressionType", "CompressionType")} == {
        "Expression": SQL,
        "ExpressionType": "SQL",
        "CompressionType": "GZIP",
    }
    read, write = (_elements(part) for part in request.body.split(b"</InputSerialization>"))
    assert {name: read[name] for name in list(read)[-7:]} == {
        "FileHeaderInfo": "IGNORE",
        "Comments": "%",
        "QuoteEscapeCharacter": "\\",
        "RecordDelimiter": ";",
        "FieldDelimiter": "\t",
        "QuoteCharacter": "'",
        "AllowQuotedRecordDelimiter": "false",
    }
    assert write["QuoteFields"] == "ALWAYS"
    assert (write["FieldDelimiter"], write["RecordDelimiter"], write["QuoteCharacter"]) == ("|", ";", "*")


@pytest.mark.parametrize(
    ("key", "element"),
    [
        ("a.jsonl", b"<JSON><Type>LINES</Type></JSON>"),
        ("a.json.bz2", b"<JSON><Type>DOCUMENT</Type></JSON>"),
        ("a.parquet", b"<Parquet"),
    ],
)
def test_asks_for_every_format(key: str, element: bytes, fake: Any, ask: Ask, answer: Make) -> None:
    """The result is JSON unless it is to be CSV."""
    fake.then(200, answer(b'{"a":1}\n'))
    assert ask(SQL, key=key) == '{"a":1}\n'
    assert element in fake.requests[0].body
    assert b"<JSON><RecordDelimiter>\n</RecordDelimiter></JSON></OutputSerialization>" in fake.requests[0].body


def test_the_key_of_the_caller_and_the_owner_go_along(fake: Any, make_s3: Callable[..., S3], answer: Make) -> None:
    """SSE-C and the expected owner are terms of this operation too."""
    fake.then(200, answer())
    select = Select.parse("a.csv", SQL, sse_customer_key=base64.b64encode(bytes(32)).decode())
    with select_object(make_s3(expected_bucket_owner="123456789012"), None, "s3://bucket/a.csv", select) as selected:
        assert list(selected) == []
    headers = fake.requests[0].headers
    assert headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256"
    assert headers["x-amz-expected-bucket-owner"] == "123456789012"


def test_tells_what_it_read(fake: Any, make_s3: Callable[..., S3], answer: Make) -> None:
    """The engine, the region and the bytes that S3 has scanned."""
    fake.then(200, answer(b"x\n", scanned=4711))
    with select_object(make_s3(), "bucket", "a.csv", Select.parse("a.csv", SQL)) as selected:
        assert (selected.engine, selected.region_name, selected.bytes_scanned) == ("s3_select", "us-east-1", 4711)
        assert selected.text(2) == "x\n"


def test_an_answer_without_its_end_is_asked_for_again(
    fake: Any, ask: Ask, sleeps: Any, event: Make, answer: Make
) -> None:
    """Nothing of the answer that was cut gets into the result."""
    fake.then(200, event("Records", b"half"))
    fake.then(200, answer(b"whole\n"), cut=30)
    fake.then(200, answer(b"whole\n"))
    assert ask(SQL) == "whole\n"
    assert len(fake.requests) == 3
    assert sleeps == [0.0, 10.0]


def test_an_answer_that_never_ends_is_no_success(fake: Any, ask: Ask, sleeps: Any, event: Make) -> None:
    """After all retries it is an error, though every answer was a 200."""
    fake.always(200, event("Records", b"half"))
    with pytest.raises(S3RestIntegrityError, match=r"'a\.csv' in bucket 'bucket': .* no End event"):
        ask(SQL)
    assert len(fake.requests) == 7
    assert sleeps == [0.0, 10.0, 30.0, 60.0, 120.0, 300.0]


def test_a_corrupted_answer_is_asked_for_again(fake: Any, ask: Ask, answer: Make) -> None:
    """Each message of the answer has a checksum."""
    whole = answer(b"whole\n")
    fake.then(200, whole.replace(b"whole", b"whale"))
    fake.then(200, whole)
    assert ask(SQL) == "whole\n"


@pytest.mark.parametrize("code", ["InternalError", "SlowDown", "Busy"])
def test_a_passing_error_inside_the_answer_is_retried(
    code: str, fake: Any, ask: Ask, sleeps: Any, error_event: Make, answer: Make
) -> None:
    """As one outside of it would be."""
    fake.then(200, error_event(code, "We are sorry"), times=2)
    fake.then(200, answer(b"fine\n"))
    assert ask(SQL) == "fine\n"
    assert sleeps == [0.0, 10.0]


def test_a_passing_error_that_stays_is_the_services_own(fake: Any, ask: Ask, error_event: Make) -> None:
    """With its code and words, after all retries."""
    fake.always(200, error_event("InternalError", "We are sorry"))
    with pytest.raises(ClientError, match=r"InternalError.*We are sorry"):
        ask(SQL)
    assert len(fake.requests) == 7


def test_a_lasting_error_inside_the_answer_is_final(fake: Any, ask: Ask, error_event: Make) -> None:
    """Of the SQL or of the data: nobody asks again."""
    fake.always(200, error_event("CastFailed", "Attempt to convert from one data type to another failed."))
    with pytest.raises(ValueError, match=r"^expression: .*CastFailed: Attempt to convert"):
        ask(SQL)
    assert len(fake.requests) == 1


def test_bad_sql_has_the_words_of_the_service(fake: Any, ask: Ask) -> None:
    """Neither is it retried nor given to DuckDB."""
    fake.then_error(400, "ParseUnexpectedToken", message="Unexpected token found")
    with pytest.raises(ValueError, match=r"^expression: .*ParseUnexpectedToken: Unexpected token found"):
        ask("SELEKT")
    assert len(fake.requests) == 1


def test_a_server_error_is_retried(fake: Any, ask: Ask, sleeps: Any, answer: Make) -> None:
    """By the policy of every request."""
    fake.then_error(503, "SlowDown", times=2)
    fake.then(200, answer(b"x\n"))
    assert ask(SQL) == "x\n"
    assert sleeps == [0.0, 10.0]


def test_a_missing_object_is_not_found(fake: Any, ask: Ask) -> None:
    """As with every other operation."""
    fake.then_error(404, "NoSuchKey")
    with pytest.raises(S3RestNotFoundError, match=r"a\.csv"):
        ask(SQL)


def test_a_refusal_is_no_missing_feature(fake: Any, ask: Ask) -> None:
    """Who may not select may not read either, so DuckDB is no way around it."""
    fake.then_error(403, "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(SQL)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(405, "MethodNotAllowed"), (501, "NotImplemented"), (400, "UnsupportedOperation")]
)
def test_duckdb_steps_in_where_there_is_no_s3_select(status: int, code: str, fake: Any, ask: Ask) -> None:
    """The missing feature costs one request, once in a process."""
    fake.serve(b"a,b\n1,2\n")
    fake.then_error(status, code)
    assert ask(SQL) == '{"a":"1"}\n'
    assert ask(SQL) == '{"a":"1"}\n'
    assert [method for method, _ in fake.seen] == ["POST", "GET", "GET"]


def test_one_account_without_it_says_nothing_of_another(fake: Any, make_s3: Callable[..., S3], answer: Make) -> None:
    """What is remembered belongs to the endpoint and the access key."""
    fake.serve(b"a\n1\n")
    fake.then_error(405, "MethodNotAllowed")
    select = Select.parse("a.csv", SQL)
    with select_object(make_s3(), "bucket", "a.csv", select) as selected:
        assert selected.engine == "duckdb"
    fake.then(200, answer())
    other = make_s3(authentication=AccessKeys(access_key_id="OTHER", secret_access_key="SK"))
    with select_object(other, "bucket", "a.csv", select) as selected:
        assert selected.engine == "s3_select"


def test_s3_select_alone_is_an_error_where_there_is_none(fake: Any, ask: Ask) -> None:
    """Whoever names the engine gets no other."""
    fake.then_error(405, "MethodNotAllowed", message="The specified method is not allowed")
    with pytest.raises(ValueError, match=r"^engine: .*MethodNotAllowed: The specified method.*choose duckdb"):
        ask(SQL, engine="s3_select")


@pytest.mark.parametrize("options", [{"compression": "zstd"}, {"version_id": "v1"}])
def test_what_s3_select_can_not_do_is_not_asked_of_it(
    options: dict[str, str], fake: Any, make_s3: Callable[..., S3]
) -> None:
    """The engine named, it is an error; otherwise DuckDB does it."""
    from backports import zstd

    fake.serve(zstd.compress(b"a\n1\n") if "compression" in options else b"a\n1\n")
    s3 = make_s3()
    with select_object(s3, "bucket", "a.csv", Select.parse("a.csv", SQL, options)) as selected:
        assert selected.engine == "duckdb"
    assert {method for method, _ in fake.seen} == {"GET"}
    with pytest.raises(ValueError, match=r"engine: S3 Select .*; choose duckdb"):
        select_object(s3, "bucket", "a.csv", Select.parse("a.csv", SQL, options | {"engine": "s3_select"}))


def test_whoever_pays_for_the_requests_asks_duckdb(fake: Any, make_s3: Callable[..., S3]) -> None:
    """S3 Select has no word for it, and the owner of the bucket may insist."""
    fake.serve(b"a\n1\n")
    select = Select.parse("a.csv", SQL)
    with select_object(make_s3(requester_pays=True), "bucket", "a.csv", select) as selected:
        assert selected.engine == "duckdb"
    assert fake.requests[0].headers["x-amz-request-payer"] == "requester"
