# SPDX-License-Identifier: Apache-2.0
"""The engine for one object at a time: every key and every option, without loading anything."""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.clock import read_date
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES, UNSIGNED_BYTES, OpenObject, Written, first_byte
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.etags import WHOLE, asking, read_encoding
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.plain.client import Request
from airflow_provider_s3rest.s3.plain.operations import READ, WRITTEN, described, headers_of, metadata_of
from airflow_provider_s3rest.s3.results import ObjectHead, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message
    from typing import Protocol

    from airflow_provider_s3rest.s3.options import Write
    from airflow_provider_s3rest.s3.plain.client import PlainClient
    from airflow_provider_s3rest.s3.plain.connections import Arriving

    class Checksum(Protocol):
        """What checksums have in common."""

        def update(self, data: bytes, /) -> object:
            """Take the next bytes."""

        def digest(self) -> bytes:
            """Return the checksum of all bytes so far."""


_CHECKSUM = "x-amz-checksum-"
_READ = READ | {"Range": "range"}
_PUT = {term: header for term, header in WRITTEN.items() if term != "ChecksumAlgorithm"}
_PUT |= {"IfMatch": "if-match", "IfNoneMatch": "if-none-match"}


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4)


_CHECKSUMS: dict[str, Callable[[], Checksum]] = {
    "CRC32": _Crc32,
    "SHA1": partial(hashlib.sha1, usedforsecurity=False),
    "SHA256": hashlib.sha256,
}


class PlainEngine:
    """Objects by way of the standard library. Safe for threads."""

    def __init__(self, client: PlainClient) -> None:
        self._client = client

    def get(self, bucket_name: str, key: str, read: Read) -> OpenObject:
        """Open an object, or a range of its bytes.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        # Some other services refuse to be asked for a checksum, and one of the whole proves nothing of a range.
        asks = self._client.is_aws and not read.byte_range
        try:
            answer = self._client.open(_reading("GET", bucket_name, key, read, checked=asks))
        except FaultError as fault:
            raise fault.public("GetObject", bucket_name, key) from None
        head = self._described(bucket_name, key, answer.headers)
        start = first_byte(read, head, answer.headers.get("content-range", ""))
        return OpenObject(
            head=head,
            body=_body(answer, key, checked=asks),
            close=answer.close,
            start=start,
            end=start + int(answer.headers["content-length"]),
            encoding=(lambda: read_encoding(described(answer.headers))) if asks else None,
        )

    def head(self, bucket_name: str, key: str, read: Read) -> ObjectHead:
        """Ask about an object."""
        try:
            return self._ask(bucket_name, key, read)
        except FaultError as fault:
            raise fault.public("HeadObject", bucket_name, key) from None

    def find(self, bucket_name: str, key: str) -> ObjectHead | None:
        """Ask about an object that may well not exist."""
        try:
            return self._ask(bucket_name, key, Read())
        except FaultError as fault:
            if fault.status == HTTPStatus.NOT_FOUND:
                return None
            raise fault.public("HeadObject", bucket_name, key) from None

    def put(self, bucket_name: str, key: str, body: bytes, write: Write) -> Written:
        """Write an object in one request.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
        """
        headers = headers_of(write.terms(), _PUT)
        algorithm = write.checksum_algorithm
        # Not signed over TLS; the checksum takes half the time of the signature.
        if not algorithm and self._client.is_aws and len(body) >= UNSIGNED_BYTES:
            algorithm = "CRC32"
        if algorithm:
            headers[f"{_CHECKSUM}{algorithm.lower()}"] = _encoded(_CHECKSUMS[algorithm], body)
        request = Request(method="PUT", bucket_name=bucket_name, key=key, headers=headers, body=body)
        try:
            answer = self._client.send(request)
        except FaultError as fault:
            raise fault.public("PutObject", bucket_name, key) from None
        return Written(
            etag=unquote_etag(answer.headers.get("etag")),
            version_id=answer.headers.get("x-amz-version-id"),
            region_name=self._client.region_of(bucket_name),
        )

    def _ask(self, bucket_name: str, key: str, read: Read) -> ObjectHead:
        answer = self._client.send(_reading("HEAD", bucket_name, key, read))
        return self._described(bucket_name, key, answer.headers)

    def _described(self, bucket_name: str, key: str, headers: Message) -> ObjectHead:
        modified = read_date(headers.get("last-modified"))
        size = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length", "")
        if modified is None or not size.isdecimal():
            raise S3RestIntegrityError(f"The service's answer does not tell the size and the time of object {key!r}")
        return ObjectHead(
            bucket_name=bucket_name,
            key=key,
            size=int(size),
            etag=unquote_etag(headers.get("etag")),
            last_modified=modified,
            content_type=headers.get("content-type"),
            version_id=headers.get("x-amz-version-id"),
            region_name=self._client.region_of(bucket_name),
            metadata=metadata_of(headers),
        )


def _reading(method: str, bucket_name: str, key: str, read: Read, *, checked: bool = False) -> Request:
    headers = headers_of(read.terms() | (asking(WHOLE) if checked else {}), _READ)
    query = {"versionId": read.version_id} if read.version_id else {}
    return Request(method=method, bucket_name=bucket_name, key=key, query=query, headers=headers)


def _body(answer: Arriving, key: str, *, checked: bool) -> Iterator[bytes]:
    checksum, wanted = _checksum(answer.headers) if checked else (None, None)
    while chunk := answer.read(CHUNK_BYTES):
        if checksum:
            checksum.update(chunk)
            # Whoever has all bytes does not ask for more.
            if answer.is_complete and _text(checksum) != wanted:
                raise S3RestIntegrityError(f"The bytes of {key!r} have the checksum {_text(checksum)}, not {wanted}")
        yield chunk


def _checksum(headers: Message) -> tuple[Checksum, str] | tuple[None, None]:
    """Return the sum of no bytes yet, and what it is to be; what has a dash was made of the sums of parts."""
    told = ((make, headers.get(f"{_CHECKSUM}{name.lower()}", "-")) for name, make in _CHECKSUMS.items())
    return next(((make(), wanted) for make, wanted in told if "-" not in wanted), (None, None))


def _encoded(make: Callable[[], Checksum], body: bytes) -> str:
    checksum = make()
    checksum.update(body)
    return _text(checksum)


def _text(checksum: Checksum) -> str:
    return base64.b64encode(checksum.digest()).decode()
