# SPDX-License-Identifier: Apache-2.0
"""What is to be copied where, and what of its description goes along."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.results import unquote_etag
from airflow_provider_s3rest.s3.upsert import guess_content_type
from airflow_provider_s3rest.s3.values import choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.store import S3

METADATA_DIRECTIVES = ("MERGE", "COPY", "REPLACE")

_DESCRIPTION = {
    "content_type": "ContentType",
    "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage",
    "content_disposition": "ContentDisposition",
    "cache_control": "CacheControl",
    "expires": "Expires",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An object to copy; or, where a prefix is copied, all that have ``key`` as theirs."""

    s3: S3
    bucket_name: str
    key: str
    read: Read = field(default_factory=Read)

    @property
    def copy_source(self) -> dict[str, str]:
        """The source as the API of S3 names it."""
        version = {"VersionId": self.read.version_id} if self.read.version_id else {}
        return {"Bucket": self.bucket_name, "Key": self.key, **version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a copy goes, and how it is written."""

    s3: S3
    bucket_name: str
    key: str
    write: Write = field(default_factory=Write)

    @property
    def is_described(self) -> bool:
        """Whether the caller describes the content: by a content header or by metadata."""
        return bool(self.write.metadata) or any(getattr(self.write, name) for name in _DESCRIPTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What of the source's description goes along.

    :param metadata_directive: ``MERGE``: the source's content headers and metadata, with those of the caller laid over
        them; ``COPY``: the source's; ``REPLACE``: the caller's, and nothing else.
    :param copy_tags: whether the source's tags go along, unless the caller gives others.
    """

    metadata_directive: Literal["MERGE", "COPY", "REPLACE"] = "MERGE"
    copy_tags: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The source as it was found.

    :param size: in bytes; None where nobody has asked for it.
    :param described: the answer to HeadObject; None where at most a listing told of the object.
    """

    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    described: Mapping[str, Any] | None = None

    def pin(self, read: Read) -> Read:
        """Return how to read this very object; its conditions have been judged when it was described."""
        if self.described is None:
            return read
        return Read(version_id=read.version_id, if_match=self.etag, customer_key=read.customer_key)


def check(source: Source, target: Target, rules: Rules) -> None:
    """Check what can be known before any request.

    :raises ValueError: an option can't be honoured, or nothing would change.
    """
    choice(rules.metadata_directive, "metadata_directive", METADATA_DIRECTIVES)
    if source.read.byte_range:
        raise ValueError("byte_range: only whole objects can be copied; leave it out")
    if rules.metadata_directive == "COPY" and target.is_described:
        raise ValueError(
            "metadata_directive: COPY takes no content headers or metadata of yours; use MERGE to lay them over those "
            "of the source, or REPLACE to have no others"
        )
    asked = replace(target.write, part_bytes=None, if_match=None, if_none_match=None)
    if is_itself(source, target) and asked == Write() and rules in (Rules(), Rules(metadata_directive="COPY")):
        raise ValueError(
            "key: is the source itself, and nothing about it would change; give another key, or what is to change, "
            "such as storage_class"
        )


def same_account(source: Source, target: Target) -> bool:
    """Whether one connection reads and writes, so that S3 can do the copying itself."""
    return source.s3 is target.s3 or source.s3.connection == target.s3.connection


def same_bucket(source: Source, target: Target) -> bool:
    """Whether both are in one bucket: its name is unique at one endpoint, whoever asks."""
    same_place = source.s3.connection.endpoint_url == target.s3.connection.endpoint_url
    return same_place and source.bucket_name == target.bucket_name


def is_itself(source: Source, target: Target) -> bool:
    """Whether an object would be copied onto itself; an older version of it is another one."""
    return same_bucket(source, target) and source.key == target.key and source.read.version_id is None


def inherit(source: Source, target: Target, found: Found, rules: Rules) -> Write:
    """Return the options of writing, completed by the description of the source.

    The storage class is kept only where an object is rewritten in its place: elsewhere S3 has its own default.
    """
    write = target.write
    described = found.described or {}
    if is_itself(source, target):
        write = replace(write, storage_class=write.storage_class or described.get("StorageClass"))
    if rules.metadata_directive == "REPLACE":
        return replace(write, content_type=write.content_type or guess_content_type(target.key))
    inherited: dict[str, Any] = {
        name: getattr(write, name) or described.get(term) for name, term in _DESCRIPTION.items()
    }
    metadata = {name.lower(): value for name, value in described.get("Metadata", {}).items()}
    return replace(write, **inherited, metadata={**metadata, **write.metadata})


def found_in(answer: Mapping[str, Any]) -> Found:
    """Read the answer to HeadObject."""
    return Found(
        size=answer["ContentLength"],
        etag=unquote_etag(answer.get("ETag")),
        version_id=answer.get("VersionId"),
        described=answer,
    )
