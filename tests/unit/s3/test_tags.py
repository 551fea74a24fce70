# SPDX-License-Identifier: Apache-2.0
"""Tests of the tags of objects and buckets on the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.tags import Tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3


def tagging(**tags: str) -> bytes:
    """The answer that names tags."""
    items = "".join(f"<Tag><Key>{name}</Key><Value>{text}</Value></Tag>" for name, text in tags.items())
    return f"<Tagging><TagSet>{items}</TagSet></Tagging>".encode()


def sent(fake: Any) -> dict[str, str]:
    """The tags in the last request."""
    return dict(re.findall(r"<Key>(.*?)</Key><Value>(.*?)</Value>", fake.requests[-1].body.decode()))


@pytest.fixture(params=["bucket", "object"])
def tags(request: pytest.FixtureRequest, make_s3: Callable[..., S3]) -> Tags:
    """Those of a bucket, or those of an object."""
    s3 = make_s3()
    return Tags.of_bucket(s3, "bucket") if request.param == "bucket" else Tags.of_object(s3, None, "s3://bucket/a b")


def test_others_stay(fake: Any, tags: Tags) -> None:
    """S3 replaces them all, so that they are read first."""
    fake.then(body=tagging(a="1", b="2"))
    assert tags.put({"b": "3", "c": "4"}) == {"a": "1", "b": "3", "c": "4"}
    assert sent(fake) == {"a": "1", "b": "3", "c": "4"}
    assert [method for method, _ in fake.seen] == ["GET", "PUT"]


def test_without_merging_they_are_replaced(fake: Any, tags: Tags) -> None:
    """In one request."""
    assert tags.put({"c": "4"}, merge=False) == {"c": "4"}
    assert [method for method, _ in fake.seen] == ["PUT"]


def test_some_are_taken_away(fake: Any, tags: Tags) -> None:
    """Absent ones are away already; one name may stand alone."""
    fake.then(body=tagging(a="1", b="2"))
    assert tags.put({}, remove="b") == {"a": "1"}
    assert sent(fake) == {"a": "1"}


def test_what_changes_nothing_is_not_sent(fake: Any, tags: Tags) -> None:
    """Reading is enough."""
    fake.always(body=tagging(a="1"))
    assert tags.put({"a": "1"}, remove=["absent"]) == {"a": "1"}
    assert tags.put({}) == {"a": "1"}
    assert {method for method, _ in fake.seen} == {"GET"}


def test_the_last_one_goes_by_another_request(fake: Any, tags: Tags) -> None:
    """S3 takes no empty set for a bucket."""
    fake.then(body=tagging(a="1"))
    fake.always(204)
    assert tags.put({}, remove=["a"]) == {}
    assert tags.put({}, merge=False) == {}
    assert [method for method, _ in fake.seen] == ["GET", "DELETE", "DELETE"]


def test_a_bucket_without_tags_has_none(fake: Any, make_s3: Callable[..., S3]) -> None:
    """S3 calls it an error."""
    fake.then_error(404, "NoSuchTagSet")
    assert Tags.of_bucket(make_s3(), "bucket").get() == {}


def test_the_version_is_in_every_request(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Reading, writing and taking away."""
    tags = Tags.of_object(make_s3(expected_bucket_owner="123456789012"), "bucket", "key", "v1")
    fake.then(body=tagging(a="1"))
    tags.put({"b": "2"})
    fake.then(204)
    tags.put({}, merge=False)
    assert {target for _, target in fake.seen} == {"/bucket/key?tagging&versionId=v1"}
    assert {request.headers["x-amz-expected-bucket-owner"] for request in fake.requests} == {"123456789012"}


@pytest.mark.parametrize(("kind", "most"), [("object", 10), ("bucket", 50)])
def test_there_may_not_be_too_many(fake: Any, make_s3: Callable[..., S3], kind: str, most: int) -> None:
    """Those that stay count too."""
    tags = Tags.of_bucket(make_s3(), "bucket") if kind == "bucket" else Tags.of_object(make_s3(), "bucket", "key")
    many = {f"t{number}": "" for number in range(most)}
    fake.then(body=tagging(**many))
    with pytest.raises(ValueError, match=f"tags: there are {most + 1}, and S3 takes at most {most}"):
        tags.put({"one": "more"})
    assert tags.put(many, merge=False) == many


def test_setting_and_removing_one_tag_is_a_mistake(fake: Any, tags: Tags) -> None:
    """It is not clear which of the two was meant."""
    with pytest.raises(ValueError, match="remove: 'a' is to be set too"):
        tags.put({"a": "1"}, remove=["a"])
    assert not fake.requests


def test_a_missing_object_is_an_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As everywhere."""
    fake.then_error(404, "NoSuchKey")
    with pytest.raises(S3RestNotFoundError, match="no object 'key'"):
        make_s3().get_tags("bucket", "key")
