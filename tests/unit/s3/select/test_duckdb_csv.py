# SPDX-License-Identifier: Apache-2.0
"""CSV objects by DuckDB: every option of S3 Select, and nothing lost where an object is not as it should be."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import Any

import pytest
from backports import zstd

PEOPLE = 'name,age,note\nann,31,\nbob,"40","say ""hi"", bob"\n#old,1,x\n"two\n#lines",5,a#b\nzoë,7,\'\n'
ALL = "SELECT * FROM S3Object"
Query = "Callable[..., str]"


def rows(text: str) -> list[list[Any]]:
    """The values of each record of a result in JSON."""
    return [list(json.loads(line).values()) for line in text.splitlines()]


def test_every_field_is_a_text(query: Query) -> None:
    """An empty one is no NULL; a record that begins with # is left out, one that merely holds it is whole."""
    assert query(PEOPLE, ALL).splitlines() == [
        '{"name":"ann","age":"31","note":""}',
        '{"name":"bob","age":"40","note":"say \\"hi\\", bob"}',
        '{"name":"two\\n#lines","age":"5","note":"a#b"}',
        '{"name":"zoë","age":"7","note":"\'"}',
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) > 30",
        "select name from s3object where cast(age as int) > 30;",
        'SELECT s."name" FROM S3Object[*] AS s WHERE CAST(s.age AS INTEGER) BETWEEN 31 AND 40 -- both',
        "SELECT name FROM S3Object WHERE note LIKE '%hi%' OR name IN ('ann')",
    ],
)
def test_knows_the_sql_of_s3_select(sql: str, query: Query) -> None:
    """The same words give the same rows with either engine."""
    assert rows(query(PEOPLE, sql)) == [["ann"], ["bob"]]


def test_columns_without_a_name_are_numbered(query: Query) -> None:
    """As S3 Select numbers them, by their place in the result."""
    sql = "SELECT name, CAST(age AS INT) + 1, count(*) OVER (), age AS \"my age\", 'x' FROM S3Object LIMIT 1"
    assert json.loads(query(PEOPLE, sql)) == {"name": "ann", "_2": 32, "_3": 4, "my age": "31", "_5": "x"}


def test_two_columns_of_one_name_are_both_there(query: Query) -> None:
    """A reader of JSON would lose one."""
    assert json.loads(query("a,a\n1,2\n", "SELECT a, a_1, a FROM S3Object")) == {"a": "1", "a_1": "2", "a_2": "1"}


@pytest.mark.parametrize(
    ("header", "sql", "expected"),
    [
        ("none", "SELECT _1, s._2 FROM S3Object s", [["h1", "h2"], ["x", "y"]]),
        ("ignore", "SELECT _1, s._2 FROM S3Object s", [["x", "y"]]),
        ("use", "SELECT h1, h2 FROM S3Object", [["x", "y"]]),
    ],
)
def test_the_header_is_used_ignored_or_data(header: str, sql: str, expected: list[Any], query: Query) -> None:
    """Without names, the columns have numbers."""
    assert rows(query("h1,h2\nx,y\n", sql, csv={"header": header})) == expected


def test_reads_every_form_of_csv(query: Query) -> None:
    """Delimiters, quotes and comments of the caller's own, delimiters and ends of lines inside fields."""
    csv = {
        "field_delimiter": "|",
        "record_delimiter": ";",
        "quote_character": "'",
        "quote_escape_character": "\\",
        "comments": "%",
    }
    data = "a|b;%no|thing;1|'x;\\'|y';2|p\nq;3|;4|'';5|it's 6|'quo'te;"
    expected = [["1", "x;'|y"], ["2", "p\nq"], ["3", ""], ["4", ""]]
    assert rows(query(data.partition("5|")[0], ALL, csv=csv)) == expected


def test_a_quoted_record_delimiter_can_be_forbidden(query: Query) -> None:
    """Then it ends the record, whatever stands around it."""
    form = {"record_delimiter": ";", "allow_quoted_record_delimiter": False}
    assert rows(query("a;'x;y';", ALL, csv=form | {"quote_character": "'"})) == [["'x"], ["y'"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("comment", ["", "#c"])
def test_reads_every_end_of_line(end: str, comment: str, query: Query) -> None:
    """Blank lines count for nothing, and the last line may lack its end."""
    data = end.join(["a,b", *([comment] if comment else []), "1,2", "", "3,4"])
    form = {"record_delimiter": end}
    assert rows(query(data, ALL, csv=form)) == rows(query(data + end, ALL, csv=form)) == [["1", "2"], ["3", "4"]]


def test_a_tsv_has_tabs(query: Query) -> None:
    """Its name says so."""
    assert rows(query("a\tb\n1,5\t2\n", ALL, key="a.TSV")) == [["1,5", "2"]]


def test_a_byte_order_mark_is_no_data(query: Query) -> None:
    """Neither in the name of the first column nor before a comment."""
    assert json.loads(query("\ufeffa,b\n1,2\n", ALL)) == {"a": "1", "b": "2"}
    assert json.loads(query("\ufeff#c\na,b\n1,2\n", ALL)) == {"a": "1", "b": "2"}


def test_columns_get_names_where_the_header_fails(query: Query) -> None:
    """The blank ones by number, and those that differ in case only."""
    assert list(json.loads(query("a,A,,a\n1,2,3,4\n", ALL))) == ["a", "A_1", "_3", "a_2"]


@pytest.mark.parametrize("data", ["", "a,b\n"])
def test_no_records_are_no_records(data: str, query: Query) -> None:
    """An empty object is no error."""
    assert query(data, ALL) == ""


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstd.compress}


@pytest.mark.parametrize("end", PACKERS)
def test_reads_compressed_objects(end: str, query: Query) -> None:
    """Also when several compressed files have been put one after the other."""
    data = PACKERS[end](b"a\n1\n") + PACKERS[end](b"2\n")
    assert rows(query(data, ALL, key=f"a.csv.{end}")) == [["1"], ["2"]]


@pytest.mark.parametrize("end", PACKERS)
@pytest.mark.parametrize("spoil", [lambda packed: packed[:-6], lambda _: b"a\n1\n"], ids=["cut", "plain"])
def test_a_broken_compression_is_an_error(end: str, spoil: Any, query: Query) -> None:
    """Nothing of such an object is handed out."""
    with pytest.raises(ValueError, match=r"^compression: the object is no whole"):
        query(spoil(PACKERS[end](b"a\n1\n")), ALL, key=f"a.csv.{end}")


@pytest.mark.parametrize("pad", [True, False])
def test_open_quotes_are_an_error(*, pad: bool, query: Query) -> None:
    """DuckDB alone would drop the record, and all that follows it."""
    with pytest.raises(ValueError, match="ends inside quotes"):
        query('a,b\n1,"x\n2,3\n4,5\n', ALL, csv={"pad_short_records": pad})
    with pytest.raises(ValueError, match="ends inside quotes"):
        query('a,b;1,"x;2,3;', ALL, csv={"record_delimiter": ";"})


@pytest.mark.parametrize("data", ["a,b\n1,2,3\n", "a,b\n1\n", b"a,b\n1,\xff\n", 'a,b\n1,"x"y"\n'])
def test_a_malformed_record_is_an_error(data: str | bytes, query: Query) -> None:
    """It names the object and the line, not our copy of it."""
    with pytest.raises(ValueError, match=r"(?s)DuckDB refuses .* s3://bucket/a\.csv: .*Line: 2") as caught:
        query(data, "SELECT b FROM S3Object")
    assert "/s3rest-select" not in str(caught.value)


def test_short_records_can_be_padded(query: Query) -> None:
    """What they lack is NULL."""
    assert rows(query("a,b\n1\n2,\n", ALL, csv={"pad_short_records": "true"})) == [["1", None], ["2", ""]]


def test_a_record_of_a_megabyte_is_read(query: Query) -> None:
    """The largest that S3 Select knows."""
    assert rows(query(f"a,b\n1,{'x' * 1_100_000}\n", "SELECT length(b) FROM S3Object")) == [[1_100_000]]


def test_an_endless_record_is_an_error(query: Query) -> None:
    """Where the delimiter is not the right one, memory is not filled with the whole object."""
    with pytest.raises(ValueError, match=r"longer than 16777216 bytes; is record_delimiter"):
        query("a,b\n" + "1,2\n" * 5_000_000, ALL, csv={"record_delimiter": ";"})
