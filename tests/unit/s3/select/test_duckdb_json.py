# SPDX-License-Identifier: Apache-2.0
"""JSON and Parquet objects by DuckDB, and the form of the results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

ALL = "SELECT * FROM S3Object"
Query = "Callable[..., str]"

LINES = (
    '{"id": 1, "day": "2026-11-25", "who": {"name": "ann"}, "tags": [1, "x"], "big": 9007199254740993, "f": 1.10}\n'
    '{"id": "x", "who": {"age": 3}, "more": {}, "f": 2}\n'
)
DOCUMENT = '{"rules": [{"id": "1", "if": {"x": 1}},\n {"id": "2"}], "made": "June", "tags": ["a", "b"]}'


def objects(text: str) -> list[dict[str, Any]]:
    """The records of a result."""
    return [json.loads(line) for line in text.splitlines()]


def test_reads_lines_of_json(query: Query) -> None:
    """Values stay what they are: a text that looks like a date is a text, and a long number has all its digits."""
    first, second = objects(query(LINES, ALL, key="a.jsonl"))
    assert first == {
        "id": 1,
        "day": "2026-11-25",
        "who": {"name": "ann", "age": None},
        "tags": [1, "x"],
        "big": 9007199254740993,
        "f": 1.1,
        "more": None,
    }
    assert (second["id"], second["more"], second["who"]) == ("x", {}, {"name": None, "age": 3})


def test_a_member_that_comes_late_is_a_column(query: Query) -> None:
    """The whole object tells the columns, not a sample of it."""
    data = '{"a": 1}\n' * 30_000 + '{"a": -1.5, "late": "x"}\n'
    assert objects(query(data, "SELECT a, late FROM S3Object WHERE late = 'x'", key="a.jsonl")) == [
        {"a": -1.5, "late": "x"}
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT made FROM S3Object[*]", [{"made": "June"}]),
        ("SELECT r.id FROM S3Object[*].rules[*] r", [{"id": "1"}, {"id": "2"}]),
        ("SELECT id FROM s3object[*].\"rules\"[*] WHERE id > '1'", [{"id": "2"}]),
        ("SELECT i.x FROM S3Object[*].rules[*].if AS i WHERE i.x IS NOT NULL", [{"x": 1}]),
        ("SELECT t._1 FROM S3Object[*].tags[*] t", [{"_1": "a"}, {"_1": "b"}]),
        ("SELECT 'S3Object[*].x' AS a /* S3Object[*].y */ FROM S3Object", [{"a": "S3Object[*].x"}]),
    ],
)
def test_a_path_leads_into_a_document(sql: str, expected: list[Any], query: Query) -> None:
    """As S3 Select has it: ``[*]`` goes through an array, and texts that look like a path are left alone."""
    assert objects(query(DOCUMENT, sql, key="a.json")) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}\n\n{"a":\n2}', [{"a": 1}, {"a": 2}]),
        ("", []),
        ("[]", []),
        ("{}", [{"_1": {}}]),
        ('{"a": null}', [{"a": None}]),
    ],
)
def test_reads_documents_of_every_layout(data: str, expected: list[Any], query: Query) -> None:
    """One or many, or an array of them."""
    assert objects(query(data, ALL, key="a.json")) == expected


def test_values_that_are_no_objects_are_one_column(query: Query) -> None:
    """Its name is the one that S3 Select gives it."""
    assert objects(query('1\n"x"\n{"a": 1}\n', ALL, key="a.jsonl")) == [{"_1": 1}, {"_1": "x"}, {"_1": {"a": 1}}]


@pytest.mark.parametrize("data", ['{"a": 1}\n{"a": ', '{"a": 1}\nb', '{"a": 1}\n{"a": 1'])
def test_malformed_json_is_an_error(data: str, query: Query) -> None:
    """Also one that was cut."""
    with pytest.raises(ValueError, match=r"DuckDB refuses .* s3://bucket/a\.jsonl: .*JSON"):
        query(data, ALL, key="a.jsonl")


def test_reads_parquet(query: Query, tmp_path: Path) -> None:
    """With the types that it has."""
    made = "SELECT 1 AS id, DATE '2026-01-02' AS day, 1.50::DECIMAL(9,2) AS price, [1, 2] AS list, NULL::INT AS none"
    duckdb.connect().execute(f"COPY ({made}) TO '{tmp_path}/x' (FORMAT parquet, CODEC 'gzip')")
    text = query((tmp_path / "x").read_bytes(), ALL, key="a.parquet")
    assert text == '{"id":1,"day":"2026-01-02","price":1.50,"list":[1,2],"none":null}\n'


def test_what_is_no_parquet_is_an_error(query: Query) -> None:
    """It has no columns to select from."""
    with pytest.raises(ValueError, match=r"s3://bucket/a\.parquet"):
        query("id\n1\n", ALL, key="a.parquet")


EVERY_TYPE = """SELECT 1.50::DECIMAL(9,2) AS decimal, TIMESTAMP '2026-11-25 01:02:03.5' AS ts,
    TIMESTAMPTZ '2026-11-25 01:02:03+02' AS tz, 'nan'::DOUBLE AS nan, 0.1::FLOAT AS single, 1e100 AS huge,
    170141183460469231731687303715884105727 AS long, true AS yes, TIME '01:02:03' AS t, INTERVAL 1 DAY AS days,
    '\\xAA'::BLOB AS blob, [1, 2] AS list, {'x': 'y'} AS struct, NULL AS none, 'ü"' || chr(10) AS text
    FROM S3Object"""


def test_every_type_has_a_form_in_json(query: Query) -> None:
    """Decimals keep their digits, times are those of ISO 8601 in UTC, and what JSON lacks is null."""
    assert query("a\n1\n", EVERY_TYPE) == (
        '{"decimal":1.50,"ts":"2026-11-25T01:02:03.5","tz":"2026-11-24T23:02:03+00","nan":null,"single":0.1,'
        '"huge":1e100,"long":170141183460469231731687303715884105727,"yes":true,"t":"01:02:03","days":"1 day",'
        '"blob":"\\\\xAA","list":[1,2],"struct":{"x":"y"},"none":null,"text":"ü\\"\\n"}\n'
    )


def test_every_type_has_a_form_in_csv(query: Query) -> None:
    """NULL is empty, and what is nested is JSON in quotes."""
    assert query("a\n1\n", EVERY_TYPE, output_format="csv") == (
        "1.50,2026-11-25T01:02:03.5,2026-11-24T23:02:03+00,nan,0.1,1e+100,170141183460469231731687303715884105727,"
        'true,01:02:03,1 day,\\xAA,"[1,2]","{""x"":""y""}",,"ü""\n"\n'
    )


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, 'a,"b,c","d""e",\n'),
        ({"quote_fields": "ALWAYS"}, '"a","b,c","d""e",""\n'),
        ({"field_delimiter": "|", "record_delimiter": "\r\n"}, 'a|b,c|"d""e"|\r\n'),
        ({"quote_character": "'"}, "a,'b,c',d\"e,\n"),
        ({"quote_escape_character": "\\"}, 'a,"b,c","d\\"e",\n'),
    ],
)
def test_a_result_in_csv_has_the_form_that_is_asked_for(form: dict[str, str], expected: str, query: Query) -> None:
    """Quoted where it is needed, or always; without a header."""
    sql = "SELECT 'a', 'b,c', 'd\"e', NULL FROM S3Object"
    assert query("x\n1\n", sql, output_format="csv", output_csv=form) == expected


def test_a_mixed_column_shows_no_quotes_of_json(query: Query) -> None:
    """A text in CSV is the text, also where other rows have numbers."""
    assert query('{"a": 1}\n{"a": "x"}\n', ALL, key="a.jsonl", output_format="csv") == "1\nx\n"


def test_the_delimiter_of_json_records_is_the_callers(query: Query) -> None:
    """As with S3 Select."""
    assert query("a\n1\n2\n", ALL, output_record_delimiter=";") == '{"a":"1"};{"a":"2"};'


def test_the_order_that_is_asked_for_is_kept(query: Query) -> None:
    """Making texts of the rows leaves them where they are."""
    data = "a\n" + "".join(f"{number * 7919 % 10007}\n" for number in range(10007))
    found = objects(query(data, "SELECT CAST(a AS INT) AS a FROM S3Object ORDER BY 1 DESC"))
    assert [row["a"] for row in found] == list(range(10006, -1, -1))
