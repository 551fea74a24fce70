# SPDX-License-Identifier: Apache-2.0
"""Looks at a prefix, and at single objects of it. Everything here blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.s3.listing import list_objects
from airflow_provider_s3rest.s3.watching.model import Known, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_provider_s3rest.s3.results import ObjectSummary
    from airflow_provider_s3rest.s3.store import S3

MAX_OBJECTS = 100_000
"""How many objects a watched prefix may hold, if nothing else is said."""


class TooManyObjectsError(S3RestError):
    """A prefix holds more objects than a watcher may know."""


def take_snapshot(
    s3: S3, bucket_name: str, prefix: str, *, before: Snapshot | None = None, max_objects: int = MAX_OBJECTS
) -> Snapshot:
    """List a prefix.

    :param before: the snapshot before this one. Objects that are as they were are taken from there, so that memory
        holds each once; and if all are, it is returned itself.
    :raises TooManyObjectsError: it holds more than ``max_objects``.
    :raises S3RestNotFoundError: there is no such bucket.
    """
    old = before.objects if before else ()
    # One more shows that there are too many.
    objects = _merge(old, list_objects(s3, bucket_name, prefix, limit=max_objects + 1))
    if len(objects) > max_objects:
        raise TooManyObjectsError(
            f"Bucket {bucket_name!r} has more than {max_objects:,} objects below prefix {prefix!r}, too many to know "
            'them all: watch a narrower prefix, raise max_objects, or let the bucket notify a queue (source="sqs")'
        )
    found = tuple(objects)
    return before if before and found == old else Snapshot(found)


def _merge(old: Sequence[Known], listed: Iterable[ObjectSummary]) -> list[Known]:
    objects: list[Known] = []
    place, in_order, last = 0, True, ""
    for item in listed:
        found = Known.of(item)
        while place < len(old) and old[place].key < found.key:
            place += 1
        objects.append(old[place] if place < len(old) and old[place] == found else found)
        in_order, last = in_order and last <= found.key, found.key
    # Directory buckets list in no order.
    return objects if in_order else sorted(objects)


def read_version_ids(s3: S3, bucket_name: str, objects: Sequence[Known]) -> list[str | None]:
    """Ask for the version ids of objects, which a listing does not tell; that of the first tells if there are any.

    :returns: one for each object; None where the bucket keeps no versions, where the object is another one or gone by
        now, and where it may not be read.
    :raises Exception: the service can't be reached now, or is overloaded.
    """
    from airflow_provider_s3rest.s3.pool import concurrently

    def read(known: Known) -> _Answer:
        return _ask(s3, bucket_name, known)

    answers: list[_Answer] = []
    for known in objects:
        answers.append(read(known))
        if answers[-1].came:
            break
    if answers and answers[-1].version_id:
        answers += concurrently(read, objects[len(answers) :], s3.workers)
    rest = len(objects) - len(answers)
    return [answer.version_id for answer in answers] + [None] * rest


class _Answer(NamedTuple):
    came: bool
    version_id: str | None = None


def _ask(s3: S3, bucket_name: str, known: Known) -> _Answer:
    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.errors import is_passing
    from airflow_provider_s3rest.s3.options import Read

    try:
        head = s3.head_object(bucket_name, known.key, Read.parse({"if_match": known.etag or None}))
    except (S3RestNotFoundError, S3RestPreconditionError):
        return _Answer(came=False)
    except ClientError as error:
        if is_passing(error):
            raise
        return _Answer(came=False)
    return _Answer(came=True, version_id=head.version_id)
