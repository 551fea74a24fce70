# SPDX-License-Identifier: Apache-2.0
"""What is known of an object that was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertResult:
    """An object that was created or replaced.

    :param size: in bytes.
    :param version_id: None where the bucket keeps no versions.
    :param region_name: the region in which the object is.
    :param unchanged: whether nothing was sent, because the object was there already.
    """

    bucket_name: str
    key: str
    etag: str | None
    version_id: str | None
    size: int
    region_name: str
    unchanged: bool = False
