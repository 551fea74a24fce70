# SPDX-License-Identifier: Apache-2.0
"""What is known of an object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHead:
    """Everything about one object but its bytes.

    :param size: in bytes, of the whole object.
    :param version_id: None where the bucket keeps no versions.
    :param region_name: the region in which the object is.
    :param metadata: the user metadata, names in lower case and without ``x-amz-meta-``.
    """

    bucket_name: str
    key: str
    size: int
    etag: str | None
    last_modified: datetime
    content_type: str | None
    version_id: str | None
    region_name: str
    metadata: Mapping[str, str] = field(default_factory=dict)
