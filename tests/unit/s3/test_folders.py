# SPDX-License-Identifier: Apache-2.0
"""Tests of listings of several folders at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.exceptions import S3RestNoBucketError
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.folders import list_by_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

PAGE = 3
KEYS = st.lists(st.text("ab/!0é", min_size=1, max_size=6))


class Bucket:
    """A bucket whose pages hold three entries."""

    def __init__(self, fake: Any, keys: list[str]) -> None:
        self.fake = fake
        self.keys = sorted(set(keys), key=str.encode)

    def __call__(self, request: Any) -> Any:
        """Answer a request for a page."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
        entries = self._entries(query.get("prefix", ""), query.get("delimiter"))
        start = int(query.get("continuation-token", 0))
        more = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken><IsTruncated>true</IsTruncated>"
        body = "".join(entries[start : start + PAGE]) + (more if start + PAGE < len(entries) else "")
        page = f"<ListBucketResult><EncodingType>url</EncodingType>{body}</ListBucketResult>"
        return self.fake.make_answer(200, page.encode())

    def _entries(self, prefix: str, delimiter: str | None) -> list[str]:
        found: dict[str, None] = {}
        for key in self.keys:
            if not key.startswith(prefix):
                continue
            folder, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if cut:
                entry = f"<CommonPrefixes><Prefix>{quote(prefix + folder + cut)}</Prefix></CommonPrefixes>"
            else:
                rest = "<LastModified>2026-11-24T01:02:03Z</LastModified><ETag>e</ETag><Size>1</Size>"
                entry = f"<Contents><Key>{quote(key)}</Key>{rest}</Contents>"
            found[entry] = None
        return list(found)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("ab/!0é", min_size=1, max_size=6)), st.sampled_from(["", "a", "a/", "/"]), st.sampled_from("/a")
)
def test_objects_come_as_in_any_other_listing(
    fake: Any, make_s3: Callable[..., S3], keys: list[str], prefix: str, delimiter: str
) -> None:
    """All of them once, in the order of their keys' bytes, whatever stands where in them."""
    bucket = fake.otherwise = Bucket(fake, keys)
    found = [item.key for item in list_by_folder(make_s3(), "bucket", prefix, delimiter=delimiter)]
    assert found == [key for key in bucket.keys if key.startswith(prefix)]


def test_it_costs_a_request_for_each_folder(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And one for each page, as everywhere."""
    fake.otherwise = Bucket(fake, [f"{folder}/{number}" for folder in "abcd" for number in range(4)])
    assert len(list(list_by_folder(make_s3(), "bucket"))) == 16
    assert len(fake.requests) == 2 + 4 * 2


def test_folders_are_listed_at_the_same_time(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As many as the connection allows."""
    bucket = Bucket(fake, [f"{folder}/1" for folder in "abc"])
    together = threading.Barrier(3)

    def reply(request: Any) -> Any:
        if "delimiter" not in request.target:
            together.wait(10)
        return bucket(request)

    fake.otherwise = reply
    assert len(list(list_by_folder(make_s3(max_concurrency=3), "bucket"))) == 3


def test_few_pages_are_ahead(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Whoever takes no more ends it, and its threads."""
    fake.otherwise = Bucket(fake, [f"{folder}/{number:03}" for folder in "ab" for number in range(100)])
    before = set(threading.enumerate())
    listing = list_by_folder(make_s3(), "bucket")
    assert next(listing).key == "a/000"
    listing.close()  # type: ignore[attr-defined]
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name == "s3rest"]
    for thread in ours:
        thread.join(10)
    assert not any(thread.is_alive() for thread in ours)
    # The folders, and of each a page that was taken and two ahead.
    assert len(fake.requests) <= 1 + 2 * 3


def test_filters_are_honoured(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In every folder."""
    fake.otherwise = Bucket(fake, [f"{folder}/{number}" for folder in "cd" for number in range(20)])
    where = Filter.parse({"glob": "d/*9"}, now=datetime.now(UTC))
    assert [item.key for item in list_by_folder(make_s3(), "bucket", where=where)] == ["d/19", "d/9"]


def test_no_bucket_is_an_error_at_the_first_object(fake: Any, make_s3: Callable[..., S3]) -> None:
    """As everywhere."""
    fake.then_error(404, "NoSuchBucket")
    listing = list_by_folder(make_s3(), "bucket")
    with pytest.raises(S3RestNoBucketError):
        next(listing)


def test_a_folder_that_fails_is_an_error_in_its_turn(fake: Any, make_s3: Callable[..., S3]) -> None:
    """What comes before it is handed out."""
    bucket = Bucket(fake, ["a/1", "b/1", "c/1"])
    refusal = fake.make_answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    fake.otherwise = lambda request: refusal if "prefix=b" in request.target else bucket(request)
    listing = list_by_folder(make_s3(), "bucket")
    assert next(listing).key == "a/1"
    with pytest.raises(ClientError, match="AccessDenied"):
        next(listing)
