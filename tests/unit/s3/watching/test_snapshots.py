# SPDX-License-Identifier: Apache-2.0
"""Looks at a prefix and at single objects: what is asked for, and what is kept in memory once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.watching.snapshots import TooManyObjectsError, read_version_ids, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.watching.model import Known


def page(*objects: str) -> bytes:
    """Make a page of objects, each given as its key and its ETag."""
    items = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>{etag}</ETag>"
        "<Size>1</Size></Contents>"
        for key, _, etag in (each.partition("=") for each in objects)
    )
    return f"<ListBucketResult>{items}</ListBucketResult>".encode()


def test_a_look_that_finds_nothing_new_is_the_look_before(fake: Any, make_s3: Callable[..., S3]) -> None:
    """So nobody has to compare; and what stays as it was is in memory once."""
    fake.then(body=page("in/a=1", "in/b=1"), times=2)
    fake.then(body=page("in/a=1", "in/b=2", "in/c=1"))
    first = take_snapshot(make_s3(), "bucket", "in/")
    same = take_snapshot(make_s3(), "bucket", "in/", before=first)
    other = take_snapshot(make_s3(), "bucket", "in/", before=same)
    assert same is first
    assert other.objects[0] is first.objects[0]
    assert [known[:2] for known in other.objects] == [("in/a", "1"), ("in/b", "2"), ("in/c", "1")]


def test_a_listing_in_no_order_is_put_in_order(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Directory buckets list so."""
    fake.then(body=page("b=1", "a=1"))
    fake.then(body=page("a=1", "b=1"))
    first = take_snapshot(make_s3(), "bucket", "")
    assert [known.key for known in first.objects] == ["a", "b"]
    assert take_snapshot(make_s3(), "bucket", "", before=first) is first


def test_too_many_objects_are_an_error_that_says_what_to_do(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As many as allowed are none; no page is asked for in vain."""
    fake.then(body=page("a=1", "b=1"), times=2)
    assert len(take_snapshot(make_s3(), "bucket", "", max_objects=2).objects) == 2
    with pytest.raises(TooManyObjectsError, match=r"more than 1 objects below prefix ''.*narrower prefix.*sqs"):
        take_snapshot(make_s3(), "bucket", "", max_objects=1)
    assert "max-keys=2" in fake.requests[1].target


def test_the_first_object_tells_whether_there_are_versions(
    fake: Any, make_s3: Callable[..., S3], known: Callable[..., Known]
) -> None:
    """A bucket that keeps none costs one request for all its objects."""
    fake.always()
    assert read_version_ids(make_s3(), "bucket", [known("a"), known("b"), known("c")]) == [None] * 3
    assert fake.seen == [("HEAD", "/bucket/a")]
    assert fake.requests[0].headers["if-match"] == '"e1"'


def test_version_ids_are_those_of_the_objects_that_were_seen(
    fake: Any, make_s3: Callable[..., S3], known: Callable[..., Known]
) -> None:
    """An object that is gone, or another one by now, or that may not be read, has none."""
    answers = {"/bucket/a": 404, "/bucket/b": 200, "/bucket/c": 412, "/bucket/d": 403, "/bucket/e": 200}
    fake.otherwise = lambda request: fake.make_answer(
        answers[request.target], headers={"x-amz-version-id": request.target[-1:]}
    )
    found = read_version_ids(make_s3(), "bucket", [known(key) for key in "abcde"])
    assert found == [None, "b", None, None, "e"]


def test_trouble_that_passes_is_not_taken_for_an_answer(
    fake: Any, make_s3: Callable[..., S3], known: Callable[..., Known]
) -> None:
    """It is told, so that the events wait."""
    fake.always(503)
    with pytest.raises(ClientError, match="503"):
        read_version_ids(make_s3(retry_delays_seconds=()), "bucket", [known("a")])


def test_no_objects_cost_no_request(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Where nothing is told, nothing is asked."""
    assert read_version_ids(make_s3(), "bucket", []) == []
    assert fake.seen == []
