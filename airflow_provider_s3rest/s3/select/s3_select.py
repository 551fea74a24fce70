# SPDX-License-Identifier: Apache-2.0
"""The engine that runs at the service: S3 Select, closed to accounts that did not use it before July 2024.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any

from airflow_provider_s3rest.connection import AccessKeys
from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.retry import EXPIRED_CODES, is_transient
from airflow_provider_s3rest.s3.select.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.select.options import Select
    from airflow_provider_s3rest.s3.store import S3

# What services say that have no S3 Select, or not for this account. A refusal of access (403) is none of these: who may
# read the object may select from it.
_UNAVAILABLE_STATUSES = frozenset({405, 501})
_UNAVAILABLE_CODES = frozenset({"MethodNotAllowed", "NotImplemented", "UnsupportedOperation"})
_BAD_REQUEST = 400

_missing: set[tuple[str | None, str]] = set()


class UnavailableError(Exception):
    """The service has no S3 Select for this account."""


def obstacle(connection: S3RestConnection, select: Select) -> str | None:
    """Tell what keeps S3 Select from doing this; None: nothing."""
    if select.compression == "zstd":
        return "reads no zstd"
    if select.version_id:
        return "reads no version but the current one"
    if select.engine == "auto" and connection.requester_pays:
        return "can't say that the requester pays"
    if select.engine == "auto" and _account(connection) in _missing:
        return "is not to be had here"
    return None


def run(s3: S3, bucket_name: str, key: str, select: Select) -> Selection:
    """Have the service select; its answer is kept on disk until it is known to be whole.

    :raises UnavailableError: the service has no S3 Select for this account.
    """
    client = s3.client(bucket_name)
    attempts = s3.policy.attempts()
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile(prefix="s3rest-select-"))
        while True:
            try:
                scanned = _receive(s3, client, bucket_name, key, select, file)
                break
            except FaultError as fault:
                if fault.transient and attempts.wait():
                    continue
                raise _public(fault, bucket_name, key, attempts.retries) from None
        file.seek(0)
        return Selection(
            bucket_name=bucket_name,
            key=key,
            engine="s3_select",
            region_name=client.meta.region_name,
            version_id=None,
            bytes_scanned=scanned,
            chunks=iter(lambda: file.read(CHUNK_BYTES), b""),
            resources=stack.pop_all(),
        )


def _receive(s3: S3, client: Any, bucket_name: str, key: str, select: Select, file: IO[bytes]) -> int:
    """Write the records of one answer to a file, from its begin.

    :returns: how many bytes S3 has scanned.
    """
    file.seek(0)
    file.truncate()
    scanned, ended = 0, False
    for event in _events(_ask(s3, client, bucket_name, key, select)):
        if "Records" in event:
            file.write(event["Records"]["Payload"])
        elif "Stats" in event:
            scanned = event["Stats"]["Details"].get("BytesScanned", 0)
        ended = ended or "End" in event
    if not ended:
        raise FaultError("the answer of S3 Select has no End event, so that it is not whole")
    return scanned


def _ask(s3: S3, client: Any, bucket_name: str, key: str, select: Select) -> Any:
    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.client import call
    from airflow_provider_s3rest.s3.errors import translated

    terms = select.customer_key.terms() if select.customer_key else {}
    try:
        with translated(bucket_name, key):
            return call(
                client,
                "select_object_content",
                terms,
                Bucket=bucket_name,
                Key=key,
                Expression=select.expression,
                ExpressionType="SQL",
                InputSerialization=_input(select),
                OutputSerialization=_output(select),
            )["Payload"]
    except ClientError as error:
        code, status = error.response["Error"].get("Code", ""), error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status in _UNAVAILABLE_STATUSES or code in _UNAVAILABLE_CODES:
            _missing.add(_account(s3.connection))
            raise UnavailableError(f"{code}: {error.response['Error'].get('Message', '')}") from None
        if status == _BAD_REQUEST and code not in EXPIRED_CODES and not is_transient(status, code):
            raise _refusal(error) from error
        raise


def _events(payload: Any) -> Iterator[dict[str, Any]]:
    """Hand out the events of an answer; what breaks on the way is a fault."""
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError, EventStreamError
    from urllib3.exceptions import HTTPError

    try:
        yield from payload
    except EventStreamError as error:
        said = error.response["Error"]
        code = said.get("Code", "")
        # No status comes with it: the code alone tells whether to try again.
        if not is_transient(0, code):
            raise _refusal(error) from error
        raise FaultError(said.get("Message", ""), status=200, code=code) from error
    except (ParserError, BotoCoreError, HTTPError, OSError) as error:
        raise FaultError(f"the answer of S3 Select broke off: {error}") from error
    finally:
        payload.close()


def _refusal(error: ClientError) -> ValueError:
    said = error.response["Error"]
    return ValueError(
        f"expression: S3 Select refuses it, or the form of the object: {said.get('Code')}: {said.get('Message')}"
    )


def _public(fault: FaultError, bucket_name: str, key: str, retries: int) -> Exception:
    if not fault.code:
        return S3RestIntegrityError(f"Object {key!r} in bucket {bucket_name!r}: {fault.message}")
    fault.retries = retries
    return fault.public("SelectObjectContent", bucket_name, key)


def _account(connection: S3RestConnection) -> tuple[str | None, str]:
    who = connection.authentication
    return connection.endpoint_url, who.access_key_id if isinstance(who, AccessKeys) else who.role_arn


def _input(select: Select) -> dict[str, Any]:
    terms: dict[str, Any] = {"CompressionType": select.compression.upper()}
    csv = select.csv
    match select.input_format:
        case "csv":
            terms["CSV"] = {
                "FileHeaderInfo": csv.header.upper(),
                "FieldDelimiter": csv.field_delimiter,
                "RecordDelimiter": csv.record_delimiter,
                "QuoteCharacter": csv.quote_character,
                "QuoteEscapeCharacter": csv.quote_escape_character,
                "Comments": csv.comments,
                "AllowQuotedRecordDelimiter": csv.allow_quoted_record_delimiter,
            }
        case "parquet":
            terms["Parquet"] = {}
        case form:
            terms["JSON"] = {"Type": "LINES" if form == "json_lines" else "DOCUMENT"}
    return terms


def _output(select: Select) -> dict[str, Any]:
    output = select.output
    if output.format == "json":
        return {"JSON": {"RecordDelimiter": output.record_delimiter}}
    return {
        "CSV": {
            "QuoteFields": output.quote_fields.upper(),
            "FieldDelimiter": output.field_delimiter,
            "RecordDelimiter": output.record_delimiter,
            "QuoteCharacter": output.quote_character,
            "QuoteEscapeCharacter": output.quote_escape_character,
        }
    }
