# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs and forms, used by a client without credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.s3.presigning import FormTerms, UrlTerms, presign, presign_post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.presigning import PresignedUrl

KEYS = ["/a", "a/", "//", "a//b", "a+b c", "a%2Fb", "%", "é/日本", "?a=b&c#d", ".", "..", "a/../b/./c", "a\tb"]
# SeaweedFS checks the signature, but knows only the keys of a file system.
CASES = [*(("moto", key) for key in KEYS), *(("seaweedfs", key) for key in ("a+b c", "a%2Fb", "é/日本", "?a=b&c#d"))]


@pytest.fixture(scope="module")
def anybody() -> Iterator[httpx.Client]:
    """A client that knows nothing but what it is given."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def use(anybody: httpx.Client) -> Callable[..., httpx.Response]:
    """Use a URL as it is to be used."""

    def use(made: PresignedUrl, **arguments: Any) -> httpx.Response:
        return anybody.request(made.method, made.url, headers=dict(made.headers), **arguments)

    return use


@pytest.mark.parametrize(("server", "key"), CASES)
def test_any_key_goes_there_and_comes_back(
    open_s3: Callable[[str], S3],
    make_bucket: Callable[[S3], str],
    use: Callable[..., httpx.Response],
    server: str,
    key: str,
) -> None:
    """Written, asked about, read and deleted by four URLs, under the key that was meant."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    put = UrlTerms.parse("PUT", 60, {"content_type": "text/csv", "metadata": {"a": "b"}})
    assert use(presign(s3, bucket, key, put), content=b"data").status_code == 200
    assert [item.key for item in s3.query_objects(bucket)] == [key]
    head = use(presign(s3, bucket, key, UrlTerms.parse("HEAD", 60)))
    assert (head.headers["content-type"], head.headers["x-amz-meta-a"]) == ("text/csv", "b")
    got = use(presign(s3, bucket, key, UrlTerms.parse("GET", 60, {"response_content_type": "text/plain"})))
    assert (got.content, got.headers["content-type"].partition(";")[0]) == (b"data", "text/plain")
    assert use(presign(s3, bucket, key, UrlTerms.parse("DELETE", 60))).status_code == 204
    with pytest.raises(S3RestNotFoundError):
        s3.head_object(bucket, key)


def test_an_expired_url_is_refused(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], use: Callable[..., httpx.Response]
) -> None:
    """This one was signed a minute ago, for half of it; its brother of the same minute lives."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", b"data")
    then = datetime.now(UTC) - timedelta(minutes=1)
    assert use(presign(s3, bucket, "key", UrlTerms.parse("GET", 30), then)).status_code == 403
    assert use(presign(s3, bucket, "key", UrlTerms.parse("GET", 90), then)).content == b"data"


def test_an_altered_url_is_refused(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], anybody: httpx.Client
) -> None:
    """Another key, another lifetime, another method, a header left out: none of them was signed."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", b"data")
    s3.upsert_object(bucket, "kay", b"data")
    url = presign(s3, bucket, "key", UrlTerms.parse("GET", 60)).url
    assert anybody.get(url).status_code == 200
    assert anybody.get(url.replace("/key?", "/kay?")).status_code == 403
    assert anybody.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")).status_code == 403
    assert anybody.delete(url).status_code == 403
    put = presign(s3, bucket, "key", UrlTerms.parse("PUT", 60, {"content_type": "text/csv"}))
    assert anybody.put(put.url, content=b"", headers={"Content-Type": "text/html"}).status_code == 403


def test_a_form_is_taken(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], anybody: httpx.Client) -> None:
    """With the name of the file where it was left open, and what the form says of the object."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    terms = FormTerms.parse(60, {"content_type": "text/*"}, max_bytes=10, fields={"success_action_status": "201"})
    made = presign_post(s3, bucket, "in/${filename}", terms)

    def post(data: bytes, **fields: str) -> int:
        form = {**made.fields, "Content-Type": "text/csv", **fields}
        return anybody.post(made.url, data=form, files={"file": ("a.csv", data)}).status_code

    assert post(b"data") == 201
    assert s3.head_object(bucket, "in/a.csv").content_type == "text/csv"
    assert post(b"more than ten") in {400, 403}
    assert post(b"data", **{"Content-Type": "image/png"}) == 403
    assert post(b"data", key="out/a.csv") == 403
    assert [item.key for item in s3.query_objects(bucket)] == ["in/a.csv"]


def test_an_expired_form_is_refused(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], anybody: httpx.Client
) -> None:
    """By the date in its policy."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    then = datetime.now(UTC) - timedelta(minutes=1)
    made = presign_post(s3, bucket, "key", FormTerms.parse(30), then)
    assert anybody.post(made.url, data=dict(made.fields), files={"file": b"data"}).status_code == 403
