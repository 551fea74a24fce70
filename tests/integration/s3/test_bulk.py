# SPDX-License-Identifier: Apache-2.0
"""Many objects at once, by every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.bulk import get_objects, head_objects, upsert_objects
from airflow_provider_s3rest.s3.options import Read, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

OBJECTS = {f"é {number}": str(number).encode() * number for number in range(40, 0, -1)}
ENGINES = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])


@pytest.fixture
def s3(open_s3: Callable[[str], S3]) -> S3:
    """SeaweedFS."""
    return open_s3("seaweedfs")


@ENGINES
def test_many_objects_are_written_asked_about_and_read_in_order(
    s3: S3, make_bucket: Callable[[S3], str], engine: str
) -> None:
    """Results come in the order of the keys, whichever request ends first."""
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    written = upsert_objects(s3, bucket, OBJECTS, Write())
    heads = head_objects(s3, bucket, OBJECTS, Read())
    assert [result.key for result in written] == [head.key for head in heads] == list(OBJECTS)
    assert [result.etag for result in written] == [head.etag for head in heads]
    assert list(get_objects(s3, bucket, OBJECTS, Read())) == list(OBJECTS.items())


@ENGINES
def test_the_first_failure_ends_many_reads(s3: S3, make_bucket: Callable[[S3], str], engine: str) -> None:
    """An absent object is an error, as it is for one."""
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    upsert_objects(s3, bucket, [("a", b"data")], Write())
    with pytest.raises(S3RestNotFoundError):
        head_objects(s3, bucket, ["a", "absent"], Read())
    with pytest.raises(S3RestNotFoundError):
        list(get_objects(s3, bucket, ["a", "absent"], Read()))


def test_no_more_keys_are_taken_than_may_be_in_flight(s3: S3, make_bucket: Callable[[S3], str]) -> None:
    """Any number of keys can be read with the memory of a few objects."""
    bucket = make_bucket(s3)
    upsert_objects(s3, bucket, {"a": b"data"}, Write())
    keys = iter(["a"] * 1000)
    assert next(get_objects(s3, bucket, keys, Read())) == ("a", b"data")
    assert len(list(keys)) == 1000 - s3.connection.max_concurrency
