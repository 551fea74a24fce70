# SPDX-License-Identifier: Apache-2.0
"""What a URL or a form shall allow: the options that callers give, checked, as headers, parameters and conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from airflow_provider_s3rest.s3.options import CustomerKey, Write, WriteOptions
from airflow_provider_s3rest.s3.values import choice, known, read_duration, texts

if TYPE_CHECKING:
    from collections.abc import Mapping


METHODS = ("GET", "HEAD", "PUT", "DELETE")
LONGEST = timedelta(days=7)

# https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html#RESTObjectPOST-requests-form-fields
_LARGEST_FORM_BYTES = 5 * 1024**3

_HEADERS = {
    "ContentType": "Content-Type",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentDisposition": "Content-Disposition",
    "CacheControl": "Cache-Control",
    "Expires": "Expires",
    "Tagging": "x-amz-tagging",
    "StorageClass": "x-amz-storage-class",
    "ACL": "x-amz-acl",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "BucketKeyEnabled": "x-amz-server-side-encryption-bucket-key-enabled",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
    "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
    "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-MD5",
}
_RESPONSE_OPTIONS = (
    "response_cache_control",
    "response_content_disposition",
    "response_content_encoding",
    "response_content_language",
    "response_content_type",
    "response_expires",
)


class PresignOptions(WriteOptions, total=False):
    """What a URL allows in detail; all are optional, and all may be templates.

    A URL for PUT takes those of :class:`~airflow_provider_s3rest.s3.options.WriteOptions`, but no ``part_bytes`` and no
    ``checksum_algorithm``.

    :param version_id: the version, for GET, HEAD and DELETE; default: the current one.
    :param response_content_disposition: the header with which S3 answers a GET or HEAD, such as
        ``attachment; filename="report.csv"``; the others likewise.
    """

    version_id: str
    response_cache_control: str
    response_content_disposition: str
    response_content_encoding: str
    response_content_language: str
    response_content_type: str
    response_expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlTerms:
    """What a URL shall allow, checked.

    :param query: parameters that say what is asked for.
    """

    method: str
    lifetime: timedelta
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def parse(
        cls,
        method: str,
        expires_in: timedelta | float | str,
        options: PresignOptions | None = None,
        sse_customer_key: str | bytes | None = None,
    ) -> Self:
        """Check what a caller wants.

        :raises ValueError: an argument can't be; it is named.
        """
        choice(method, "method", METHODS)
        lifetime = _lifetime(expires_in)
        if method == "PUT":
            write = _write(cast("WriteOptions", options), sse_customer_key)
            return cls(method=method, lifetime=lifetime, query={}, headers=_headers(write.terms()))
        if method == "DELETE" and sse_customer_key:
            raise ValueError("sse_customer_key: a DELETE needs none; leave it out")
        allowed = ("version_id", *(_RESPONSE_OPTIONS if method != "DELETE" else ()))
        given = texts(known(options, dict.fromkeys(allowed)), "options")
        query = {"versionId" if name == "version_id" else name.replace("_", "-"): text for name, text in given.items()}
        key = CustomerKey.parse(sse_customer_key)
        return cls(method=method, lifetime=lifetime, query=query, headers=_headers(key.terms() if key else {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTerms:
    """What a form shall allow, checked.

    :param fields: those that the form must have, with exactly these values.
    :param conditions: others, as a policy has them.
    """

    lifetime: timedelta
    fields: Mapping[str, str]
    conditions: tuple[Any, ...]

    @classmethod
    def parse(
        cls,
        expires_in: timedelta | float | str,
        options: WriteOptions | None = None,
        *,
        min_bytes: int | None = None,
        max_bytes: int | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Self:
        """Check what a caller wants.

        :raises ValueError: an argument can't be; it is named.
        """
        terms = _write(options, None).terms()
        conditions: list[Any] = []
        if terms.get("ContentType", "").endswith("*"):
            conditions.append(["starts-with", "$Content-Type", terms.pop("ContentType")[:-1]])
        for name in ("IfMatch", "IfNoneMatch"):
            if name in terms:
                raise ValueError("if_match, if_none_match: a form can't have a condition; presign a PUT instead")
        if min_bytes is not None or max_bytes is not None:
            conditions.append(["content-length-range", *_size_range(min_bytes, max_bytes)])
        headers = _headers(terms)
        if tagging := headers.pop("x-amz-tagging", None):
            headers["tagging"] = _tagging(tagging)
        if "x-amz-acl" in headers:
            headers["acl"] = headers.pop("x-amz-acl")
        return cls(
            lifetime=_lifetime(expires_in),
            fields=headers | texts(fields or {}, "fields"),
            conditions=tuple(conditions),
        )


def _lifetime(value: timedelta | float | str) -> timedelta:
    lifetime = read_duration(value, "expires_in")
    if not timedelta(seconds=1) <= lifetime <= LONGEST:
        raise ValueError(f"expires_in: must be 1 second to {LONGEST.days} days, not {lifetime}")
    return timedelta(seconds=int(lifetime.total_seconds()))


def _write(options: WriteOptions | None, sse_customer_key: str | bytes | None) -> Write:
    write = Write.parse(options, sse_customer_key)
    for name in ("part_bytes", "checksum_algorithm"):
        if getattr(write, name):
            raise ValueError(f"{name}: is of no use for a presigned request; leave it out")
    return write


def _headers(terms: Mapping[str, Any]) -> dict[str, str]:
    """Return terms of S3's API as the headers, or fields of a form, that they are on the wire."""
    headers = {_HEADERS[name]: _text(value) for name, value in terms.items() if name != "Metadata"}
    return headers | {f"x-amz-meta-{name}": value for name, value in terms.get("Metadata", {}).items()}


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tagging(encoded: str) -> str:
    """Return tags in the form that a form's field has."""
    tags = (
        f"<Tag><Key>{escape(name)}</Key><Value>{escape(value)}</Value></Tag>"
        for name, value in parse_qsl(encoded, keep_blank_values=True)
    )
    return f"<Tagging><TagSet>{''.join(tags)}</TagSet></Tagging>"


def _size_range(min_bytes: int | None, max_bytes: int | None) -> tuple[int, int]:
    least, most = min_bytes or 0, _LARGEST_FORM_BYTES if max_bytes is None else max_bytes
    if not 0 <= least <= most <= _LARGEST_FORM_BYTES:
        raise ValueError(f"min_bytes, max_bytes: must be 0 to {_LARGEST_FORM_BYTES} (5 GiB), the least first")
    return least, most
