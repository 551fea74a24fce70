# SPDX-License-Identifier: Apache-2.0
"""SQL over an object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator
from airflow_provider_s3rest.operators.s3rest.get import LARGEST_RESULT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.s3.options import WriteOptions
    from airflow_provider_s3rest.s3.select import CsvInput, CsvOutput, Selection, SelectOptions


class S3RestSelectOperator(S3RestOperator):
    """Run SQL over a CSV, JSON or Parquet object, by S3 Select or by DuckDB on the worker.

    Returns ``bucket_name``, ``key``, ``version_id`` and ``region_name`` of the object, the ``engine`` that ran, the
    ``bytes_scanned``, and the result: ``records``, a list of dictionaries, or with ``output_format="csv"`` its text as
    ``content``. With ``target_key``, the result goes there, and ``bucket_name``, ``key``, ``version_id``, ``etag``,
    ``size`` and ``region_name`` are those of the object that was written.

    :param key: the object's key, or its ``s3://`` URL.
    :param expression: one SELECT from ``S3Object``, at most 256 KB.
    :param engine: ``auto``: S3 Select where the account has it, else DuckDB; or one of ``s3_select`` and ``duckdb``.
    :param input_format: ``csv``, ``json_lines``, ``json`` or ``parquet``; default: told by the end of the key.
    :param compression: ``none``, ``gzip``, ``bzip2`` or ``zstd``; default: told by the end of the key.
    :param csv: the form of a CSV object, see :class:`~airflow_provider_s3rest.s3.select.CsvInput`.
    :param output_format: ``json``, one object in each line, or ``csv``.
    :param output_csv: the form of a result in CSV, see :class:`~airflow_provider_s3rest.s3.select.CsvOutput`.
    :param output_record_delimiter: what follows each object of a result in JSON; default: a line feed.
    :param version_id: the version to read, by DuckDB only; default: the current one.
    :param memory_limit: the memory that DuckDB may take; default: ``512MB``.
    :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C): 32 bytes in Base64, best
        by a template such as ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere.
    :param max_bytes: the longest result to return.
    :param target_key: the key, or the ``s3://`` URL, to write the result to, whatever its size.
    :param target_bucket_name: the bucket of ``target_key``; default: the object's.
    :param write_options: for the target, see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
    :param target_sse_customer_key: a key of your own to encrypt the target by (SSE-C).
    """

    template_fields: Sequence[str] = (
        *S3RestOperator.template_fields,
        *("key", "expression", "engine", "input_format", "compression", "csv", "output_format", "output_csv"),
        *("output_record_delimiter", "version_id", "memory_limit", "max_bytes"),
        *("target_key", "target_bucket_name", "write_options"),
    )
    template_fields_renderers = {"expression": "sql"}  # noqa: RUF012 - as Airflow declares it
    template_ext: Sequence[str] = (".sql",)

    def __init__(  # noqa: PLR0913 - each argument is a word of S3's
        self,
        *,
        key: str,
        expression: str,
        engine: str = "auto",
        input_format: str | None = None,
        compression: str | None = None,
        csv: CsvInput | None = None,
        output_format: str = "json",
        output_csv: CsvOutput | None = None,
        output_record_delimiter: str | None = None,
        version_id: str | None = None,
        memory_limit: str | None = None,
        sse_customer_key: str | bytes | None = None,
        max_bytes: int = LARGEST_RESULT_BYTES,
        target_key: str | None = None,
        target_bucket_name: str | None = None,
        write_options: WriteOptions | None = None,
        target_sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.expression = expression
        self.engine = engine
        self.input_format = input_format
        self.compression = compression
        self.csv = csv
        self.output_format = output_format
        self.output_csv = output_csv
        self.output_record_delimiter = output_record_delimiter
        self.version_id = version_id
        self.memory_limit = memory_limit
        self.sse_customer_key = sse_customer_key
        self.max_bytes = max_bytes
        self.target_key = target_key
        self.target_bucket_name = target_bucket_name
        self.write_options = write_options
        self.target_sse_customer_key = target_sse_customer_key

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The object, and the target if there is one."""
        from airflow_provider_s3rest.s3.keys import locate

        read = locate(self.bucket_name, self.key)
        if not self.target_key:
            return [read], []
        return [read], [locate(self._target_bucket_name(read.bucket_name), self.target_key)]

    def _target_bucket_name(self, source: str) -> str | None:
        from airflow_provider_s3rest.s3.keys import is_url

        return self.target_bucket_name or (None if is_url(self.target_key or "") else source)

    def operate(self, context: Context) -> dict[str, Any]:
        """Select from the object."""
        names = ("engine", "input_format", "compression", "csv", "output_format", "output_csv")
        more = ("output_record_delimiter", "version_id", "memory_limit")
        options: SelectOptions = {name: getattr(self, name) for name in (*names, *more)}  # type: ignore[assignment]
        key = self.secret(context, self.sse_customer_key)
        selected = self.hook.select_object(self.bucket_name, self.key, self.expression, sse_customer_key=key, **options)
        with selected:
            result = self._written(context, selected) if self.target_key else self._returned(selected)
        where = (selected.bucket_name, selected.key)
        self.log.info("%s scanned %d bytes of s3://%s/%s", selected.engine, selected.bytes_scanned, *where)
        return result | {"engine": selected.engine, "bytes_scanned": selected.bytes_scanned}

    def _written(self, context: Context, selected: Selection) -> dict[str, Any]:
        result = self.hook.upsert_object(
            self._target_bucket_name(selected.bucket_name),
            self.target_key or "",
            iter(selected),
            sse_customer_key=self.secret(context, self.target_sse_customer_key),
            **(self.write_options or {}),
        )
        return as_row(result)

    def _returned(self, selected: Selection) -> dict[str, Any]:
        text = selected.text(int(self.max_bytes))
        head = {name: getattr(selected, name) for name in ("bucket_name", "key", "version_id", "region_name")}
        if self.output_format == "csv":
            return head | {"content": text}
        return head | {"records": _objects(text, len(self.output_record_delimiter or "\n"))}


def _objects(text: str, delimiter_length: int) -> list[Any]:
    decoder = json.JSONDecoder()
    found = []
    position = 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        found.append(value)
        position += delimiter_length
    return found
