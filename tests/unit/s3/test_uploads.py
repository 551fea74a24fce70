# SPDX-License-Identifier: Apache-2.0
"""Tests of open multipart uploads on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.uploads import abort_uploads, list_uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

DAY = timedelta(days=1)


def page(*uploads: tuple[str, str, timedelta], more: tuple[str, str] | None = None, encoded: bool = True) -> bytes:
    """A page of a listing: keys as they stand in XML, upload ids and ages."""
    items = "".join(
        f"<Upload><Key>{key}</Key><UploadId>{upload_id}</UploadId><StorageClass>GLACIER</StorageClass>"
        f"<Initiated>{(datetime.now(UTC) - age).isoformat()}</Initiated></Upload>"
        for key, upload_id, age in uploads
    )
    encoding = "<EncodingType>url</EncodingType>" if encoded else ""
    markers = (
        ""
        if not more
        else f"<NextKeyMarker>{more[0]}</NextKeyMarker><NextUploadIdMarker>{more[1]}</NextUploadIdMarker>"
    )
    truncated = f"<IsTruncated>{str(more is not None).lower()}</IsTruncated>"
    return f"<ListMultipartUploadsResult>{encoding}{truncated}{markers}{items}</ListMultipartUploadsResult>".encode()


def queries(fake: Any, method: str) -> list[dict[str, list[str]]]:
    """The parameters of the requests so far."""
    return [parse_qs(urlsplit(target).query, keep_blank_values=True) for used, target in fake.seen if used == method]


def test_pages_follow_each_other(fake: Any, make_s3: Callable[..., S3]) -> None:
    """By both markers, decoded and encoded again; a key is what it is, whatever XML can hold."""
    fake.then(body=page(("a%01+b%2B", "u1", DAY), more=("a%01+b%2B", "u1")))
    fake.then(body=page(("c", "u2", DAY)))
    found = list(list_uploads(make_s3(), None, "s3://bucket/"))
    assert [(upload.key, upload.upload_id, upload.storage_class) for upload in found] == [
        ("a\x01 b+", "u1", "GLACIER"),
        ("c", "u2", "GLACIER"),
    ]
    assert found[0].initiated.tzinfo is not None
    first, second = queries(fake, "GET")
    assert first["encoding-type"] == ["url"]
    assert (second["key-marker"], second["upload-id-marker"]) == (["a\x01 b+"], ["u1"])


def test_a_service_that_does_not_encode_is_understood(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Its keys are taken as they are."""
    fake.then(body=page(("a+b%2B", "u1", DAY), encoded=False))
    assert [upload.key for upload in list_uploads(make_s3(), "bucket", "a")] == ["a+b%2B"]
    assert queries(fake, "GET")[0]["prefix"] == ["a"]


def test_only_old_uploads_are_aborted(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A week is the least age unless another is asked for: others may be under way."""
    fake.then(body=page(("old/a b", "u1", 8 * DAY), ("young", "u2", 6 * DAY)))
    fake.always(204)
    result = abort_uploads(make_s3(), "bucket")
    assert (result.found, [upload.upload_id for upload in result.uploads], result.failed) == (2, ["u1"], ())
    assert [target for method, target in fake.seen if method == "DELETE"] == ["/bucket/old/a%20b?uploadId=u1"]


def test_a_dry_run_aborts_nothing(fake: Any, make_s3: Callable[..., S3]) -> None:
    """It names what it would."""
    fake.then(body=page(("a", "u1", 8 * DAY), ("b", "u2", 2 * DAY), ("c", "u3", 0 * DAY)))
    result = abort_uploads(make_s3(), "bucket", older_than=DAY, dry_run=True)
    assert [upload.key for upload in result.uploads] == ["a", "b"]
    assert (result.dry_run, result.found, len(fake.requests)) == (True, 3, 1)


def test_an_upload_that_was_completed_meanwhile_is_gone(fake: Any, make_s3: Callable[..., S3]) -> None:
    """That it is no longer open is what was wanted."""
    fake.then(body=page(("a", "u1", 8 * DAY)))
    fake.then_error(404, "NoSuchUpload")
    result = abort_uploads(make_s3(), "bucket")
    assert (len(result.uploads), result.failed) == (1, ())


def test_one_refusal_stops_no_other(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """Everything is tried, transient errors again; the refusals are told in S3's words."""
    fake.then(body=page(*((f"k{number}", f"u{number}", 8 * DAY) for number in range(3))))
    fake.then_error(503, "SlowDown")
    fake.then_error(403, "AccessDenied")
    fake.always(204)
    result = abort_uploads(make_s3(max_concurrency=1), "bucket")
    assert sleeps == [0.0]
    assert [upload.key for upload in result.uploads] == ["k1", "k2"]
    (failure,) = result.failed
    assert (failure.upload.key, failure.code, failure.message) == ("k0", "AccessDenied", "Sorry & so on")


def test_every_request_carries_the_terms_of_the_connection(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Requester pays, and the owner that the bucket must have."""
    fake.then(body=page(("a", "u1", 8 * DAY)))
    fake.always(204)
    abort_uploads(make_s3(requester_pays=True, expected_bucket_owner="123456789012"), "bucket")
    for request in fake.requests:
        assert request.headers["x-amz-request-payer"] == "requester"
        assert request.headers["x-amz-expected-bucket-owner"] == "123456789012"


def test_progress_counts_uploads(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Each one as it is dealt with."""
    told: list[int] = []
    progress: Any = SimpleNamespace(add=told.append)
    fake.then(body=page(("a", "u1", 8 * DAY), ("b", "u2", 8 * DAY)))
    fake.always(204)
    abort_uploads(make_s3(), "bucket", progress=progress)
    assert told == [1, 1]


def test_a_missing_bucket_is_an_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And not a bucket without uploads."""
    fake.then_error(404, "NoSuchBucket")
    with pytest.raises(S3RestNotFoundError, match="no bucket 'bucket'"):
        abort_uploads(make_s3(), "bucket")
