# SPDX-License-Identifier: Apache-2.0
"""Tests of presigned URLs and forms: what they say, what they are signed with, when they end."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.s3.presigning import FormTerms, UrlTerms, presign, presign_post
from airflow_provider_s3rest.s3.sigv4 import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
KEYS = ["a/b", "/a", "a//b", "a+b c", "a%2Fb", "é/日本", "?a=b&c#d", "~-._", "a;b:c,d=e@f!$'()*", "a\tb\n"]


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True))


def policy_of(fields: Any) -> dict[str, Any]:
    """The policy of a form."""
    decoded: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return decoded


def test_the_signature_is_that_of_the_documentation() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html has this example."""
    keys = Credentials(
        access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    signer = Signer(keys, "us-east-1", datetime(2013, 5, 24, tzinfo=UTC))
    url = signer.url(
        "GET", "https://examplebucket.s3.amazonaws.com", "/test.txt", lifetime_seconds=86400, query={}, headers={}
    )
    assert url == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
        "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
        "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("token", [None, "to/ken+="])
def test_the_signature_is_botocores(key: str, token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every kind of key, with parameters and headers."""
    keys = Credentials(access_key_id="AK", secret_access_key="SK", session_token=token)
    query = {"versionId": "v+1", "response-content-disposition": 'attachment; filename="a b.csv"'}
    headers = {"Content-Type": "text/plain;  charset=utf-8", "x-amz-meta-a": " b "}
    url = Signer(keys, "eu-west-1", NOW).url(
        "PUT", "http://127.0.0.1:9000", f"/bucket/{key}", lifetime_seconds=60, query=query, headers=headers
    )
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None))
    bare = url.partition("?")[0]
    request = AWSRequest("PUT", bare, headers=headers, params=dict(query))
    S3SigV4QueryAuth(BotocoreCredentials("AK", "SK", token), "s3", "eu-west-1", expires=60).add_auth(request)
    assert query_of(url) == query_of(request.url)
    assert unquote(bare) == f"http://127.0.0.1:9000/bucket/{key}"


@pytest.mark.parametrize(
    ("fields", "bucket", "start"),
    [
        ({"region_name": "eu-west-1"}, "bucket", "https://bucket.s3.eu-west-1.amazonaws.com//a?"),
        ({"region_name": "eu-west-1"}, "dotted.bucket", "https://s3.eu-west-1.amazonaws.com/dotted.bucket//a?"),
        (
            {"region_name": "eu-west-1", "addressing_style": "path"},
            "bucket",
            "https://s3.eu-west-1.amazonaws.com/bucket//a?",
        ),
        ({"region_name": "cn-north-1"}, "bucket", "https://bucket.s3.cn-north-1.amazonaws.com.cn//a?"),
        ({"endpoint_url": "https://s3.example.com:443"}, "bucket", "https://s3.example.com:443/bucket//a?"),
    ],
)
def test_the_url_is_the_buckets_own(
    make_s3: Callable[..., S3], fields: dict[str, str], bucket: str, start: str
) -> None:
    """Its region, its addressing style, its partition."""
    s3 = make_s3(**({"endpoint_url": None} | fields))
    assert presign(s3, bucket, "/a", UrlTerms.parse("GET", 60)).url.startswith(start)


def test_the_region_is_discovered(aws: Any, make_s3: Callable[..., S3]) -> None:
    """By the one request that any operation makes; a second URL needs none."""
    aws.then(x_amz_bucket_region="eu-central-1")
    s3 = make_s3(endpoint_url=None)
    for _ in range(2):
        made = presign(s3, None, "s3://bucket/key", UrlTerms.parse("GET", 60))
    assert made.region_name == "eu-central-1"
    assert "/eu-central-1/s3/" in query_of(made.url)["X-Amz-Credential"]
    assert [method for method, _ in aws.seen] == ["HEAD"]


def test_a_default_port_is_not_signed(make_s3: Callable[..., S3]) -> None:
    """No client names it in the header that is signed."""
    urls = [
        presign(make_s3(endpoint_url=url), "bucket", "key", UrlTerms.parse("GET", 60), NOW).url
        for url in ("https://s3.example.com", "https://s3.example.com:443")
    ]
    assert query_of(urls[0]) == query_of(urls[1])


def test_no_client_can_resolve_dots(make_s3: Callable[..., S3]) -> None:
    """Segments of dots are encoded; others stay readable."""
    url = presign(make_s3(), "bucket", "../a/./.b/..c", UrlTerms.parse("GET", 60)).url
    assert urlsplit(url).path == "/bucket/%2E%2E/a/%2E/.b/..c"


def test_terms_of_the_connection_stand_in_the_url(make_s3: Callable[..., S3]) -> None:
    """So that they bind whoever uses it, who need not send them."""
    made = presign(
        make_s3(requester_pays=True, expected_bucket_owner="123456789012"), "bucket", "k", UrlTerms.parse("GET", 60)
    )
    assert query_of(made.url)["x-amz-request-payer"] == "requester"
    assert query_of(made.url)["x-amz-expected-bucket-owner"] == "123456789012"
    assert made.headers == {}


def test_a_url_for_get_knows_the_version_and_the_answer(make_s3: Callable[..., S3]) -> None:
    """As parameters, under the names of S3."""
    terms = UrlTerms.parse(
        "GET", "60", {"version_id": "v1", "response_content_disposition": "attachment", "response_expires": ""}
    )
    query = query_of(presign(make_s3(), "bucket", "key", terms).url)
    assert query["versionId"] == "v1"
    assert query["response-content-disposition"] == "attachment"
    assert "response-expires" not in query


def test_a_url_for_put_tells_what_must_be_sent(make_s3: Callable[..., S3]) -> None:
    """Each option of writing as the header that it is, and all of them signed."""
    terms = UrlTerms.parse(
        "PUT",
        timedelta(minutes=1),
        {
            "content_type": "text/csv",
            "content_encoding": "gzip",
            "content_language": "en",
            "content_disposition": "inline",
            "cache_control": "no-store",
            "expires": datetime(2027, 1, 1, tzinfo=UTC),
            "metadata": {"x-amz-meta-A": "b"},
            "tags": {"a b": "c"},
            "storage_class": "STANDARD_IA",
            "acl": "private",
            "kms_key_id": "key",
            "bucket_key_enabled": True,
            "if_none_match": "*",
        },
    )
    made = presign(make_s3(), "bucket", "key", terms)
    assert made.headers == {
        "Content-Type": "text/csv",
        "Content-Encoding": "gzip",
        "Content-Language": "en",
        "Content-Disposition": "inline",
        "Cache-Control": "no-store",
        "Expires": "Fri, 01 Jan 2027 00:00:00 GMT",
        "x-amz-meta-a": "b",
        "x-amz-tagging": "a+b=c",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-acl": "private",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "key",
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
        "If-None-Match": "*",
    }
    signed = query_of(made.url)["X-Amz-SignedHeaders"].split(";")
    assert signed == sorted({"host", *(name.lower() for name in made.headers)})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a_key_of_ones_own_must_be_sent(make_s3: Callable[..., S3], method: str) -> None:
    """And never stands in the URL, or in what is printed."""
    made = presign(make_s3(), "bucket", "key", UrlTerms.parse(method, 60, sse_customer_key=b"k" * 32))
    key = base64.b64encode(b"k" * 32).decode()
    assert made.headers["x-amz-server-side-encryption-customer-key"] == key
    assert len(made.headers) == 3
    assert key not in unquote(made.url)
    assert key not in repr(made)


REFUSED = [
    (("POST", 60), "method: 'POST' is none of GET, HEAD, PUT, DELETE"),
    (("GET", 0), "expires_in: must be 1 second to 7 days, not 0:00:00"),
    (("GET", 0.5), "expires_in: must be 1 second"),
    (("GET", timedelta(days=7, seconds=1)), "expires_in: must be 1 second to 7 days, not 7 days, 0:00:01"),
    (("GET", "soon"), "expires_in: 'soon' is no duration; give a timedelta, or a number of seconds"),
    (("GET", -1), "expires_in: -1 is no duration"),
    (("GET", True), "expires_in: True is no duration"),
    (("GET", float("inf")), "expires_in: inf is no duration"),
    (("GET", 60, {"content_type": "a/b"}), "content_type: is no option; there are version_id, response_cache_control"),
    (("DELETE", 60, {"response_expires": "x"}), "response_expires: is no option; there are version_id"),
    (("DELETE", 60, {}, b"k" * 32), "sse_customer_key: a DELETE needs none"),
    (("PUT", 60, {"version_id": "v"}), "version_id: is no option"),
    (("PUT", 60, {"part_bytes": 5242880}), "part_bytes: is of no use for a presigned request"),
    (("PUT", 60, {"checksum_algorithm": "SHA256"}), "checksum_algorithm: is of no use"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_what_cannot_be_presigned_is_named(arguments: tuple[Any, ...], words: str) -> None:
    """The argument, its fault and the mend."""
    with pytest.raises(ValueError, match=words):
        UrlTerms.parse(*arguments)


def test_a_directory_bucket_is_refused(make_s3: Callable[..., S3]) -> None:
    """Its requests are signed by a session of its own."""
    with pytest.raises(ValueError, match="is a directory bucket"):
        presign(make_s3(), "bucket--use1-az4--x-s3", "key", UrlTerms.parse("GET", 60))


def test_a_url_ends_with_its_credentials(make_s3: Callable[..., S3], make_source: Any) -> None:
    """It says when, and that it is sooner than was asked for."""
    source = make_source()
    source.sets = [replace(source.sets[0], expires_at=NOW + timedelta(minutes=10))]
    s3 = make_s3(credentials=source)
    short = presign(s3, "bucket", "key", UrlTerms.parse("GET", 600), NOW)
    assert (short.expires_at, short.cut_short) == (NOW + timedelta(minutes=10), False)
    long = presign(s3, "bucket", "key", UrlTerms.parse("GET", 601), NOW)
    assert (long.expires_at, long.cut_short) == (NOW + timedelta(minutes=10), True)
    assert query_of(long.url)["X-Amz-Security-Token"] == "session-token-0"


def test_a_url_is_not_printed(make_s3: Callable[..., S3]) -> None:
    """The result shows what it is for; its secret is what makes the URL work."""
    made = presign(make_s3(), "bucket", "key", UrlTerms.parse("GET", 60))
    signature = query_of(made.url)["X-Amz-Signature"]
    assert signature not in repr(made)
    assert "session-token-0" not in repr(made)
    assert made.secrets() == [signature]


def test_a_form_allows_one_key(make_s3: Callable[..., S3]) -> None:
    """Every field is a condition too, exactly, or S3 refuses the form."""
    terms = FormTerms.parse(
        600,
        {"content_type": "text/csv", "metadata": {"a": "b"}, "acl": "private", "tags": {"a&b": "<c>"}},
        min_bytes=1,
        max_bytes=100,
        fields={"success_action_status": "201"},
    )
    made = presign_post(make_s3(), "bucket", "a/key", terms, NOW)
    policy = policy_of(made.fields)
    assert policy["expiration"] == "2026-11-25T01:12:03Z"
    assert {"bucket": "bucket"} in policy["conditions"]
    assert ["content-length-range", 1, 100] in policy["conditions"]
    exact = {name: value for part in policy["conditions"] if isinstance(part, dict) for name, value in part.items()}
    unsigned = {"policy", "x-amz-signature"}
    assert exact == {"bucket": "bucket", **{n: v for n, v in made.fields.items() if n not in unsigned}}
    assert made.fields["tagging"] == (
        "<Tagging><TagSet><Tag><Key>a&amp;b</Key><Value>&lt;c&gt;</Value></Tag></TagSet></Tagging>"
    )
    assert exact["acl"] == "private"
    assert exact["x-amz-security-token"] == "session-token-0"
    assert made.fields["x-amz-signature"] not in repr(made)
    assert made.secrets() == [made.fields["x-amz-signature"]]


def test_a_form_allows_any_name_below_a_prefix(make_s3: Callable[..., S3]) -> None:
    """And any content type of a kind; the form's user fills both in."""
    terms = FormTerms.parse(60, {"content_type": "image/*"}, max_bytes=100)
    made = presign_post(make_s3(requester_pays=True), "bucket", "in/${filename}", terms, NOW)
    conditions = policy_of(made.fields)["conditions"]
    assert ["starts-with", "$key", "in/"] in conditions
    assert ["starts-with", "$Content-Type", "image/"] in conditions
    assert ["content-length-range", 0, 100] in conditions
    assert {"x-amz-request-payer": "requester"} in conditions
    assert made.fields["key"] == "in/${filename}"
    assert "Content-Type" not in made.fields


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"endpoint_url": None, "region_name": "eu-west-1"}, "https://bucket.s3.eu-west-1.amazonaws.com/"),
        ({"endpoint_url": "https://s3.example.com"}, "https://s3.example.com/bucket"),
    ],
)
def test_a_form_goes_to_the_bucket(make_s3: Callable[..., S3], fields: dict[str, str], url: str) -> None:
    """In its own addressing style."""
    assert presign_post(make_s3(**fields), "bucket", "key", FormTerms.parse(60)).url == url


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"min_bytes": 2, "max_bytes": 1}, "min_bytes, max_bytes: must be 0 to 5368709120"),
        ({"max_bytes": 5368709121}, "min_bytes, max_bytes"),
        ({"options": {"if_none_match": "*"}}, "a form can't have a condition; presign a PUT"),
        ({"fields": {"a": 1}}, "fields: its names and values must be texts"),
        ({"expires_in": 0}, "expires_in"),
    ],
)
def test_what_a_form_cannot_say_is_named(arguments: dict[str, Any], words: str) -> None:
    """The argument, its fault and the mend."""
    with pytest.raises(ValueError, match=words):
        FormTerms.parse(**{"expires_in": 60, **arguments})


def test_a_form_cannot_expect_an_owner(make_s3: Callable[..., S3]) -> None:
    """What protects every other request would be lost unseen."""
    s3 = make_s3(expected_bucket_owner="123456789012")
    with pytest.raises(ValueError, match=r"expected_bucket_owner: .* presign a PUT instead"):
        presign_post(s3, "bucket", "key", FormTerms.parse(60))
