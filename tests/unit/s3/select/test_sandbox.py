# SPDX-License-Identifier: Apache-2.0
"""The SQL reaches the object and nothing else, and it can be stopped."""

from __future__ import annotations

import resource
import signal
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.s3.select import Select, select_object

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.s3 import S3

Query = "Callable[..., str]"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that no SQL may read."""
    path = tmp_path / "secret.csv"
    path.write_text("word\nsesame\n")
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{}')",
        "SELECT * FROM read_text('{}')",
        "SELECT * FROM read_blob('{}')",
        "SELECT * FROM read_json('{}')",
        "SELECT * FROM read_ndjson_objects('{}')",
        "SELECT * FROM read_parquet('{}')",
        "SELECT * FROM parquet_metadata('{}')",
        "SELECT * FROM sniff_csv('{}')",
        "SELECT * FROM glob('{}')",
        "SELECT * FROM '{}'",
        'SELECT * FROM "{}"',
        "SELECT * FROM S3Object WHERE EXISTS (SELECT * FROM read_text('{}'))",
        "SELECT * FROM query('SELECT * FROM read_text(''{}'')')",
    ],
)
def test_no_other_file_is_read(sql: str, secret: Path, query: Query) -> None:
    """By none of the functions that read files, nor by a table's name."""
    with pytest.raises(ValueError, match=r"^expression: DuckDB refuses") as caught:
        query("a\n1\n", sql.format(secret))
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('http://{}/x')",
        "SELECT * FROM read_text('https://{}/x')",
        "SELECT * FROM read_parquet('s3://{}/x')",
        "SELECT * FROM 'hf://{}/x.csv'",
    ],
)
def test_no_network_is_reached(sql: str, fake: Any, query: Query) -> None:
    """No request but that for the object arrives anywhere."""
    host = fake.url.partition("://")[2]
    with pytest.raises(ValueError, match=r"^expression: DuckDB refuses"):
        query("a\n1\n", sql.format(host))
    assert fake.seen == [("GET", "/bucket/a.csv")]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY S3Object TO '{}.out'",
        "COPY (SELECT 1) TO '{}.out'",
        "EXPORT DATABASE '{}.out'",
        "ATTACH '{}.out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "CREATE TABLE x AS SELECT 1",
        "CREATE SECRET x (TYPE s3)",
        "DROP VIEW S3Object",
        "INSERT INTO S3Object VALUES (1)",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY S3Object TO '{}.out'",
        "SELECT 1) AS t(c0); COPY S3Object TO '{}.out'; SELECT (1",
        "SELECT * FROM query('COPY S3Object TO ''{}.out''')",
        "SELECT 1 /*",
        "",
        ";",
        "-- nothing",
    ],
)
def test_only_a_select_is_run(sql: str, secret: Path, query: Query) -> None:
    """Nothing that writes, loads, configures or comes after the SELECT."""
    with pytest.raises(ValueError, match=r"^expression: "):
        query("a\n1\n", sql.format(secret))
    assert list(secret.parent.iterdir()) == [secret]


def test_no_variable_of_python_is_a_table(query: Query) -> None:
    """DuckDB would otherwise look for them in every calling function."""
    with pytest.raises(ValueError, match="Catalog Error"):
        query("a\n1\n", "SELECT * FROM options")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEKT 1", 'Parser Error: syntax error at or near "SELEKT"'),
        ("SELECT nope FROM S3Object", 'Binder Error: Referenced column "nope" not found'),
        ("SELECT CAST(a AS INT) FROM S3Object", "Conversion Error: Could not convert string 'x' to INT32"),
    ],
)
def test_bad_sql_has_the_words_of_duckdb(sql: str, words: str, query: Query) -> None:
    """Without the advice for those who call DuckDB themselves."""
    with pytest.raises(
        ValueError, match=r"^expression: DuckDB refuses it, or the form of s3://bucket/a\.csv: "
    ) as caught:
        query("a\nx\n", sql)
    assert words in str(caught.value)


def test_what_memory_can_not_hold_goes_to_disk(query: Query) -> None:
    """A sort of more than the limit succeeds all the same, without any other way to the disk."""
    sql = "SELECT repeat('x', 400) || range AS x FROM range(600000) ORDER BY hash(range)"
    assert query("a\n1\n", sql, output_format="csv", memory_limit="150MB").count("\n") == 600000


def test_too_little_memory_is_an_error_that_may_pass(query: Query) -> None:
    """Not the fault of the SQL alone."""
    with pytest.raises(S3RestError, match="Out of Memory"):
        query("a\n1\n", "SELECT list(repeat('x', 1000)) FROM range(300000)", memory_limit="64MB")


def test_a_missing_duckdb_names_the_extra(fake: Any, ask: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is fetched."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ValueError, match=r"engine: DuckDB is not installed.*airflow-provider-s3rest\[select\]"):
        ask("SELECT 1", engine="duckdb")
    assert fake.requests == []


def test_a_missing_zstd_names_the_extra(query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has it since 3.14."""
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    with pytest.raises(ValueError, match=r"compression: zstd needs .*airflow-provider-s3rest\[select\]"):
        query("a\n1\n", "SELECT 1", key="a.csv.zst")


def test_memory_does_not_grow_with_the_result(fake: Any, make_s3: Callable[..., S3], capfd: Any) -> None:
    """300 MB come out of 10 MB in chunks, and nothing is printed beside them."""
    fake.serve(b"id,words\n" + b"".join(b"%d,some text that is copied\n" % number for number in range(300_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sql = "SELECT id, repeat(words, 40) AS words FROM S3Object"
    select = Select.parse("a.csv", sql, {"engine": "duckdb", "memory_limit": "128MB"})
    with select_object(make_s3(), "bucket", "a.csv", select) as selected:
        assert sum(map(len, selected)) > 290_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024
    assert capfd.readouterr().out == ""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Tell which temporary files are there now."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: [path.name for path in tmp_path.iterdir()]


ENDLESS = "SELECT sum(hash(a.range * b.range)) FROM range(1000000) a, range(1000000) b"


def test_a_signal_ends_a_query(query: Query, folders: Callable[[], list[str]]) -> None:
    """As the timeout of a task does; nothing is left, neither files nor a running query."""

    def alarm(*_: object) -> None:
        raise TimeoutError("the task's time is over")

    previous = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with pytest.raises(TimeoutError, match="time is over"):
            query("a\n1\n", ENDLESS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert folders() == []
    assert not any(thread.name.startswith("s3rest-select") for thread in threading.enumerate())


def test_a_result_that_is_not_read_to_its_end_leaves_nothing(
    fake: Any, make_s3: Callable[..., S3], folders: Callable[[], list[str]]
) -> None:
    """Closed, or just left."""
    fake.serve(b"a\n" + b"1\n" * 100_000)
    select = Select.parse("a.csv", "SELECT * FROM S3Object", {"engine": "duckdb"})
    selected = select_object(make_s3(), "bucket", "a.csv", select)
    assert len(folders()) == 1
    assert next(iter(selected)).startswith(b'{"a":"1"}\n')
    selected.close()
    assert folders() == []
    with select_object(make_s3(), "bucket", "a.csv", select) as other, pytest.raises(ValueError, match=r"^max_bytes: "):
        other.text(1000)
    assert folders() == []


def test_a_failure_leaves_nothing(query: Query, folders: Callable[[], list[str]]) -> None:
    """Of the copy either."""
    with pytest.raises(ValueError, match="Binder"):
        query("a\n1\n", "SELECT b FROM S3Object")
    assert folders() == []
