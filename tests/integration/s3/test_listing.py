# SPDX-License-Identifier: Apache-2.0
"""Listings of real servers: versions and delete markers, folders, and awkward keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.listing import list_folder, list_objects, list_versions
from airflow_provider_s3rest.s3.results import CommonPrefix, ObjectSummary

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

both_servers = pytest.mark.parametrize("server", ["moto", "seaweedfs"])
# What the file system under SeaweedFS can't tell apart, only moto keeps; its routes know no line break.
AWKWARD = {
    "moto": ["/a", "a b", "a%2Fb", "a+b", "a//b", "a\tb", "é", "\U0001f600"],
    "seaweedfs": ["a b", "a%2Fb", "a+b", "a\nb", "a\rb", "a\tb", "é", "\U0001f600"],
}


@both_servers
def test_versions_and_markers(open_s3: Callable[[str], S3], make_versioned: Callable[[S3], str], server: str) -> None:
    """Of each key the newest comes first, and a delete marker is one of them."""
    s3 = open_s3(server)
    bucket = make_versioned(s3)
    first, second = (s3.upsert_object(bucket, "a", data).version_id for data in (b"1", b"22"))
    s3.upsert_object(bucket, "b", b"3")
    s3.delete_objects(bucket, "a")
    # moto tells all markers after all versions.
    found = sorted(list_versions(s3, bucket), key=lambda item: (item.key, not item.is_latest))
    assert [(item.key, item.is_latest, item.is_delete_marker, item.size) for item in found] == [
        ("a", True, True, None),
        ("a", False, False, 2),
        ("a", False, False, 1),
        ("b", True, False, 1),
    ]
    assert [item.version_id for item in found[1:3]] == [second, first]
    assert [item.key for item in list_versions(s3, bucket, start_after="a")] == ["b"]
    assert [item.key for item in list_versions(s3, bucket, limit=2)] == ["a", "a"]


@both_servers
def test_awkward_keys_are_listed_verbatim(
    open_s3: Callable[[str], S3], make_versioned: Callable[[S3], str], server: str
) -> None:
    """As objects and as versions."""
    s3 = open_s3(server)
    bucket = make_versioned(s3)
    for key in AWKWARD[server]:
        s3.upsert_object(bucket, key, b"")
    assert sorted(item.key for item in list_objects(s3, bucket)) == sorted(AWKWARD[server])
    assert sorted(item.key for item in list_versions(s3, bucket)) == sorted(AWKWARD[server])


@both_servers
def test_a_folder(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str) -> None:
    """What is deeper stands behind its prefix, in the order of all names."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    for key in ("p/a", "p/b +/1", "p/b +/2", "p/c", "q"):
        s3.upsert_object(bucket, key, b"")
    found = [
        item.prefix if isinstance(item, CommonPrefix) else item.key for item in list_folder(s3, bucket, prefix="p/")
    ]
    assert found == ["p/a", "p/b +/", "p/c"]
    assert [type(item) for item in list_folder(s3, bucket)] == [CommonPrefix, ObjectSummary]
