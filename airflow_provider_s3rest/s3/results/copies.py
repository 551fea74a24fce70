# SPDX-License-Identifier: Apache-2.0
"""What copies tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """An object that was copied.

    :param size: in bytes, where it is known: S3 does not tell it of a copy, and a question for it is another request.
    :param version_id: of the copy; None where its bucket keeps no versions.
    :param region_name: the region in which the copy is.
    :param source_version_id: the version that was copied, where it is known.
    """

    bucket_name: str
    key: str
    etag: str | None
    version_id: str | None
    size: int | None
    region_name: str
    source_bucket_name: str
    source_key: str
    source_version_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPrefixResult:
    """The objects of a prefix that were copied.

    :param copied: how many there are; of a dry run, how many there would be.
    :param size: in bytes, of all of them.
    :param skipped: how many were left alone, because the target had an object of that key already.
    """

    bucket_name: str
    prefix: str
    source_bucket_name: str
    source_prefix: str
    copied: int
    size: int
    skipped: int
    dry_run: bool
