# SPDX-License-Identifier: Apache-2.0
"""What a watcher knows, sees and tells."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.results import ObjectSummary

Kind = Literal["new", "changed", "deleted"]
KINDS: tuple[Kind, ...] = ("new", "changed", "deleted")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)
_ID_LETTERS = 32


class Known(NamedTuple):
    """An object as it was seen; a tuple, since there can be a hundred thousand of them.

    :param size: in bytes.
    :param modified: when it was written, in microseconds since 1970.
    """

    key: str
    etag: str
    size: int
    modified: int

    @classmethod
    def of(cls, item: ObjectSummary) -> Self:
        """Take what matters from an object of a listing."""
        return cls(item.key, item.etag, item.size, (item.last_modified - _EPOCH) // _UNIT)

    @property
    def last_modified(self) -> datetime:
        """When it was written."""
        return _EPOCH + self.modified * _UNIT


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All objects of a prefix, as one look found them.

    :param objects: in the order of their keys.
    """

    objects: tuple[Known, ...]


class Change(NamedTuple):
    """One difference between what was known and what is there.

    :param known: the object; of one that was deleted, as it was seen last.
    """

    kind: Kind
    known: Known

    def event_id(self, bucket_name: str) -> str:
        """Return what is the same wherever, and however often, this is seen.

        Whether an object is new or has changed depends on who looks, and on when: it is one and the same writing.
        """
        what = "deleted" if self.kind == "deleted" else "written"
        text = json.dumps([what, bucket_name, *self.known])
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_LETTERS]

    def payload(self, bucket_name: str, version_id: str | None = None) -> dict[str, Any]:
        """Return it as an event says it, for JSON."""
        return {
            "event": self.kind,
            "bucket_name": bucket_name,
            "key": self.known.key,
            "version_id": version_id,
            "etag": self.known.etag,
            "size": self.known.size,
            "last_modified": self.known.last_modified.isoformat(),
            "event_id": self.event_id(bucket_name),
        }
