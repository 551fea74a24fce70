# SPDX-License-Identifier: Apache-2.0
"""The records of a result, made by DuckDB itself: a query that gives each as one text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.select.records import unique
from airflow_provider_s3rest.s3.select.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.select.options import Output

_NESTED = re.compile(r"STRUCT|MAP|UNION|JSON|VARIANT|.*\]$", re.DOTALL)
_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL.*)$")


def records(select: str, names: Sequence[str], types: Sequence[str], output: Output) -> str:
    """Return the query of the records, each without its delimiter.

    :param select: the query whose rows they are.
    :param names: its columns, as the result is to name them.
    :param types: theirs, as DuckDB names them.
    """
    columns = [f"c{number}" for number in range(len(names))]
    if output.format == "csv":
        fields = [_csv_field(column, kind, output) for column, kind in zip(columns, types, strict=True)]
        record = f" || {quoted(output.field_delimiter)} || ".join(fields)
    else:
        members = [
            f"{quoted(json.dumps(name, ensure_ascii=False) + ':')} || {_json_value(column, kind)}"
            for name, column, kind in zip(unique(list(names)), columns, types, strict=True)
        ]
        record = "'{' || " + " || ',' || ".join(members) + " || '}'"
    return f"SELECT {record} FROM (\n{select}\n) AS t({', '.join(columns)})"


def shown_names(names: Sequence[str], expression: str, known: Sequence[str]) -> list[str]:
    """Return the names of a result's columns as S3 Select gives them: what has none is ``_1``, ``_2``, ...

    :param names: DuckDB's own, which are the expressions themselves where none is given.
    :param expression: the SQL.
    :param known: the columns of the object.
    """
    return [
        name if name.isidentifier() or name in known or f'"{name}"' in expression else f"_{number}"
        for number, name in enumerate(names, 1)
    ]


def _json_value(column: str, kind: str) -> str:
    if _NUMBER.match(kind) or kind == "BOOLEAN":
        value = f"{column}::VARCHAR"
    elif kind in {"DOUBLE", "FLOAT"}:
        # JSON knows neither NaN nor infinity; by way of its text, a FLOAT keeps the digits that it is written with.
        value = f"CASE WHEN isfinite({column}) THEN to_json({column}::VARCHAR::DOUBLE)::VARCHAR END"
    elif _NESTED.match(kind):
        value = f"to_json({column})::VARCHAR"
    else:
        value = f"to_json({_text(column, kind)})::VARCHAR"
    return f"coalesce({value}, 'null')"


def _csv_field(column: str, kind: str, output: Output) -> str:
    quote, escape = output.quote_character, output.quote_escape_character
    text = f"coalesce({_text(column, kind)}, '')"
    body = f"replace({text}, {quoted(quote)}, {quoted(escape + quote)})"
    if escape != quote:
        doubled = f"replace({text}, {quoted(escape)}, {quoted(escape * 2)})"
        body = f"replace({doubled}, {quoted(quote)}, {quoted(escape + quote)})"
    inside = f"{quoted(quote)} || {body} || {quoted(quote)}"
    if output.quote_fields == "always":
        return f"({inside})"
    special = dict.fromkeys([output.field_delimiter, output.record_delimiter, quote, "\n", "\r"])
    tests = " OR ".join(f"contains({text}, {quoted(character)})" for character in special)
    return f"(CASE WHEN {tests} THEN {inside} ELSE {text} END)"


def _text(column: str, kind: str) -> str:
    if kind == "JSON":
        return f"({column} ->> '$')"
    if _NESTED.match(kind):
        return f"to_json({column})::VARCHAR"
    if kind.startswith("TIMESTAMP"):
        # As ISO 8601 has it.
        return f"replace({column}::VARCHAR, ' ', 'T')"
    return f"{column}::VARCHAR"
