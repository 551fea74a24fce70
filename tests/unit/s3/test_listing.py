# SPDX-License-Identifier: Apache-2.0
"""Tests of listings: what is asked for, what is read, and when a listing ends."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.listing import list_folder, list_objects, list_versions
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.results import CommonPrefix, ObjectVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

TIME = "<LastModified>2026-11-24T01:02:03.000Z</LastModified>"
SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
EVERY_LISTING = pytest.mark.parametrize("lists", [list_objects, list_folder, list_versions])


def page(*keys: str, token: str = "", more: str = "") -> bytes:
    """Make a page of objects."""
    items = "".join(
        f"<Contents><Key>{key}</Key>{TIME}<ETag>&quot;e{number}&quot;</ETag><Size>{number}</Size></Contents>"
        for number, key in enumerate(keys)
    )
    if token:
        more += f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    return f"<ListBucketResult {SPACE}>{more}{items}<EncodingType>url</EncodingType></ListBucketResult>".encode()


def versions(*items: str, more: str = "") -> bytes:
    """Make a page of versions."""
    body = f"<ListVersionsResult {SPACE}>{''.join(items)}<EncodingType>url</EncodingType>{more}</ListVersionsResult>"
    return body.encode()


def version(key: str, version_id: str = "v", *, latest: str = "true", marker: bool = False) -> str:
    """Make an item of such a page."""
    known = f"<Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{latest}</IsLatest>{TIME}"
    if marker:
        return f"<DeleteMarker>{known}</DeleteMarker>"
    return f"<Version>{known}<ETag>&quot;e&quot;</ETag><Size>5</Size><StorageClass>GLACIER</StorageClass></Version>"


def test_a_listing_streams_its_pages(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The second page is asked for when the first has been read."""
    fake.then(body=page("a", "b", token="t"))
    fake.then(body=page("c"))
    listing = make_s3().query_objects("bucket", prefix="p +", start_after="s/")
    assert not fake.requests
    assert [next(listing).key, next(listing).key] == ["a", "b"]
    assert len(fake.requests) == 1
    assert [item.key for item in listing] == ["c"]
    assert "prefix=p%20%2B&start-after=s%2F" in fake.requests[0].target
    assert "continuation-token=t" in fake.requests[1].target
    assert all("encoding-type=url" in request.target for request in fake.requests)


def test_a_listing_tells_everything(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Times have their zone, ETags no quotes."""
    fake.then(body=page("a"))
    (item,) = make_s3().query_objects("bucket")
    assert (item.key, item.size, item.etag, item.storage_class) == ("a", 0, "e0", "STANDARD")
    assert item.last_modified.isoformat() == "2026-11-24T01:02:03+00:00"


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("a%0Ab", "a\nb"),
        ("a%0D%0Ab", "a\r\nb"),
        ("a%09b", "a\tb"),
        ("a+b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%252Fb", "a%2Fb"),
        ("%C3%A9%01", "é\x01"),
        ("%2F%2Fa%2F", "//a/"),
        ("%EF%BF%BF", "\uffff"),
        ("a&amp;&lt;", "a&<"),
    ],
)
def test_listed_keys_are_decoded_once(fake: Any, make_s3: Callable[..., S3], encoded: str, key: str) -> None:
    """Keys that XML can't hold come whole, and percent signs stay: of objects, versions and prefixes."""
    s3 = make_s3()
    fake.then(body=page(encoded))
    assert [item.key for item in list_objects(s3, "bucket")] == [key]
    fake.then(body=versions(version(encoded), version(encoded, marker=True)))
    assert [item.key for item in list_versions(s3, "bucket")] == [key, key]
    fake.then(body=page(more=f"<CommonPrefixes><Prefix>{encoded}</Prefix></CommonPrefixes>"))
    assert list(list_folder(s3, "bucket")) == [CommonPrefix(prefix=key)]


def test_keys_that_are_not_encoded_stay(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A service may leave them as they are, and then says nothing of an encoding."""
    fake.then(body=page("a+b%20").replace(b"<EncodingType>url</EncodingType>", b""))
    assert [item.key for item in list_objects(make_s3(), "bucket")] == ["a+b%20"]


def test_versions_come_in_the_order_of_the_service(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Markers between versions, each told as what it is."""
    fake.then(
        body=versions(
            version("a", "v3", marker=True), version("a", "v2", latest="false"), version("b", "null"), more=""
        )
    )
    marker, older, other = list_versions(make_s3(), "bucket", "p/")
    when = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
    assert marker == ObjectVersion(
        key="a",
        version_id="v3",
        is_latest=True,
        is_delete_marker=True,
        size=None,
        etag=None,
        last_modified=when,
        storage_class=None,
    )
    assert (older.version_id, older.is_latest, older.size, older.etag) == ("v2", False, 5, "e")
    assert (other.version_id, other.storage_class, other.is_delete_marker) == ("null", "GLACIER", False)
    assert fake.requests[0].target.endswith("&versions=")
    assert "prefix=p%2F" in fake.requests[0].target


def test_versions_of_several_pages(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The next page begins where the service says, its key decoded, and encoded again only for the request."""
    more = "<IsTruncated>true</IsTruncated><NextKeyMarker>a%2B%0A</NextKeyMarker>"
    fake.then(body=versions(version("a"), more=f"{more}<NextVersionIdMarker>v9</NextVersionIdMarker>"))
    fake.then(body=versions(version("b")))
    assert [item.key for item in list_versions(make_s3(), "bucket", start_after="0")] == ["a", "b"]
    assert "key-marker=0" in fake.requests[0].target
    assert "key-marker=a%2B%0A&" in fake.requests[1].target
    assert "version-id-marker=v9" in fake.requests[1].target


def test_a_folder_lists_one_level(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Objects and common prefixes in the order of their names."""
    prefixes = "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in ("b/", "d/"))
    fake.then(body=page("a", "c", more=prefixes))
    found = list_folder(make_s3(), "bucket")
    assert [getattr(item, "prefix", None) or item.key for item in found] == ["a", "b/", "c", "d/"]  # type: ignore[union-attr]
    assert "delimiter=%2F" in fake.requests[0].target


def test_filters_on_a_folder(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A prefix has a name only: filters by anything else leave it out."""
    s3 = make_s3()
    fake.always(body=page("a", more="<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    only_prefixes, only_old = (Filter.parse(given, now=now) for given in ({"glob": "*/"}, {"older_than": 60}))  # type: ignore[arg-type]
    assert [type(item).__name__ for item in list_folder(s3, "bucket", where=only_prefixes)] == ["CommonPrefix"]
    assert [type(item).__name__ for item in list_folder(s3, "bucket", where=only_old)] == ["ObjectSummary"]


def test_a_limit_asks_for_no_more(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Neither a longer page nor another one."""
    fake.always(body=page("a", "b", token="t"))
    assert [item.key for item in list_objects(make_s3(), "bucket", limit=2)] == ["a", "b"]
    assert ["max-keys=2" in request.target for request in fake.requests] == [True]


def test_a_limit_counts_what_is_meant(fake: Any, make_s3: Callable[..., S3]) -> None:
    """With a filter the pages are whole, and the listing ends with the last object that was wanted."""
    fake.then(body=page("a", "b.csv", token="t"))
    fake.then(body=page("c", "d.csv", "e.csv", token="u"))
    where = Filter.parse({"glob": "*.csv"}, now=datetime.now(UTC))
    assert [item.key for item in list_objects(make_s3(), "bucket", limit=2, where=where)] == ["b.csv", "d.csv"]
    assert ["max-keys" in request.target for request in fake.requests] == [False, False]


def test_a_listing_tells_how_far_it_is(fake: Any, make_s3: Callable[..., S3]) -> None:
    """By the objects that were looked at, meant or not."""
    said: list[str] = []
    clock = iter([0.0, 11.0, 22.0])
    progress = Progress("Listing", said.append, unit="objects", clock=lambda: next(clock))
    fake.then(body=page("a", "b", token="t"))
    fake.then(body=page("c"))
    where = Filter.parse({"glob": "no"}, now=datetime.now(UTC))
    assert not list(list_objects(make_s3(), "bucket", where=where, progress=progress))
    assert [line.partition(",")[0] for line in said] == ["Listing: 2 objects", "Listing: 3 objects"]


@EVERY_LISTING
def test_a_listing_of_no_bucket(fake: Any, make_s3: Callable[..., S3], lists: Any) -> None:
    """It is the bucket that is not found."""
    fake.then_error(404, "NoSuchBucket")
    with pytest.raises(FileNotFoundError, match="There is no bucket 'bucket'"):
        next(lists(make_s3(), "bucket"))


@EVERY_LISTING
def test_a_page_is_retried_alone(fake: Any, make_s3: Callable[..., S3], sleeps: list[float], lists: Any) -> None:
    """After a busy answer, an error inside a 200, and a page that was cut short; the first page is not listed again."""
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    more += "<NextKeyMarker>t</NextKeyMarker>"
    fake.then(body=page(more=more))
    fake.then_error(503, "SlowDown")
    fake.then_error(200, "InternalError")
    fake.then(body=page("b"), cut=40)
    fake.then(body=page("b"))
    assert [item.key for item in lists(make_s3(), "bucket")] == ["b"]
    assert sleeps == [0.0, 10.0, 30.0]
    assert len(fake.requests) == 5
    assert all("t" in request.target.partition("?")[2] for request in fake.requests[1:])


def test_a_listing_that_stays_busy(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """It fails after all retries, also where the error stands inside a 200 or the page is always cut."""
    fake.always(200, b"<Error><Code>InternalError</Code></Error>")
    with pytest.raises(ClientError, match="InternalError"):
        list(list_objects(make_s3(), "bucket"))
    assert len(sleeps) == 6
    fake.otherwise = lambda _: fake.make_answer(200, page("a"), {}, 40)
    with pytest.raises(HTTPClientError, match=r"IncompleteRead\(40 bytes read"):
        list(list_objects(make_s3(), "bucket"))
    assert len(sleeps) == 12


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><body>Please log in</body></html>", "<html> is no listing"),
        (b"<ListBucketResult><Contents>", "can't be read: ParseError"),
        (b"", "can't be read: ParseError"),
        (b"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "KeyError..Size"),
        (page("%FF"), "UnicodeDecodeError"),
        (page(more="<IsTruncated>true</IsTruncated>"), "there are more pages, and nothing says where"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult/>', "holds a DTD"),
    ],
)
def test_what_is_no_listing(fake: Any, make_s3: Callable[..., S3], body: bytes, said: str) -> None:
    """It is an error, never an empty bucket."""
    fake.always(body=body)
    with pytest.raises(S3RestIntegrityError, match=said):
        list(list_objects(make_s3(), "bucket"))


def test_a_circle_is_noticed(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A service that names the same next page for ever is not asked for ever."""
    fake.always(body=page("a", token="t"))
    with pytest.raises(S3RestIntegrityError, match="circle"):
        list(list_objects(make_s3(), "bucket"))
    assert len(fake.requests) == 2


def test_the_client_of_others_answers_as_ever(fake: Any, make_s3: Callable[..., S3]) -> None:
    """What boto3 gives to those who ask it themselves is not touched."""
    fake.always(body=page("a+b"))
    (item,) = make_s3().client("bucket").list_objects_v2(Bucket="bucket")["Contents"]
    assert (item["Key"], item["ETag"], item["Size"]) == ("a b", '"e0"', 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": 0}, "limit: must be a number, 1 or more, not 0"),
        ({"limit": "many"}, "limit: must be a number"),
        ({"start_after": "x" * 1025}, "start_after: must be 1 to 1024 bytes"),
        ({"prefix": "x" * 1025}, "prefix: must be 1 to 1024 bytes"),
        ({"prefix": "s3://bucket/x"}, "prefix: is an s3:// URL, and bucket_name is given too"),
    ],
)
@EVERY_LISTING
def test_bad_arguments_are_refused_at_the_call(
    fake: Any, make_s3: Callable[..., S3], lists: Any, arguments: dict[str, Any], message: str
) -> None:
    """Not only when the first object is taken."""
    with pytest.raises(ValueError, match=f"^{message}"):
        lists(make_s3(), "bucket", **arguments)
    assert not fake.requests


def test_a_folder_needs_a_delimiter(make_s3: Callable[..., S3]) -> None:
    """Without one it would be all of the bucket."""
    with pytest.raises(ValueError, match="delimiter: is empty"):
        list_folder(make_s3(), "bucket", delimiter="")


def test_the_terms_of_the_connection_go_along(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Requester pays, and the owner that the bucket must have."""
    s3 = make_s3(requester_pays=True, expected_bucket_owner="123456789012")
    fake.then(body=page("a"))
    fake.then(body=versions(version("a")))
    list(list_objects(s3, "bucket"))
    list(list_versions(s3, "bucket"))
    for request in fake.requests:
        assert request.headers["x-amz-request-payer"] == "requester"
        assert request.headers["x-amz-expected-bucket-owner"] == "123456789012"


def test_memory_holds_one_page(fake: Any, make_s3: Callable[..., S3]) -> None:
    """However many there are; `make bench` lists a million."""
    pages = [page(*(f"key/{number}/{n}" for n in range(1000)), token=str(number)) for number in range(9)]
    fake.otherwise = lambda request: fake.make_answer(
        200, pages[int(request.target.partition("continuation-token=")[2].partition("&")[0] or 0) % 8 + 1]
    )
    # The service names pages 1 to 8, and 1 again: no token twice in a row.
    listing = list_objects(make_s3(), "bucket", limit=8_000)
    next(listing)
    tracemalloc.start()
    try:
        for _ in range(1500):
            next(listing)
        _, early = tracemalloc.get_traced_memory()
        assert sum(1 for _ in listing) == 6_499
        _, late = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert late < early + 1024 * 1024
