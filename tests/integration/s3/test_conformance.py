# SPDX-License-Identifier: Apache-2.0
"""Every operation on awkward keys, by every engine, against servers that are not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.copying import Source, Target, copy_object
from airflow_provider_s3rest.s3.keys import sends_verbatim
from airflow_provider_s3rest.s3.options import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

PLAIN = [
    "plain",
    "a/b/c.txt",
    "a b",
    " a ",
    "a+b",
    "a%2Fb",
    "a%20b",
    "%",
    "?a=b&c",
    "#a",
    "a;b:c,d=e@f!$'()*~",
    "a&amp;<b>\"'",
    "a\\b",
    "a..b",
    ".../a",
    "é/e\u0301/日本/\U0001f600",
    "\u2028\x85\xa0",
    "/".join(["x" * 127] * 8),
]
AWKWARD = ["/a", "a/", "//", "a//b", ".", "..", "a/./b", "a/../b", "a\tb", "\x01", "é" * 512]
# SeaweedFS keeps objects in a file system: a slash at an end, an empty and a dot segment mean nothing to it, and a
# backslash is a slash. moto's routes know no key with a line break.
CASES = [
    *[("moto", None, key) for key in PLAIN + AWKWARD],
    *[("moto", engine, key) for key in PLAIN for engine in ("plain", "obstore", "boto3")],
    *[("seaweedfs", engine, key) for key in PLAIN if "\\" not in key for engine in ("plain", "obstore", "boto3")],
    *[("seaweedfs", None, key) for key in ("a\tb", "a\nb", "\r\n")],
]
# Copies are sent without boto3, unless it is forced.
COPYING = {("moto", None), ("moto", "boto3"), ("seaweedfs", None), ("seaweedfs", "obstore"), ("seaweedfs", "boto3")}


@pytest.mark.parametrize(("server", "engine", "key"), CASES)
def test_a_key_means_one_object(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str, engine: str | None, key: str
) -> None:
    """Written, listed, asked about, read and deleted under one key, and no other key appears."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    written = s3.upsert_object(bucket, key, b"data", Write(content_type="text/x"))
    (item,) = s3.query_objects(bucket)
    head = s3.head_object(bucket, key)
    with s3.get_object(bucket, key) as opened:
        assert opened.read() == b"data"
    assert item.key == key
    assert {written.etag, item.etag, head.etag, opened.etag} == {written.etag}
    assert (item.size, head.size, head.content_type) == (4, 4, "text/x")
    assert abs((item.last_modified - head.last_modified).total_seconds()) < 2
    assert s3.delete_objects(bucket, [key]).deleted == 1
    assert not list(s3.query_objects(bucket))
    with pytest.raises(S3RestNotFoundError):
        s3.head_object(bucket, key)


@pytest.mark.parametrize(("server", "engine", "key"), [case for case in CASES if case[:2] in COPYING])
def test_a_key_is_copied_verbatim(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str, engine: str | None, key: str
) -> None:
    """From it and to it."""
    s3 = open_s3(server)
    bucket, other = make_bucket(s3), make_bucket(s3)
    s3._engines.forced = engine
    s3.upsert_object(bucket, key, b"data", Write(content_type="text/x"))
    target = Target(s3=s3, bucket_name=other, key=key)
    copied = copy_object(Source(s3=s3, bucket_name=bucket, key=key), target)
    (item,) = s3.query_objects(other)
    assert (item.key, item.size, item.etag) == (key, 4, copied.etag)
    with s3.get_object(other, key) as opened:
        assert (opened.read(), opened.content_type) == (b"data", "text/x")
    # moto can't list the versions of a control character, as a clearing of the bucket would.
    assert {s3.delete_objects(each, key).deleted for each in (bucket, other)} == {1}


def test_the_table_covers_every_engine() -> None:
    """The plain keys are those that obstore takes."""
    assert all(map(sends_verbatim, PLAIN))


@pytest.mark.parametrize("server", ["moto", "seaweedfs"])
@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_what_is_absent(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str, engine: str
) -> None:
    """No object and no bucket are errors of one type, and deleting nothing is none."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    with pytest.raises(S3RestNotFoundError, match="There is no object 'absent'"):
        s3.get_object(bucket, "absent")
    with pytest.raises(S3RestNotFoundError, match="There is no bucket"):
        s3.upsert_object("no-such-bucket-here", "key", b"")
    assert s3.delete_objects(bucket, "absent").deleted == 1


def test_a_listing_of_several_pages(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """Prefix and start are honoured, over more than one page, in the order of the keys."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    keys = [f"a/{number:04}" for number in range(1003)]
    for key in [*keys, "b", "b c"]:
        s3.upsert_object(bucket, key, b"")
    assert [item.key for item in s3.query_objects(bucket, prefix="a/")] == keys
    assert [item.key for item in s3.query_objects(bucket, start_after="a/1001")] == ["a/1002", "b", "b c"]
    assert s3.delete_objects(bucket, (item.key for item in s3.query_objects(bucket, "a/"))).deleted == 1003
    assert [item.key for item in s3.query_objects(bucket)] == ["b", "b c"]


def test_the_buckets_of_the_account(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """Test Connection can name them."""
    s3 = open_s3("seaweedfs")
    assert make_bucket(s3) in s3.list_buckets().names


def test_the_services_time_signs_rightly(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """A server that checks signatures takes one that was made by another clock than the machine's."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.engines.clock.offset = timedelta(minutes=5)
    s3.upsert_object(bucket, "key", b"data")
    with s3.get_object(bucket, "key") as opened:
        assert opened.read() == b"data"
    assert abs((opened.last_modified - datetime.now(UTC)).total_seconds()) < 60
