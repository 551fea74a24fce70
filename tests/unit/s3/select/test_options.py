# SPDX-License-Identifier: Apache-2.0
"""What can be asked for, and what is said of anything else."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_s3rest.s3.select import Select
from airflow_provider_s3rest.s3.select.structure import column_type, merged

SQL = "SELECT 1"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a/b.csv", ("csv", "none")),
        ("a.CSV.GZ", ("csv", "gzip")),
        ("a.jsonl.bz2", ("json_lines", "bzip2")),
        ("a.ndjson.zst", ("json_lines", "zstd")),
        ("x.y/a.json", ("json", "none")),
        ("s3://bucket/a.parquet", ("parquet", "none")),
    ],
)
def test_the_key_tells_the_form(key: str, expected: tuple[str, str]) -> None:
    """By its end, whatever its case."""
    select = Select.parse(key, SQL)
    assert (select.input_format, select.compression) == expected


def test_options_go_before_what_the_key_tells() -> None:
    """And what a template renders to nothing is no option."""
    options: Any = {"input_format": "csv", "compression": "none", "version_id": "", "csv": {"header": "NONE"}}
    select = Select.parse("a.json.gz", SQL, options)
    assert (select.input_format, select.compression, select.version_id) == ("csv", "none", None)
    assert select.csv.header == "none"


@pytest.mark.parametrize("key", ["data", "data.gz", "a.csv/part-0", "csv"])
def test_a_form_that_nobody_tells_is_an_error(key: str) -> None:
    """It names the choices."""
    with pytest.raises(ValueError, match=r"^input_format: .*csv, json_lines, json, parquet"):
        Select.parse(key, SQL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "spark"}, "^engine: 'spark' is none of auto, s3_select, duckdb"),
        ({"input_format": "xml"}, "^input_format: 'xml' is none of"),
        ({"compression": "lz4"}, "^compression: 'lz4' is none of"),
        ({"input_format": "parquet", "compression": "gzip"}, "^compression: Parquet compresses its columns itself"),
        ({"output_format": "xml"}, "^output_format: 'xml' is none of json, csv"),
        ({"csv": {"header": "maybe"}}, r"^csv\['header'\]: 'maybe' is none of"),
        ({"csv": {"field_delimiter": "||"}}, r"^csv\['field_delimiter'\]: must be one character"),
        ({"csv": {"record_delimiter": "abc"}}, r"^csv\['record_delimiter'\]: must be one or two characters"),
        ({"csv": {"pad_short_records": "maybe"}}, r"^csv\['pad_short_records'\]: must be true or false"),
        ({"csv": {"delimiter": ","}}, "^delimiter: is no option; there are header"),
        ({"output_format": "csv", "output_csv": {"quote_fields": "never"}}, r"^output_csv\['quote_fields'\]: 'never'"),
        ({"memory_limit": "80 %"}, "^memory_limit: must be a number of MB or GB"),
        ({"memory_limit": "1GB'; DROP"}, "^memory_limit: must be a number of MB or GB"),
        ({"unknown": 1}, "^unknown: is no option"),
    ],
)
def test_a_bad_option_is_named(options: Any, message: str) -> None:
    """With what would do."""
    with pytest.raises(ValueError, match=message):
        Select.parse("a.csv", SQL, options)


def test_an_expression_has_a_length() -> None:
    """256 KB are the most that S3 Select takes, counted in bytes; nothing at all is no SQL."""
    Select.parse("a.csv", "x" * 262_144)
    with pytest.raises(ValueError, match=r"^expression: has 262146 bytes, and S3 Select takes at most 262144"):
        Select.parse("a.csv", "ü" * 131_073)
    with pytest.raises(ValueError, match=r"^expression: is empty"):
        Select.parse("a.csv", " ")


@pytest.mark.parametrize(
    ("structures", "expected"),
    [
        ([], "JSON"),
        (["UBIGINT", "NULL", "BIGINT"], "BIGINT"),
        (["UBIGINT", "DOUBLE"], "DOUBLE"),
        (["UBIGINT", "VARCHAR"], "JSON"),
        ([["NULL"], ["UBIGINT"], ["BOOLEAN"]], "JSON[]"),
        ([{"a": "NULL"}, {"b": {"c": "VARCHAR"}}], 'STRUCT("a" JSON, "b" STRUCT("c" VARCHAR))'),
        ([{"a": "VARCHAR"}, ["NULL"]], "JSON"),
        ([{}], "JSON"),
    ],
)
def test_structures_become_the_narrowest_type_that_holds_all(structures: list[Any], expected: str) -> None:
    """What has nothing in common stays JSON."""
    assert column_type(merged(structures)) == expected
