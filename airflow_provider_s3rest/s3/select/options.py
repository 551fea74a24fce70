# SPDX-License-Identifier: Apache-2.0
"""What to select and in which form: the options that callers give, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from airflow_provider_s3rest.s3.options import CustomerKey
from airflow_provider_s3rest.s3.values import choice, known, read_switch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_EXPRESSION_BYTES = 256 * 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html"""

ENGINES = ("auto", "s3_select", "duckdb")
FORMATS = ("csv", "json_lines", "json", "parquet")
COMPRESSIONS = ("none", "gzip", "bzip2", "zstd")

_ENDS_OF_FORMATS = {
    "csv": "csv",
    "tsv": "csv",
    "jsonl": "json_lines",
    "ndjson": "json_lines",
    "json": "json",
    "parquet": "parquet",
}
_ENDS_OF_COMPRESSIONS = {"gz": "gzip", "bz2": "bzip2", "zst": "zstd"}
_MAX_DELIMITER = 2
_MEMORY = re.compile(r"[1-9]\d{0,5}(MB|GB|MiB|GiB)")


class CsvInput(TypedDict, total=False):
    """The form of a CSV object; all are optional.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CSVInput.html

    :param header: ``use`` (default): the first record names the columns; ``ignore``: it is left out, and the columns
        are ``_1``, ``_2``, ...; ``none``: it is data like the others.
    :param field_delimiter: one character, a comma if not given (a tab where the key ends with ``.tsv``).
    :param record_delimiter: one or two characters, an end of line if not given.
    :param quote_character: one character, ``"`` if not given.
    :param quote_escape_character: what stands before a quote character inside quotes, ``"`` if not given.
    :param comments: records that begin with this character are left out, ``#`` if not given.
    :param allow_quoted_record_delimiter: whether a record delimiter may stand inside quotes; default: yes.
    :param pad_short_records: whether a record may lack fields at its end, which are NULL then; S3 Select lets every
        record lack some, DuckDB none unless this is true.
    """

    header: Literal["use", "ignore", "none"]
    field_delimiter: str
    record_delimiter: str
    quote_character: str
    quote_escape_character: str
    comments: str
    allow_quoted_record_delimiter: bool
    pad_short_records: bool


class CsvOutput(TypedDict, total=False):
    """The form of a result in CSV; all are optional.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CSVOutput.html

    :param quote_fields: ``asneeded`` (default) or ``always``.
    :param field_delimiter: one character, a comma if not given.
    :param record_delimiter: one or two characters, a line feed if not given.
    :param quote_character: one character, ``"`` if not given.
    :param quote_escape_character: what stands before a quote character inside quotes, ``"`` if not given.
    """

    quote_fields: Literal["always", "asneeded"]
    field_delimiter: str
    record_delimiter: str
    quote_character: str
    quote_escape_character: str


class SelectOptions(TypedDict, total=False):
    """What the object is and how the result is to look; all are optional, and all may be templates.

    :param engine: ``auto`` (default): S3 Select where the account has it, else DuckDB; or one of ``s3_select`` and
        ``duckdb``.
    :param input_format: ``csv``, ``json_lines``, ``json`` (one document, or several of any layout) or ``parquet``;
        told by the end of the key if not given.
    :param compression: ``none``, ``gzip``, ``bzip2`` or ``zstd`` (DuckDB only); told by the end of the key if not
        given.
    :param csv: see :class:`CsvInput`.
    :param output_format: ``json`` (default), one object in each line, or ``csv``, without a header.
    :param output_csv: see :class:`CsvOutput`.
    :param output_record_delimiter: what follows each object of a result in JSON, a line feed if not given.
    :param version_id: the version of the object (DuckDB only); default: the current one.
    :param memory_limit: the memory that DuckDB may take, ``512MB`` if not given; what it can't hold goes to disk, but
        for 2,048 records at a time.
    """

    engine: Literal["auto", "s3_select", "duckdb"]
    input_format: Literal["csv", "json_lines", "json", "parquet"]
    compression: Literal["none", "gzip", "bzip2", "zstd"]
    csv: CsvInput
    output_format: Literal["json", "csv"]
    output_csv: CsvOutput
    output_record_delimiter: str
    version_id: str
    memory_limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Csv:
    """The checked form of a CSV object."""

    header: str = "use"
    field_delimiter: str = ","
    record_delimiter: str = "\n"
    quote_character: str = '"'
    quote_escape_character: str = '"'
    comments: str = "#"
    allow_quoted_record_delimiter: bool = True
    pad_short_records: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The checked form of a result."""

    format: str = "json"
    quote_fields: str = "asneeded"
    field_delimiter: str = ","
    record_delimiter: str = "\n"
    quote_character: str = '"'
    quote_escape_character: str = '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A selection that has been checked.

    :param expression: the SQL, one SELECT.
    """

    expression: str
    engine: str = "auto"
    input_format: str
    compression: str = "none"
    csv: Csv
    output: Output
    version_id: str | None = None
    memory_limit: str = "512MB"
    customer_key: CustomerKey | None = None

    @classmethod
    def parse(
        cls,
        key: str,
        expression: str,
        options: SelectOptions | None = None,
        sse_customer_key: str | bytes | None = None,
    ) -> Self:
        """Check what a caller wants to know of an object.

        :param key: of the object; its end tells the format and the compression that the options leave open.
        :raises ValueError: an option is unknown or can't be; it is named.
        """
        given = known(options, SelectOptions.__annotations__)
        if not expression or not expression.strip():
            raise ValueError("expression: is empty; write a SELECT, such as SELECT * FROM S3Object")
        if (size := len(expression.encode())) > MAX_EXPRESSION_BYTES:
            raise ValueError(f"expression: has {size} bytes, and S3 Select takes at most {MAX_EXPRESSION_BYTES}")
        end, compression = _ends_of(key)
        form = given.get("input_format") or _ENDS_OF_FORMATS.get(end)
        if not form:
            raise ValueError(f"input_format: can't be told by the end of the key; give one of {', '.join(FORMATS)}")
        compression = choice(given.get("compression", compression), "compression", COMPRESSIONS)
        if form == "parquet" and compression != "none":
            raise ValueError("compression: Parquet compresses its columns itself; leave the option out")
        return cls(
            expression=expression,
            engine=choice(given.get("engine", "auto"), "engine", ENGINES),
            input_format=choice(form, "input_format", FORMATS),
            compression=compression,
            csv=_csv(given.get("csv"), "\t" if end == "tsv" else ","),
            output=_output(given),
            version_id=given.get("version_id"),
            memory_limit=_memory(given.get("memory_limit", "512MB")),
            customer_key=CustomerKey.parse(sse_customer_key),
        )


def _memory(value: object) -> str:
    if not _MEMORY.fullmatch(str(value)):
        raise ValueError(f"memory_limit: must be a number of MB or GB, such as 512MB, not {value!r}")
    return str(value)


def _ends_of(key: str) -> tuple[str, str]:
    """Tell the end of a key that names a format, and the compression that the end after it names."""
    parts = key.lower().rpartition("/")[2].split(".")
    compression = _ENDS_OF_COMPRESSIONS.get(parts[-1], "none")
    if compression != "none":
        parts.pop()
    return parts[-1] if len(parts) > 1 else "", compression


def _csv(options: Mapping[str, Any] | None, field_delimiter: str) -> Csv:
    given = {"field_delimiter": field_delimiter} | _checked(options, "csv", CsvInput.__annotations__)
    return Csv(**given)


def _output(given: Mapping[str, Any]) -> Output:
    form = choice(given.get("output_format", "json"), "output_format", ("json", "csv"))
    if form == "csv":
        return Output(format=form, **_checked(given.get("output_csv"), "output_csv", CsvOutput.__annotations__))
    return Output(format=form, record_delimiter=given.get("output_record_delimiter", "\n"))


def _checked(options: Mapping[str, Any] | None, argument: str, names: Mapping[str, object]) -> dict[str, Any]:
    """Return the options of a CSV that are given, each read from whatever form a template gives it in."""
    given = known(options, names)
    readers: dict[str, Callable[[Any, str], Any]] = {
        "header": lambda value, name: choice(str(value).lower(), name, ("use", "ignore", "none")),
        "quote_fields": lambda value, name: choice(str(value).lower(), name, ("always", "asneeded")),
        "record_delimiter": lambda value, name: _characters(value, name, _MAX_DELIMITER),
        "allow_quoted_record_delimiter": read_switch,
        "pad_short_records": read_switch,
    }
    one_character: Callable[[Any, str], Any] = lambda value, name: _characters(value, name, 1)  # noqa: E731
    return {name: readers.get(name, one_character)(value, f"{argument}[{name!r}]") for name, value in given.items()}


def _characters(value: object, argument: str, most: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        wanted = "one character" if most == 1 else "one or two characters"
        raise ValueError(f"{argument}: must be {wanted}, not {value!r}")
    return value
