# SPDX-License-Identifier: Apache-2.0
"""The engine that runs here: DuckDB over a verified copy of the object on disk."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.select import output, records, sql
from airflow_provider_s3rest.s3.select.sandbox import Sandbox, check_installed
from airflow_provider_s3rest.s3.select.selection import Selection
from airflow_provider_s3rest.s3.select.spool import decompressed
from airflow_provider_s3rest.s3.select.sql import named, quoted
from airflow_provider_s3rest.s3.select.structure import column_type, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.select.options import Csv, Select
    from airflow_provider_s3rest.s3.store import S3


def run(s3: S3, bucket_name: str, key: str, select: Select, progress: Progress | None) -> Selection:
    """Copy the object, and select from the copy."""
    check_installed()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="s3rest-select-")))
        read = Read(version_id=select.version_id, customer_key=select.customer_key)
        with s3.get_object(bucket_name, key, read) as stream:
            head = stream.head
            if progress:
                progress.total = stream.size
            path = stream.save(folder / "object", progress)
        path = decompressed(path, select.compression)
        csv = select.csv
        if select.input_format == "csv":
            path, csv = records.readable(path, csv)
        sandbox = Sandbox(path, folder, f"s3://{bucket_name}/{key}", select.memory_limit)
        stack.callback(sandbox.close)
        sandbox.execute(f"CREATE VIEW S3Object AS {_source(sandbox, path, select.input_format, csv)}")
        lines = sandbox.texts(_query(sandbox, select))
        return Selection(
            bucket_name=bucket_name,
            key=key,
            engine="duckdb",
            region_name=head.region_name,
            version_id=head.version_id,
            bytes_scanned=head.size,
            chunks=_chunks(lines, select.output.record_delimiter),
            resources=stack.pop_all(),
        )


def _query(sandbox: Sandbox, select: Select) -> str:
    expression = sql.translate(select.expression, lambda text: sandbox.columns(text)[1][0])
    names, types = sandbox.columns(expression)
    known, _ = sandbox.columns("SELECT * FROM S3Object")
    shown = output.shown_names(names, expression, known)
    return output.records(expression, shown, types, select.output)


def _chunks(batches: Iterator[list[str]], delimiter: str) -> Iterator[bytes]:
    for batch in batches:
        yield (delimiter.join(batch) + delimiter).encode()


def _source(sandbox: Sandbox, path: Path, form: str, csv: Csv) -> str:
    """Return the SELECT that reads the copy."""
    if form == "parquet":
        return f"SELECT * FROM read_parquet({quoted(path)})"
    if form == "csv":
        return _csv_source(sandbox, path, csv)
    return _json_source(sandbox, path, form)


def _csv_source(sandbox: Sandbox, path: Path, csv: Csv) -> str:
    """Read every field as a text, as S3 Select does."""
    names = records.column_names(path, csv)
    if not names:
        return "SELECT NULL::VARCHAR AS _1 WHERE false"
    mark = records.mark_end(path, csv, len(names))
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    options = {
        "auto_detect": "false",
        "all_varchar": "true",
        "columns": f"{{{columns}}}",
        "header": str(csv.header != "none").lower(),
        "delim": quoted(csv.field_delimiter),
        "quote": quoted(csv.quote_character),
        "escape": quoted(csv.quote_escape_character),
        "comment": "''",
        "nullstr": quoted(f"{mark}-null"),  # no text of an object is NULL, the empty one least of all
        "null_padding": str(csv.pad_short_records).lower(),
        "strict_mode": "true",
        "parallel": "false",
        "max_line_size": str(records.MAX_RECORD_BYTES),
        "buffer_size": str(2 * records.MAX_RECORD_BYTES),
    }
    given = ", ".join(f"{name}={value}" for name, value in options.items())
    table = f"read_csv({quoted(path)}, {given})"
    if sandbox.execute(f"SELECT count(*) FROM {table} WHERE {named(names[0])} = {quoted(mark)}") != [(1,)]:
        raise ValueError("csv: the object ends inside quotes; does it have another quote_character?")
    return f"SELECT * FROM {table} WHERE {named(names[0])} IS DISTINCT FROM {quoted(mark)}"


def _json_source(sandbox: Sandbox, path: Path, form: str) -> str:
    """Read the members of all objects; texts stay texts, also those that look like times or numbers."""
    layout = "newline_delimited" if form == "json_lines" else "array" if _is_array(path) else "unstructured"
    options = f"{quoted(path)}, format={quoted(layout)}, maximum_object_size={records.MAX_RECORD_BYTES}"
    found = sandbox.texts(f"SELECT DISTINCT json_structure(json)::VARCHAR FROM read_json_objects({options})")
    structure = merged(json.loads(text) for batch in found for text in batch)
    is_object = isinstance(structure, dict) and bool(structure)
    members = structure if is_object else {"_1": structure}
    columns = ", ".join(f"{quoted(name)}: {quoted(column_type(member))}" for name, member in members.items())
    options += f", records={str(is_object).lower()}, columns={{{columns}}}"
    return f"SELECT * FROM read_json({options}, auto_detect=false)"


def _is_array(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
