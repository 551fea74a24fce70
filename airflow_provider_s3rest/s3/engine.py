# SPDX-License-Identifier: Apache-2.0
"""What each of the engines can do with objects; callers never learn which one did it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from airflow_provider_s3rest.exceptions import S3RestIntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow_provider_s3rest.s3.etags import Encoding
    from airflow_provider_s3rest.s3.options import Read, Write
    from airflow_provider_s3rest.s3.results import DeleteFailure, ObjectHead, ObjectId

MAX_BATCH = 1000
"""How many keys one DeleteObjects takes."""
UNSIGNED_BYTES = 1024 * 1024
"""Bodies from this size on are not signed over TLS, which guards them already: signing takes longer than sending."""
CHUNK_BYTES = 256 * 1024
"""How much of a body is handed on at a time."""


class OpenObject(NamedTuple):
    """An object whose body has begun to arrive.

    :param body: its bytes in order; raises :class:`FaultError` when the connection breaks.
    :param close: gives the connection back, read to its end or not.
    :param start: the position in the object of the first byte that arrives.
    :param end: that after the last one.
    :param encoding: tells how the ETag of the whole came about, if the answer does.
    """

    head: ObjectHead
    body: Iterator[bytes]
    close: Callable[[], None]
    start: int
    end: int
    encoding: Callable[[], Encoding] | None = None


class Written(NamedTuple):
    """What S3 says of an object just written."""

    etag: str | None
    version_id: str | None
    region_name: str


class Deletion(NamedTuple):
    """What S3 says of one request to delete.

    :param failures: what it refused.
    :param markers: how many delete markers it made; None where it does not say, as of a key that was deleted alone.
    """

    failures: list[DeleteFailure]
    markers: int | None = None


class Engine(Protocol):
    """Requests on objects, each retried by the policy and sent again with new credentials when those were refused.

    Every method raises ``S3RestNotFoundError`` or ``S3RestPreconditionError`` where they apply, and otherwise the
    errors of ``botocore.exceptions``.
    """

    def get(self, bucket_name: str, key: str, read: Read) -> OpenObject:
        """Open an object, or a range of its bytes."""

    def head(self, bucket_name: str, key: str, read: Read) -> ObjectHead:
        """Ask about an object."""

    def find(self, bucket_name: str, key: str) -> ObjectHead | None:
        """Ask about an object that may well not exist: None then, and also where there is no such bucket."""

    def put(self, bucket_name: str, key: str, body: bytes, write: Write) -> Written:
        """Write an object in one request."""


class Deleting(Protocol):
    """What deletes objects, with the errors of :class:`Engine`."""

    def delete(self, bucket_name: str, ids: Sequence[ObjectId]) -> Deletion:
        """Delete at most :data:`MAX_BATCH` objects; only one if no XML can hold its key."""


def first_byte(read: Read, head: ObjectHead, content_range: str) -> int:
    """Return the position in the object of the first byte of an answer.

    :param content_range: the answer's header of this name; empty if it has none.
    :raises S3RestIntegrityError: it is another than was asked for.
    """
    found = re.match(r"bytes (\d+)-", content_range)
    start = int(found[1]) if found else 0
    if read.byte_range and start != read.byte_range.first_byte(head.size):
        raise S3RestIntegrityError(f"The service ignored the range that was asked for of object {head.key!r}")
    return start
