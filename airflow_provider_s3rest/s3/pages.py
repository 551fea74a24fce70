# SPDX-License-Identifier: Apache-2.0
"""Reads the pages of listings: botocore takes ten times as long, and loses the order of versions and delete markers.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.clock import read_date
from airflow_provider_s3rest.s3.results import CommonPrefix, ObjectSummary, ObjectVersion, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Item = ObjectSummary | ObjectVersion | CommonPrefix

PAGE = "Page"
"""Under this name a client's answer holds the page, where :func:`as_pages` asked for it."""

# An object as AWS describes it, in whose text nothing is escaped.
_USUAL = re.compile(
    r"<Contents><Key>([^<&]+)</Key><LastModified>([^<&]+)</LastModified><ETag>&quot;([^<&]+)&quot;</ETag>"
    r"(?:<Checksum(?:Algorithm|Type)>[^<]*</Checksum(?:Algorithm|Type)>)*<Size>(\d+)</Size>"
    r"<StorageClass>([^<&]+)</StorageClass></Contents>"
)
_ROOTS = frozenset({"ListBucketResult", "ListVersionsResult"})
_WANTED: ContextVar[bool] = ContextVar("_WANTED", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a listing.

    :param items: in the order in which the service tells them.
    :param following: what asks for the next page; empty after the last.
    :param at: the service's time; None where it did not tell.
    """

    items: list[Item] = field(default_factory=list)
    following: dict[str, str] = field(default_factory=dict)
    at: datetime | None = None


@contextmanager
def as_pages() -> Iterator[None]:
    """Have listings read by this module, in this thread, and no one else's."""
    token = _WANTED.set(True)
    try:
        yield
    finally:
        _WANTED.reset(token)


def read_answer(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Handle botocore's event before an answer is parsed: take the body of a listing, and give a page for it."""
    if not _WANTED.get() or response_dict["status_code"] != HTTPStatus.OK:
        return
    page = read_page(response_dict["body"])
    if page is not None:
        customized_response_dict[PAGE] = replace(page, at=read_date(response_dict["headers"].get("date")))
        response_dict["body"] = b""


def read_page(body: bytes) -> Page | None:
    """Read the XML of a page.

    :returns: None if it is an error, for botocore to handle.
    :raises S3RestIntegrityError: it is neither.
    """
    # Entities, which need a DTD, can make a small document huge; S3 sends none.
    if b"<!DOCTYPE" in body:
        raise S3RestIntegrityError("The service's answer to a listing holds a DTD, which no listing does")
    try:
        return _read_usual(body) or _read_any(body)
    except (ET.ParseError, KeyError, ValueError) as error:
        raise S3RestIntegrityError(f"The service's answer to a listing can't be read: {error!r}") from None


def _read_usual(body: bytes) -> Page | None:
    """Read a page all of whose items look as those of AWS do, in a third of the time; None if one does not."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    found = _USUAL.findall(text)
    if not found:
        return None
    rest = ET.fromstring(_USUAL.sub("", text))  # noqa: S314 - likewise
    space = _space_of(rest)
    encoded = rest.findtext(f"{space}EncodingType") == "url"
    if not encoded or any(element.tag[len(space) :] in _ITEMS for element in rest):
        return None
    items: list[Item] = [
        ObjectSummary(
            key=_unquote(key),
            size=int(size),
            etag=etag,
            last_modified=read_timestamp(modified),
            storage_class=storage_class,
        )
        for key, modified, etag, size, storage_class in found
    ]
    return _page(rest, items, space, _unquote)


def _read_any(body: bytes) -> Page | None:
    root = ET.fromstring(body)  # noqa: S314 - without a DTD there are no entities
    space = _space_of(root)
    name = root.tag[len(space) :]
    if name == "Error":
        return None
    if name not in _ROOTS:
        raise ValueError(f"<{name}> is no listing")
    decode = _unquote if root.findtext(f"{space}EncodingType") == "url" else str
    readers = {f"{space}{tag}": read for tag, read in _ITEMS.items()}
    items = [
        readers[element.tag]({part.tag[len(space) :]: part.text or "" for part in element}, decode)
        for element in root
        if element.tag in readers
    ]
    return _page(root, items, space, decode)


def _space_of(root: ET.Element) -> str:
    namespace, brace, _ = root.tag.rpartition("}")
    return namespace + brace


def _page(root: ET.Element, items: list[Item], space: str, decode: Callable[[str], str]) -> Page:
    if root.findtext(f"{space}IsTruncated") != "true":
        return Page(items=items)
    following = {
        term: decode(value) if term == "KeyMarker" else value
        for term, tag in _FOLLOWING.items()
        if (value := root.findtext(f"{space}{tag}"))
    }
    if not following:
        raise ValueError("there are more pages, and nothing says where")
    return Page(items=items, following=following)


def _unquote(text: str) -> str:
    """Decode the URL encoding of listings, in which a space is a plus."""
    return unquote_plus(text, errors="strict")


def read_timestamp(value: str) -> datetime:
    """Read the times of bodies fast (botocore takes 70 ms for those of 1,000 keys), and those of headers rightly."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        from botocore.utils import parse_timestamp

        parsed: datetime = parse_timestamp(value)
        return parsed.astimezone(UTC)


def _summary(parts: dict[str, str], decode: Callable[[str], str]) -> ObjectSummary:
    return ObjectSummary(
        key=decode(parts["Key"]),
        size=int(parts["Size"]),
        etag=unquote_etag(parts.get("ETag")) or "",
        last_modified=read_timestamp(parts["LastModified"]),
        storage_class=parts.get("StorageClass") or "STANDARD",
    )


def _version(parts: dict[str, str], decode: Callable[[str], str]) -> ObjectVersion:
    return ObjectVersion(
        key=decode(parts["Key"]),
        version_id=parts["VersionId"],
        is_latest=parts.get("IsLatest") == "true",
        is_delete_marker=False,
        size=int(parts["Size"]),
        etag=unquote_etag(parts.get("ETag")),
        last_modified=read_timestamp(parts["LastModified"]),
        storage_class=parts.get("StorageClass") or "STANDARD",
    )


def _marker(parts: dict[str, str], decode: Callable[[str], str]) -> ObjectVersion:
    return ObjectVersion(
        key=decode(parts["Key"]),
        version_id=parts["VersionId"],
        is_latest=parts.get("IsLatest") == "true",
        is_delete_marker=True,
        size=None,
        etag=None,
        last_modified=read_timestamp(parts["LastModified"]),
        storage_class=None,
    )


def _prefix(parts: dict[str, str], decode: Callable[[str], str]) -> CommonPrefix:
    return CommonPrefix(prefix=decode(parts["Prefix"]))


_ITEMS: dict[str, Callable[[dict[str, str], Callable[[str], str]], Item]] = {
    "Contents": _summary,
    "Version": _version,
    "DeleteMarker": _marker,
    "CommonPrefixes": _prefix,
}
_FOLLOWING = {
    "ContinuationToken": "NextContinuationToken",
    "KeyMarker": "NextKeyMarker",
    "VersionIdMarker": "NextVersionIdMarker",
}
