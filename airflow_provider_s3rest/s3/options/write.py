# SPDX-License-Identifier: Apache-2.0
"""Options for writing an object."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict
from urllib.parse import urlencode

from airflow_provider_s3rest.s3.options.values import check_tags, quote_etag, read_customer_key
from airflow_provider_s3rest.s3.values import choice, known, present, read_switch, read_time, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from airflow_provider_s3rest.s3.options.customer_key import CustomerKey

MIN_PART_BYTES = 5 * 1024 * 1024
MAX_PART_BYTES = 2 * 1024**3

_MAX_METADATA_BYTES = 2048
_METADATA_PREFIX = "x-amz-meta-"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
_PLAIN = frozenset({"content_type", "content_encoding", "content_language", "content_disposition", "cache_control"})
_NATIVE_CHECKSUMS = ("CRC32", "SHA1", "SHA256")
_CRT_CHECKSUMS = ("CRC32C", "CRC64NVME")


class WriteOptions(TypedDict, total=False):
    """How an object is written; all are optional, and all may be templates.

    :param content_type: guessed from the key if not given.
    :param expires: a time with its zone, or one in ISO format.
    :param metadata: user metadata; ``x-amz-meta-`` before a name is taken off, since S3 adds it. ASCII, 2 KB in all.
    :param tags: at most 10.
    :param acl: a canned ACL, such as ``bucket-owner-full-control``.
    :param server_side_encryption: ``AES256`` (SSE-S3), ``aws:kms`` or ``aws:kms:dsse``.
    :param kms_key_id: for ``aws:kms``, which it implies.
    :param checksum_algorithm: CRC32, SHA1 or SHA256; CRC32C and CRC64NVME where ``boto3[crt]`` is installed.
    :param part_bytes: 5 MiB to 2 GiB; objects above 16 MiB are sent in parts of 8 MiB if not given.
    :param if_match: write only if the object there has this ETag.
    :param if_none_match: ``*``: write only if no object is there.
    """

    content_type: str | None
    content_encoding: str | None
    content_language: str | None
    content_disposition: str | None
    cache_control: str | None
    expires: datetime | str | None
    metadata: Mapping[str, str] | None
    tags: Mapping[str, str] | None
    storage_class: str | None
    acl: str | None
    server_side_encryption: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None
    kms_key_id: str | None
    bucket_key_enabled: bool | None
    checksum_algorithm: Literal["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] | None
    part_bytes: int | None
    if_match: str | None
    if_none_match: Literal["*"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write options that have been checked."""

    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    expires: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str | None = None
    acl: str | None = None
    server_side_encryption: str | None = None
    kms_key_id: str | None = None
    bucket_key_enabled: bool | None = None
    checksum_algorithm: str | None = None
    part_bytes: int | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    customer_key: CustomerKey | None = None

    @classmethod
    def parse(cls, options: WriteOptions | None = None, sse_customer_key: str | bytes | None = None) -> Self:
        """Check the options of a caller.

        :raises ValueError: one of them is unknown, can't be, or can't go together with another; it is named.
        """
        given = known(options, WriteOptions.__annotations__)
        readers: dict[str, Callable[[Any], Any]] = {
            "expires": lambda value: read_time(value, "expires"),
            "metadata": _metadata,
            "tags": check_tags,
            "bucket_key_enabled": lambda value: read_switch(value, "bucket_key_enabled"),
            "part_bytes": _part_bytes,
            "server_side_encryption": lambda value: choice(value, "server_side_encryption", _ENCRYPTIONS),
            "checksum_algorithm": _checksum_algorithm,
        }
        given |= {name: read(given[name]) for name, read in readers.items() if name in given}
        write = cls(**given, customer_key=read_customer_key(sse_customer_key))
        if write.if_none_match not in {None, "*"}:
            raise ValueError("if_none_match: must be '*', which means: write only if no object is there")
        if write.if_match and write.if_none_match:
            raise ValueError("if_match: can't go together with if_none_match; leave one of them out")
        if write.customer_key and (write.server_side_encryption or write.kms_key_id):
            raise ValueError(
                "sse_customer_key: can't go together with server_side_encryption or kms_key_id; leave one of them out"
            )
        if write.kms_key_id and write.server_side_encryption == "AES256":
            raise ValueError("kms_key_id: needs server_side_encryption aws:kms or aws:kms:dsse, not AES256")
        if write.kms_key_id and not write.server_side_encryption:
            return replace(write, server_side_encryption="aws:kms")
        return write

    def terms(self) -> dict[str, Any]:
        """Return the terms of S3."""
        return present(
            ContentType=self.content_type,
            ContentEncoding=self.content_encoding,
            ContentLanguage=self.content_language,
            ContentDisposition=self.content_disposition,
            CacheControl=self.cache_control,
            Expires=self.expires,
            Metadata=dict(self.metadata),
            Tagging=urlencode(self.tags),
            StorageClass=self.storage_class,
            ACL=self.acl,
            ServerSideEncryption=self.server_side_encryption,
            SSEKMSKeyId=self.kms_key_id,
            BucketKeyEnabled=self.bucket_key_enabled,
            ChecksumAlgorithm=self.checksum_algorithm,
            IfMatch=quote_etag(self.if_match),
            IfNoneMatch=self.if_none_match,
            **(self.customer_key.terms() if self.customer_key else {}),
        )

    @property
    def needs_boto3(self) -> bool:
        """Whether only boto3 can write so: other checksums than Python's own."""
        return self.checksum_algorithm in _CRT_CHECKSUMS

    @property
    def is_plain(self) -> bool:
        """Whether every engine can write so: nothing but a description of the content is asked for."""
        asked = {item.name for item in fields(self) if getattr(self, item.name) not in (None, {})}
        # To the fast engine, metadata of these names would be what they describe.
        return asked <= _PLAIN | {"metadata"} and not any(
            name.replace("-", "_") in _PLAIN | {"storage_class"} for name in self.metadata
        )


def _metadata(given: Mapping[str, str]) -> dict[str, str]:
    checked = {name.lower().removeprefix(_METADATA_PREFIX): value for name, value in texts(given, "metadata").items()}
    if len(checked) < len(given):
        raise ValueError("metadata: two of its names are one to S3, which knows no case and adds x-amz-meta- itself")
    for name, value in checked.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"metadata: {name!r} can't be the name of a header; use letters, digits, '-' and '_'")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(
                f"metadata: the value of {name!r} holds a character that no header can hold; encode it, for example by "
                "urllib.parse.quote"
            )
    if sum(len(name) + len(value) for name, value in checked.items()) > _MAX_METADATA_BYTES:
        raise ValueError(f"metadata: is longer than {_MAX_METADATA_BYTES} bytes in all, names and values")
    return checked


def _checksum_algorithm(value: str) -> str:
    from importlib.util import find_spec

    choice(value, "checksum_algorithm", (*_NATIVE_CHECKSUMS, *_CRT_CHECKSUMS))
    if value in _CRT_CHECKSUMS and find_spec("awscrt") is None:
        raise ValueError(f"checksum_algorithm: {value} needs awscrt; install boto3[crt], or choose CRC32 or SHA256")
    return value


def _part_bytes(value: object) -> int:
    number = int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
    if not MIN_PART_BYTES <= number <= MAX_PART_BYTES:
        raise ValueError(f"part_bytes: must be {MIN_PART_BYTES} (5 MiB) to {MAX_PART_BYTES} (2 GiB), not {value!r}")
    return number
