# SPDX-License-Identifier: Apache-2.0
"""Tests of deletions: what is sent, what is told, and what never happens by mistake."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.deletion import Deleter
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.results import DeleteFailure, DeleteResult, ObjectId

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

every_engine = pytest.mark.parametrize("engine", [None, "boto3"])
DONE = b"<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"


def refused(key: str, code: str = "AccessDenied", more: str = "") -> bytes:
    """Make an answer that refuses one key."""
    error = f"<Error><Key>{key}</Key><Code>{code}</Code><Message>No</Message>{more}</Error>"
    return f"<DeleteResult>{error}</DeleteResult>".encode()


def listing(*items: str, kind: str = "Bucket", token: str = "") -> bytes:
    """Make a page of a listing, each object of 5 bytes."""
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"<List{kind}Result>{''.join(items)}{more}</List{kind}Result>".encode()


def item(key: str, tag: str = "Contents", more: str = "") -> str:
    """Make an item of it."""
    size = "" if tag == "DeleteMarker" else "<Size>5</Size>"
    return f"<{tag}><Key>{key}</Key>{size}<LastModified>2026-11-24T01:02:03Z</LastModified>{more}</{tag}>"


def deleted(fake: Any) -> list[tuple[bytes, bytes]]:
    """Return the keys and versions that requests for deletion named."""
    bodies = b"".join(request.body for request in fake.requests if request.method == "POST")
    return re.findall(rb"<Object><Key>([^<]*)</Key>(?:<VersionId>([^<]*)</VersionId>)?</Object>", bodies)


def test_deletions_go_by_thousands(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Any iterable of any length, in batches."""
    fake.always(body=DONE)
    result = make_s3().delete_objects("bucket", (f"key/{number}" for number in range(2500)))
    assert (result.deleted, result.failures, result.failed) == (2500, 0, ())
    assert sorted(request.body.count(b"<Key>") for request in fake.requests) == [500, 1000, 1000]


@pytest.mark.parametrize(("bucket", "told"), [("bucket", "bucket"), (None, None)])
def test_nothing_to_delete(fake: Any, make_s3: Callable[..., S3], bucket: str | None, told: str | None) -> None:
    """No key, no request."""
    result = make_s3().delete_objects(bucket, [])
    assert (result.bucket_name, result.deleted) == (told, 0)
    assert not fake.requests


@every_engine
def test_a_refused_key_is_told(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """With the service's reason, after one request: nothing is deleted twice to learn it."""
    fake.always(body=refused("b &lt;&quot;"))
    result = make_s3(engine).delete_objects("bucket", 'b <"')
    assert (result.deleted, result.failures) == (0, 1)
    assert result.failed == (DeleteFailure(key='b <"', code="AccessDenied", message="No"),)
    assert len(fake.requests) == 1


def test_refused_keys_of_many(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The others are gone; each refused key is reported when it is known."""
    fake.always(body=refused("b"))
    said: list[DeleteFailure] = []
    result = Deleter(s3=make_s3(), refused=said.append).delete_keys("bucket", ["a", "b"])
    assert (result.deleted, result.failures, len(fake.requests)) == (1, 1, 1)
    assert result.failed == tuple(said) == (DeleteFailure(key="b", code="AccessDenied", message="No"),)


@every_engine
def test_a_key_that_may_go_well_later(fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str) -> None:
    """What met InternalError or SlowDown inside a 200 is tried again."""
    fake.then(body=refused("a", "SlowDown"))
    fake.always(body=DONE)
    assert make_s3(engine).delete_objects("bucket", "a").deleted == 1
    assert (sleeps, len(fake.requests)) == ([0.0], 2)


def test_only_busy_keys_are_tried_again(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """The others are gone, and a refused one stays refused."""
    both = refused("b", "SlowDown").replace(b"</DeleteResult>", b"") + refused("c").replace(b"<DeleteResult>", b"")
    fake.then(body=both)
    fake.always(body=DONE)
    result = make_s3().delete_objects("bucket", ["a", "b", "c"])
    assert (result.deleted, [failure.key for failure in result.failed], sleeps) == (2, ["c"], [0.0])
    assert deleted(fake) == [(b"a", b""), (b"b", b""), (b"c", b""), (b"b", b"")]


@every_engine
def test_a_key_that_stays_busy(fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str) -> None:
    """After all retries it is told as refused."""
    fake.always(body=refused("b", "SlowDown"))
    result = make_s3(engine).delete_objects("bucket", "b")
    assert (result.deleted, [failure.code for failure in result.failed]) == (0, ["SlowDown"])
    assert (len(sleeps), len(fake.requests)) == (6, 7)


def test_a_batch_is_retried_as_a_request(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """An outage, an error inside a 200 and an answer that is cut short, by the one policy; then it is the error."""
    fake.then_error(503, "SlowDown")
    fake.then_error(200, "InternalError")
    fake.then(body=DONE, cut=20)
    fake.then(body=DONE)
    assert make_s3().delete_objects("bucket", ["a", "b"]).deleted == 2
    assert sleeps == [0.0, 10.0, 30.0]
    fake.then_error(500, "InternalError", times=9)
    with pytest.raises(ClientError, match="InternalError"):
        make_s3().delete_objects("bucket", ["a", "b"])
    assert len(sleeps) == 9


@every_engine
def test_a_key_alone_is_retried_as_a_request(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str
) -> None:
    """By every engine, also after an error inside a 200."""
    fake.then_error(503, "SlowDown")
    fake.then_error(200, "InternalError")
    fake.then(body=DONE)
    assert make_s3(engine).delete_objects("bucket", "a").deleted == 1
    assert sleeps == [0.0, 10.0]


@pytest.mark.parametrize("key", ["\x01", "a\rb"])
def test_a_key_that_no_batch_can_name(fake: Any, make_s3: Callable[..., S3], key: str) -> None:
    """It is deleted alone, refused alone, and its bucket missed alone; with its version too."""
    s3 = make_s3()
    fake.then(204)
    assert s3.delete_objects("bucket", key).deleted == 1
    fake.then_error(403, "AccessDenied", message="No")
    assert s3.delete_objects("bucket", key).failed == (DeleteFailure(key=key, code="AccessDenied", message="No"),)
    fake.then(204)
    assert s3.delete_objects("bucket", [(key, "v1")]).deleted == 1
    assert "versionId=v1" in fake.requests[-1].target
    fake.then_error(404, "NoSuchBucket")
    with pytest.raises(FileNotFoundError, match="'bucket'"):
        s3.delete_objects("bucket", key)
    assert {request.method for request in fake.requests} == {"DELETE"}


def test_versions_are_named(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """Also where the service leaves the version out when it refuses: a retry never deletes the object as such."""
    fake.then(body=refused("a", "SlowDown"))
    fake.then(body=refused("a", "AccessDenied", "<VersionId>v1</VersionId>"))
    result = make_s3().delete_objects("bucket", [("a", "v1"), "b"])
    assert deleted(fake) == [(b"a", b"v1"), (b"b", b""), (b"a", b"v1")]
    assert result.failed == (DeleteFailure(key="a", code="AccessDenied", message="No", version_id="v1"),)
    assert (result.deleted, sleeps) == (1, [0.0])


def test_delete_markers_are_told(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Those that were made, not those that were deleted; of a key that no batch can name the service says nothing."""
    made = "<Deleted><Key>a</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>n</DeleteMarkerVersionId>"
    gone = "<Deleted><Key>b</Key><VersionId>v</VersionId><DeleteMarker>true</DeleteMarker>"
    fake.then(body=f"<DeleteResult>{made}</Deleted>{gone}</Deleted></DeleteResult>".encode())
    assert make_s3().delete_objects("bucket", ["a", ("b", "v")]).delete_markers == 1
    fake.then(204)
    assert make_s3().delete_objects("bucket", "\x01").delete_markers is None


def test_a_prefix(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Listed and deleted; the result tells the bytes."""
    fake.then(body=listing(item("p/a"), item("p/b.csv")))
    fake.then(body=DONE)
    where = Filter.parse({"glob": "*.csv"}, now=datetime.now(UTC))
    result = Deleter(s3=make_s3()).delete_prefix("bucket", "p/", where)
    assert result == DeleteResult(bucket_name="bucket", deleted=1, delete_markers=0, size=5)
    assert deleted(fake) == [(b"p/b.csv", b"")]
    assert "prefix=p%2F" in fake.requests[0].target


def test_a_prefix_with_all_its_versions(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Markers too, each by its own version id."""
    versions = item("a", "Version", "<VersionId>v1</VersionId>"), item("a", "DeleteMarker", "<VersionId>v2</VersionId>")
    fake.then(body=listing(*versions, kind="Versions"))
    fake.then(body=refused("a", more="<VersionId>v2</VersionId>"))
    result = Deleter(s3=make_s3()).delete_prefix("bucket", "a", versions=True)
    assert deleted(fake) == [(b"a", b"v1"), (b"a", b"v2")]
    assert (result.deleted, result.failures, result.size) == (1, 1, 5)


def test_an_empty_prefix_is_a_mistake(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Unless it is said that all is meant."""
    deleter = Deleter(s3=make_s3())
    for bucket, prefix in (("bucket", ""), (None, "s3://bucket"), (None, "s3://bucket/")):
        with pytest.raises(ValueError, match=r"^prefix: is empty, which means all of bucket 'bucket'; nothing was"):
            deleter.delete_prefix(bucket, prefix)
    assert not fake.requests
    fake.then(body=listing(item("a")))
    fake.then(body=DONE)
    assert deleter.delete_prefix("bucket", "", allow_all=True).deleted == 1


def test_deletions_begin_while_the_listing_goes_on(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The second page may wait for the first to be gone: the batch of the first does not wait for the second page."""
    gone = threading.Event()

    def reply(request: Any) -> Any:
        if request.method == "POST":
            gone.set()
            return fake.make_answer(200, DONE)
        if "continuation-token" not in request.target:
            return fake.make_answer(200, listing(*(item(f"{number}") for number in range(1000)), token="t"))
        return fake.make_answer(200, listing(item("last")))

    fake.otherwise = reply
    fake.answer = lambda request: reply(request) if _waited(request, gone) else fake.make_answer(500)
    assert Deleter(s3=make_s3()).delete_prefix("bucket", "", allow_all=True).deleted == 1001


def _waited(request: Any, gone: threading.Event) -> bool:
    return "continuation-token" not in request.target or gone.wait(10)


def test_a_dry_run_deletes_nothing(fake: Any, make_s3: Callable[..., S3]) -> None:
    """It tells how many it would be, how large, and which ones come first."""
    fake.always(body=listing(*(item(f"{number:04}") for number in range(1500))))
    deleter = Deleter(s3=make_s3(), dry_run=True)
    result = deleter.delete_prefix("bucket", "", allow_all=True)
    assert (result.dry_run, result.deleted, result.size, len(result.planned)) == (True, 1500, 7500, 1000)
    assert result.planned[999] == ObjectId("0999")
    assert {request.method for request in fake.requests} == {"GET"}
    fake.requests.clear()
    assert deleter.delete_keys("bucket", ["a", ("b", "v")]).planned == (ObjectId("a"), ObjectId("b", "v"))
    assert not fake.requests


def test_a_result_names_a_thousand_refusals(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And counts all, each of which has been reported."""

    def refuse(request: Any) -> Any:
        keys = re.findall(r"<Key>([^<]*)</Key>", request.body.decode())
        errors = "".join(f"<Error><Key>{key}</Key><Code>AccessDenied</Code></Error>" for key in keys)
        return fake.make_answer(200, f"<DeleteResult>{errors}</DeleteResult>".encode())

    fake.otherwise = refuse
    said: list[DeleteFailure] = []
    result = Deleter(s3=make_s3(), refused=said.append).delete_keys("bucket", [str(number) for number in range(1200)])
    assert (result.deleted, result.failures, len(result.failed), len(said)) == (0, 1200, 1000, 1200)


def test_progress_counts_what_is_gone(fake: Any, make_s3: Callable[..., S3]) -> None:
    """By objects."""
    said: list[str] = []
    clock = iter([0.0, 11.0])
    fake.always(body=refused("b"))
    progress = Progress("Deleting", said.append, unit="objects", clock=lambda: next(clock))
    Deleter(s3=make_s3(), progress=progress).delete_keys("bucket", ["a", "b", "c"])
    assert [line.partition(",")[0] for line in said] == ["Deleting: 2 objects"]


def test_the_terms_of_the_connection_go_along(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Requester pays, and the owner that the bucket must have: of one key, of a key alone, and of a batch."""
    s3 = make_s3(requester_pays=True, expected_bucket_owner="123456789012")
    fake.always(body=DONE)
    for keys in ("a", "\x01", ["a", ("b", "v")]):
        s3.delete_objects("bucket", keys)  # type: ignore[arg-type]
    for request in fake.requests:
        assert request.headers["x-amz-request-payer"] == "requester"
        assert request.headers["x-amz-expected-bucket-owner"] == "123456789012"
