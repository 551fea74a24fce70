# SPDX-License-Identifier: Apache-2.0
"""Operations on objects, in the words of boto3: their terms become headers, and headers of the answer its fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from airflow_provider_s3rest.s3.clock import read_date
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.plain.client import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from airflow_provider_s3rest.s3.plain.client import PlainClient
    from airflow_provider_s3rest.s3.plain.connections import Answer

_METADATA = "x-amz-meta-"
_CONTENT = {
    "CacheControl": "cache-control",
    "ContentDisposition": "content-disposition",
    "ContentEncoding": "content-encoding",
    "ContentLanguage": "content-language",
    "ContentType": "content-type",
    "Expires": "expires",
}
CUSTOMER_KEY = {
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
    "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
    "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-md5",
}
_READ_CONDITIONS = {
    "IfMatch": "if-match",
    "IfModifiedSince": "if-modified-since",
    "IfNoneMatch": "if-none-match",
    "IfUnmodifiedSince": "if-unmodified-since",
}
READ = {**_READ_CONDITIONS, **CUSTOMER_KEY, "ChecksumMode": "x-amz-checksum-mode"}
_ENCRYPTION = {
    "BucketKeyEnabled": "x-amz-server-side-encryption-bucket-key-enabled",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "x-amz-server-side-encryption",
}
WRITTEN = {
    **_CONTENT,
    **CUSTOMER_KEY,
    **_ENCRYPTION,
    "ACL": "x-amz-acl",
    "ChecksumAlgorithm": "x-amz-checksum-algorithm",
    "StorageClass": "x-amz-storage-class",
    "Tagging": "x-amz-tagging",
}
_COPY = {
    **WRITTEN,
    **{f"CopySource{term}": f"x-amz-copy-source-{header}" for term, header in _READ_CONDITIONS.items()},
    **{f"CopySource{term}": header.replace("x-amz-", "x-amz-copy-source-") for term, header in CUSTOMER_KEY.items()},
    "IfMatch": "if-match",
    "IfNoneMatch": "if-none-match",
    "MetadataDirective": "x-amz-metadata-directive",
    "TaggingDirective": "x-amz-tagging-directive",
}


class Object(NamedTuple):
    """Operations on one object, each retried by the policy.

    Every method raises the ``ClientError`` and ``HTTPClientError`` of botocore.
    """

    client: PlainClient
    bucket_name: str
    key: str

    def head(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Ask about the object.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html

        :param terms: parameters as boto3 names them.
        """
        known = {"VersionId": "versionId", "PartNumber": "partNumber"}
        query = {name: str(terms[term]) for term, name in known.items() if term in terms}
        answer = self.send("HeadObject", "HEAD", headers_of(terms, READ), query)
        return described(answer.headers)

    def copy(self, terms: Mapping[str, Any], source: Mapping[str, str]) -> dict[str, Any]:
        """Make the object a copy of another one.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

        :param terms: parameters as boto3 names them.
        :param source: ``Bucket``, ``Key`` and perhaps ``VersionId``.
        """
        version = f"?versionId={source['VersionId']}" if "VersionId" in source else ""
        headers = headers_of(terms, _COPY)
        headers["x-amz-copy-source"] = quote(f"{source['Bucket']}/{source['Key']}", safe="/~") + version
        headers |= self.client.source_terms
        answer = self.send("CopyObject", "PUT", headers)
        return {
            "CopyObjectResult": {"ETag": element(answer, "ETag")},
            "VersionId": answer.headers.get("x-amz-version-id"),
            "CopySourceVersionId": answer.headers.get("x-amz-copy-source-version-id"),
        }

    def send(
        self,
        operation: str,
        method: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send a request about the object.

        :param operation: its name in the API of S3.
        """
        request = Request(
            method=method,
            bucket_name=self.bucket_name,
            key=self.key,
            query=query or {},
            headers=headers,
            body=body,
        )
        try:
            return self.client.send(request)
        except FaultError as fault:
            raise fault.botocores(operation) from None


def element(answer: Answer, name: str) -> str | None:
    """Return the text of an element of an answer's body."""
    found = re.search(rf"<{name}>([^<]*)</{name}>".encode(), answer.body)
    return unescape(found[1].decode()) if found else None


def headers_of(terms: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Write those terms that the operation knows."""
    headers = {header: _written(terms[term]) for term, header in known.items() if term in terms}
    metadata = terms.get("Metadata", {}) if "ContentType" in known else {}
    return headers | {f"{_METADATA}{name}": value for name, value in metadata.items()}


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def described(headers: Message) -> dict[str, Any]:
    """Read what an answer tells of an object, as boto3 names it."""
    told: dict[str, Any] = {term: headers[header] for term, header in _CONTENT.items() if header in headers}
    expires = read_date(told.pop("Expires", None))
    return {
        **told,
        **({"Expires": expires} if expires else {}),
        "ContentLength": int(headers["content-length"]),
        "ETag": headers.get("etag"),
        "VersionId": headers.get("x-amz-version-id"),
        "StorageClass": headers.get("x-amz-storage-class"),
        "ChecksumCRC32": headers.get("x-amz-checksum-crc32", ""),
        **{
            term: headers[header]
            for term, header in (_ENCRYPTION | CUSTOMER_KEY).items()
            if header in headers and not term.endswith("Key")
        },
        "Metadata": metadata_of(headers),
    }


def metadata_of(headers: Message) -> dict[str, str]:
    """Read the metadata that users gave to an object."""
    return {
        name.lower().removeprefix(_METADATA): value
        for name, value in headers.items()
        if name.lower().startswith(_METADATA)
    }
