# SPDX-License-Identifier: Apache-2.0
"""Deletions on real servers: versions, markers, prefixes, and keys that look like others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.deletion import Deleter
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.listing import list_objects, list_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

both_servers = pytest.mark.parametrize("server", ["moto", "seaweedfs"])


def _keys(s3: S3, bucket: str) -> list[str]:
    return sorted(item.key for item in list_objects(s3, bucket))


@both_servers
def test_a_version_is_deleted_for_good(
    open_s3: Callable[[str], S3], make_versioned: Callable[[S3], str], server: str
) -> None:
    """The one that is named; without a version the object is hidden by a marker, and comes back without it."""
    s3 = open_s3(server)
    bucket = make_versioned(s3)
    first, second = (s3.upsert_object(bucket, "a b+", data).version_id for data in (b"1", b"22"))
    s3.upsert_object(bucket, "other", b"")
    s3.delete_objects(bucket, ["a b+", "absent"])
    assert _keys(s3, bucket) == ["other"]
    markers = [item for item in list_versions(s3, bucket) if item.is_delete_marker]
    assert "a b+" in {item.key for item in markers}
    assert s3.delete_objects(bucket, [*markers, ("a b+", second)]).failures == 0
    assert [item.version_id for item in list_versions(s3, bucket, "a b+")] == [first]
    assert s3.get_object(bucket, "a b+").read() == b"1"


@both_servers
def test_every_version_below_a_prefix(
    open_s3: Callable[[str], S3], make_versioned: Callable[[S3], str], server: str
) -> None:
    """Markers too; nothing of it is left, and nothing else is touched."""
    s3 = open_s3(server)
    bucket = make_versioned(s3)
    for key in ("p/a", "p/a", "p/b", "q"):
        s3.upsert_object(bucket, key, b"12345")
    s3.delete_objects(bucket, "p/b")
    result = Deleter(s3=s3).delete_prefix(bucket, "p/", versions=True)
    assert (result.deleted, result.size, result.failures) == (4, 15, 0)
    assert [item.key for item in list_versions(s3, bucket)] == ["q"]


@both_servers
def test_filters_spare_the_others(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str) -> None:
    """By name, size, age and storage class; a dry run tells the same and deletes nothing."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    for key, size in (("p/a.csv", 10), ("p/b.csv", 1), ("p/c.json", 10), ("pq.csv", 10)):
        s3.upsert_object(bucket, key, b"x" * size)
    now = datetime.now(UTC)
    where = Filter.parse({"glob": "*.csv", "min_bytes": 5, "storage_class": "STANDARD", "newer_than": 3600}, now=now)
    planned = Deleter(s3=s3, dry_run=True).delete_prefix(bucket, "p/", where)
    assert ([identity.key for identity in planned.planned], planned.size) == (["p/a.csv"], 10)
    assert len(_keys(s3, bucket)) == 4
    assert Deleter(s3=s3).delete_prefix(bucket, "p/", where).deleted == 1
    assert _keys(s3, bucket) == ["p/b.csv", "p/c.json", "pq.csv"]
    old = Filter.parse({"older_than": 3600}, now=now)
    assert Deleter(s3=s3).delete_prefix(bucket, "", old, allow_all=True).deleted == 0


def test_keys_that_look_alike(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """Each is deleted under its own name, in one batch, and no other goes with it."""
    s3 = open_s3("moto")
    bucket = make_bucket(s3)
    pairs = [
        ("a+b", "a b"),
        ("a%2Fb", "a/b"),
        ("/a", "a"),
        ("a//c", "a/c"),
        ("b\t", "b"),
        ("é", "e\u0301"),
        ("&amp;", "&"),
    ]
    for pair in pairs:
        for key in pair:
            s3.upsert_object(bucket, key, b"")
    assert s3.delete_objects(bucket, [first for first, _ in pairs]).deleted == len(pairs)
    assert _keys(s3, bucket) == sorted(second for _, second in pairs)
