# SPDX-License-Identifier: Apache-2.0
"""Tests of the forms in which keys are given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_s3rest.s3.identities import read_identities
from airflow_provider_s3rest.s3.results import ObjectId, ObjectSummary, ObjectVersion

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SUMMARY = ObjectSummary(key="a", size=1, etag="e", last_modified=NOW, storage_class="STANDARD")
VERSION = ObjectVersion(
    key="a",
    version_id="v",
    is_latest=True,
    is_delete_marker=False,
    size=1,
    etag="e",
    last_modified=NOW,
    storage_class="STANDARD",
)
A, AV, B = ObjectId("a"), ObjectId("a", "v"), ObjectId("b")


@pytest.mark.parametrize(
    ("keys", "read"),
    [
        ("a", [A]),
        (["a", "b"], [A, B]),
        (("a", "b"), [A, B]),
        ({"key": "a"}, [A]),
        ({"key": "a", "version_id": None, "size": 5}, [A]),
        ([{"key": "a", "version_id": "v", "bucket_name": "bucket"}], [AV]),
        ([("a", "v"), ("b", None)], [AV, B]),
        (AV, [AV]),
        ([AV, "b"], [AV, B]),
        ([SUMMARY, VERSION], [A, AV]),
        ([["a"], [{"key": "b"}], []], [A, B]),
        ([], []),
        ([{"key": "s3://a"}, ObjectId("s3://b")], [ObjectId("s3://a"), ObjectId("s3://b")]),
        (["a b", "//", "a\n"], [ObjectId("a b"), ObjectId("//"), ObjectId("a\n")]),
    ],
)
def test_keys_in_every_form(keys: Any, read: list[ObjectId]) -> None:
    """Texts, pairs, rows and items of queries, alone, in lists, and in chunks."""
    assert read_identities("bucket", keys) == ("bucket", read)


@pytest.mark.parametrize(
    "keys", ["s3://bucket/a", ["s3://bucket/a"], {"bucket_name": "bucket", "key": "a"}, [("s3://bucket/a", None)]]
)
def test_keys_that_name_their_bucket(keys: Any) -> None:
    """URLs and rows do."""
    assert read_identities(None, keys) == ("bucket", [A])


def test_no_key_names_no_bucket() -> None:
    """Nothing is to be done then."""
    assert read_identities(None, []) == (None, [])


def test_an_iterator_is_read_when_it_is_needed() -> None:
    """All but its first key."""
    keys = (key for key in ("a", "b", "", "c"))
    _, identities = read_identities("bucket", keys)
    assert isinstance(identities, Iterator)
    assert [next(identities), next(identities)] == [A, B]
    with pytest.raises(ValueError, match="keys: must be 1 to 1024 bytes"):
        next(identities)


@pytest.mark.parametrize(
    ("bucket", "keys", "message"),
    [
        ("bucket", ["a", ""], "keys: must be 1 to 1024 bytes of UTF-8, not 0"),
        ("bucket", ["a", None], "keys: None is no key; give a text,"),
        ("bucket", [("a", "v", "x")], "keys: .* is no key"),
        ("bucket", [("a", "")], "keys: the version id of 'a' must be a text, not ''"),
        ("bucket", [{"key": "a", "version_id": 5}], "keys: the version id of 'a' must be a text, not 5"),
        ("bucket", [{"Key": "a"}], "keys: a row has no 'key', but only 'Key'"),
        (
            "bucket",
            [{"key": "a/", "is_prefix": True}],
            "keys: 'a/' is a common prefix, not an object; delete by prefix",
        ),
        ("bucket", ["s3://bucket/a"], "keys: is an s3:// URL, and bucket_name is given too"),
        (
            "bucket",
            [{"key": "a", "bucket_name": "other"}],
            "keys: 'a' is in bucket 'other', and bucket_name is 'bucket'",
        ),
        (None, ["s3://bucket/a", "s3://other/b"], "keys: 'b' is in bucket 'other', and others are in 'bucket'"),
        (None, ["a"], "bucket_name: is missing; give it, or keys as s3://bucket/"),
        ("", [], "bucket_name: '' is not the name of a bucket"),
    ],
)
def test_what_is_no_key(bucket: str | None, keys: Any, message: str) -> None:
    """It is named, before anything is deleted."""
    with pytest.raises(ValueError, match=f"^{message}"):
        read_identities(bucket, keys)
