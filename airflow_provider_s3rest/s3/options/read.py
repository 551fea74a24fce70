# SPDX-License-Identifier: Apache-2.0
"""Options for reading an object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypedDict

from airflow_provider_s3rest.s3.options.values import quote_etag, read_customer_key
from airflow_provider_s3rest.s3.values import known, present, read_time

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_s3rest.s3.options.customer_key import CustomerKey

_BYTE_RANGE = r"(?:bytes=)?(\d*)-(\d*)"


class ReadOptions(TypedDict, total=False):
    """Which bytes of an object are read, and under which conditions; all are optional, and all may be templates.

    :param version_id: the version; default: the current one.
    :param byte_range: as HTTP writes it: ``0-99``, ``100-``, or ``-500`` for the last 500 bytes.
    :param if_match: only if the object has this ETag.
    :param if_none_match: only if it has another ETag.
    :param if_modified_since: only if it is newer; a time with its zone, or one in ISO format.
    :param if_unmodified_since: only if it is not newer.
    """

    version_id: str | None
    byte_range: str | None
    if_match: str | None
    if_none_match: str | None
    if_modified_since: datetime | str | None
    if_unmodified_since: datetime | str | None


class ByteRange(NamedTuple):
    """Bytes of an object: from ``start`` up to but without ``end``, to its end, or its last ``-start`` ones."""

    start: int = 0
    end: int | None = None

    @classmethod
    def parse(cls, value: str | None) -> Self | None:
        """Read a range as HTTP writes it, with its last byte included.

        https://datatracker.ietf.org/doc/html/rfc9110#section-14.1.2

        :raises ValueError: it is none, or is empty.
        """
        if not value:
            return None
        found = re.fullmatch(_BYTE_RANGE, str(value))
        first, last = found.groups() if found else ("", "")
        start = int(first) if first else -int(last or 0)
        end = int(last) + 1 if first and last else None
        if (not first and not int(last or 0)) or (end is not None and end <= start):
            raise ValueError(f"byte_range: {value!r} is no range of bytes; write it as 0-99, 100- or -500")
        return cls(start=start, end=end)

    def first_byte(self, size: int) -> int:
        """Return the position of its first byte in an object of so many bytes."""
        return self.start if self.start >= 0 else max(0, size + self.start)

    def __str__(self) -> str:
        if self.start < 0:
            return f"bytes={self.start}"
        return f"bytes={self.start}-{'' if self.end is None else self.end - 1}"


class Read(NamedTuple):
    """Read options that have been checked."""

    version_id: str | None = None
    byte_range: ByteRange | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None
    customer_key: CustomerKey | None = None

    @classmethod
    def parse(cls, options: ReadOptions | None = None, sse_customer_key: str | bytes | None = None) -> Self:
        """Check the options of a caller.

        :raises ValueError: one of them is unknown or can't be; it is named.
        """
        given = known(options, ReadOptions.__annotations__)
        for name in ("if_modified_since", "if_unmodified_since"):
            if name in given:
                given[name] = read_time(given[name], name)
        given["byte_range"] = ByteRange.parse(given.get("byte_range"))
        return cls(**given, customer_key=read_customer_key(sse_customer_key))

    def of_part(self, byte_range: ByteRange, etag: str | None) -> Self:
        """Return the options to read a part of the same object that was opened with these."""
        return type(self)(
            version_id=self.version_id, byte_range=byte_range, if_match=etag, customer_key=self.customer_key
        )

    def whole(self) -> Self:
        """Return the options to ask about the same object as a whole, without any condition."""
        return type(self)(version_id=self.version_id, customer_key=self.customer_key)

    @property
    def is_plain(self) -> bool:
        """Whether every engine can read so."""
        return self.customer_key is None

    def terms(self) -> dict[str, Any]:
        """Return the terms of S3 for reading the object."""
        return present(
            VersionId=self.version_id,
            Range=self.byte_range and str(self.byte_range),
            IfMatch=quote_etag(self.if_match),
            IfNoneMatch=quote_etag(self.if_none_match),
            IfModifiedSince=self.if_modified_since,
            IfUnmodifiedSince=self.if_unmodified_since,
            **(self.customer_key.terms() if self.customer_key else {}),
        )

    def copy_source_terms(self) -> dict[str, Any]:
        """Return the terms of S3 for copying the object; its version stands in the source itself."""
        return present(
            CopySourceIfMatch=quote_etag(self.if_match),
            CopySourceIfNoneMatch=quote_etag(self.if_none_match),
            CopySourceIfModifiedSince=self.if_modified_since,
            CopySourceIfUnmodifiedSince=self.if_unmodified_since,
            **(self.customer_key.terms("CopySource") if self.customer_key else {}),
        )
