# SPDX-License-Identifier: Apache-2.0
"""Tests of the options of callers: what each becomes for S3, and what each refuses."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.options import ByteRange, CustomerKey, Read, Write
from airflow_provider_s3rest.s3.options.values import check_tags, quote_etag

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = bytes(range(32))
KEY_BASE64 = base64.b64encode(KEY).decode()
KEY_TERMS = {
    "SSECustomerAlgorithm": "AES256",
    "SSECustomerKey": KEY_BASE64,
    "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(KEY, usedforsecurity=False).digest()).decode(),
}


@pytest.mark.parametrize(
    ("name", "value", "terms"),
    [
        ("version_id", "v1", {"VersionId": "v1"}),
        ("byte_range", "0-99", {"Range": "bytes=0-99"}),
        ("byte_range", "bytes=5-5", {"Range": "bytes=5-5"}),
        ("byte_range", "100-", {"Range": "bytes=100-"}),
        ("byte_range", "-500", {"Range": "bytes=-500"}),
        ("if_match", "abc", {"IfMatch": '"abc"'}),
        ("if_match", '"abc"', {"IfMatch": '"abc"'}),
        ("if_match", "*", {"IfMatch": "*"}),
        ("if_none_match", 'W/"abc"', {"IfNoneMatch": 'W/"abc"'}),
        ("if_modified_since", NOON, {"IfModifiedSince": NOON}),
        ("if_modified_since", "2026-11-25T12:00:00Z", {"IfModifiedSince": NOON}),
        ("if_unmodified_since", "2026-11-25T14:00:00+02:00", {"IfUnmodifiedSince": NOON}),
        ("version_id", "", {}),
        ("byte_range", "", {}),
        ("if_modified_since", None, {}),
    ],
)
def test_a_read_option_becomes_a_term(name: str, value: Any, terms: dict[str, Any]) -> None:
    """Under S3's own name; what a template leaves empty is left out."""
    assert Read.parse({name: value}).terms() == terms  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"byte_range": "a-b"}, "byte_range: 'a-b' is no range of bytes; write it as 0-99, 100- or -500"),
        ({"byte_range": "5-4"}, "byte_range: '5-4' is no range"),
        ({"byte_range": "-"}, "byte_range: '-' is no range"),
        ({"byte_range": "-0"}, "byte_range: '-0' is no range"),
        ({"byte_range": "0-1,5-6"}, "byte_range: '0-1,5-6' is no range"),
        ({"byte_range": 5}, "byte_range: 5 is no range"),
        ({"if_modified_since": "noon"}, "if_modified_since: is no time; write it as 2026-11-25T12:00:00+00:00"),
        ({"if_modified_since": 5}, "if_modified_since: is no time"),
        ({"if_unmodified_since": "2026-11-25"}, "if_unmodified_since: lacks its time zone"),
        ({"etag": "x"}, "etag: is no option; there are version_id, byte_range, "),
    ],
)
def test_a_read_option_that_can_not_be(options: Any, message: str) -> None:
    """The error names it, its fault and the mend."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared below
        Read.parse(options)
    assert str(caught.value).startswith(message)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_survives_its_own_words(start: int, length: int) -> None:
    """What is written as HTTP has it is read as the same."""
    wanted = ByteRange(start=start, end=start + length + 1)
    assert ByteRange.parse(str(wanted)) == wanted
    assert ByteRange.parse(str(ByteRange(start=start))) == ByteRange(start=start)
    assert ByteRange.parse(str(ByteRange(start=-start - 1))) == ByteRange(start=-start - 1)


@pytest.mark.parametrize(("start", "size", "first"), [(5, 100, 5), (-5, 100, 95), (-500, 100, 0)])
def test_the_first_byte_of_a_range(start: int, size: int, first: int) -> None:
    """A range from the end begins where the object's size says."""
    assert ByteRange(start=start).first_byte(size) == first


def test_a_part_is_of_the_same_object() -> None:
    """Version, key and ETag go with it; the caller's own conditions held when it was opened."""
    read = Read.parse({"version_id": "v1", "if_none_match": "x", "if_modified_since": NOON}, KEY)
    part = read.of_part(ByteRange(start=1, end=2), "e1")
    assert part.terms() == {"VersionId": "v1", "Range": "bytes=1-1", "IfMatch": '"e1"', **KEY_TERMS}
    assert read.whole().terms() == {"VersionId": "v1", **KEY_TERMS}


def test_the_source_of_a_copy() -> None:
    """Its conditions and its key have names of their own; its version stands in the source."""
    conditions = {"if_match": "a", "if_none_match": "b", "if_modified_since": NOON, "if_unmodified_since": NOON}
    read = Read.parse({"version_id": "v1", **conditions}, KEY)  # type: ignore[typeddict-item]
    assert read.copy_source_terms() == {
        "CopySourceIfMatch": '"a"',
        "CopySourceIfNoneMatch": '"b"',
        "CopySourceIfModifiedSince": NOON,
        "CopySourceIfUnmodifiedSince": NOON,
        **{f"CopySource{name}": value for name, value in KEY_TERMS.items()},
    }


def test_only_a_key_of_ones_own_needs_the_complete_engine() -> None:
    """Every other read option every engine knows."""
    assert Read.parse({"version_id": "v", "if_match": "e", "byte_range": "0-1"}).is_plain
    assert not Read.parse({}, KEY).is_plain


@pytest.mark.parametrize("given", [KEY, KEY_BASE64])
def test_a_customer_key(given: Any) -> None:
    """Its bytes or their Base64; it is never shown."""
    key = CustomerKey.parse(given)
    assert key is not None
    assert key.terms() == KEY_TERMS
    assert KEY_BASE64 not in repr(key)
    assert KEY_BASE64 not in repr(Read(customer_key=key))
    assert KEY_BASE64 not in repr(Write(customer_key=key))


@pytest.mark.parametrize(
    "given", ["", b"", "short", b"x" * 31, "x" * 32, KEY_BASE64[:-1], "é" * 32, KEY_BASE64.encode()]
)
def test_a_bad_customer_key(given: Any) -> None:
    """It is refused without being repeated: an empty one too, which would leave the object unencrypted."""
    with pytest.raises(ValueError, match=r"^sse_customer_key: must be 32 bytes, or a text") as caught:
        Write.parse({}, given)
    assert not given or str(given) not in str(caught.value)


def test_no_customer_key() -> None:
    """It is optional."""
    assert Write.parse({}).customer_key is None


@pytest.mark.parametrize(
    ("name", "value", "terms"),
    [
        ("content_type", "text/csv", {"ContentType": "text/csv"}),
        ("content_encoding", "gzip", {"ContentEncoding": "gzip"}),
        ("content_language", "en", {"ContentLanguage": "en"}),
        ("content_disposition", "attachment", {"ContentDisposition": "attachment"}),
        ("cache_control", "no-store", {"CacheControl": "no-store"}),
        ("expires", "2026-11-25T12:00:00Z", {"Expires": NOON}),
        ("metadata", {"X-Amz-Meta-Owner": "me", "b": ""}, {"Metadata": {"owner": "me", "b": ""}}),
        ("metadata", {}, {}),
        ("tags", {"a b": "c&d", "é": ""}, {"Tagging": "a+b=c%26d&%C3%A9="}),
        ("tags", {}, {}),
        ("storage_class", "STANDARD_IA", {"StorageClass": "STANDARD_IA"}),
        ("acl", "bucket-owner-full-control", {"ACL": "bucket-owner-full-control"}),
        ("server_side_encryption", "AES256", {"ServerSideEncryption": "AES256"}),
        ("server_side_encryption", "aws:kms:dsse", {"ServerSideEncryption": "aws:kms:dsse"}),
        ("kms_key_id", "k", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"}),
        ("bucket_key_enabled", True, {"BucketKeyEnabled": True}),
        ("bucket_key_enabled", "False", {"BucketKeyEnabled": False}),
        ("checksum_algorithm", "SHA256", {"ChecksumAlgorithm": "SHA256"}),
        ("part_bytes", str(8 * 1024**2), {}),
        ("if_match", "abc", {"IfMatch": '"abc"'}),
        ("if_none_match", "*", {"IfNoneMatch": "*"}),
        ("if_none_match", "", {}),
    ],
)
def test_a_write_option_becomes_a_term(name: str, value: Any, terms: dict[str, Any]) -> None:
    """Under S3's own name, whatever form a template gives it."""
    assert Write.parse({name: value}).terms() == terms  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": "red"}, "colour: is no option; there are content_type, "),
        ({"expires": "soon"}, "expires: is no time"),
        ({"metadata": "a=b"}, "metadata: must be a dictionary of names and texts"),
        ({"metadata": 5}, "metadata: must be a dictionary of names and texts"),
        ({"metadata": {"a": 1}}, "metadata: its names and values must be texts"),
        ({"metadata": {"a": "1", "A": "2"}}, "metadata: two of its names are one to S3"),
        ({"metadata": {"a": "1", "x-amz-meta-a": "2"}}, "metadata: two of its names are one to S3"),
        ({"metadata": {"a b": "1"}}, "metadata: 'a b' can't be the name of a header"),
        ({"metadata": {"x-amz-meta-": "1"}}, "metadata: '' can't be the name of a header"),
        ({"metadata": {"a": "é"}}, "metadata: the value of 'a' holds a character that no header can hold"),
        ({"metadata": {"a": "b\r\nx-amz-acl: public-read"}}, "metadata: the value of 'a' holds a character"),
        ({"metadata": {"a": "x" * 2048}}, "metadata: is longer than 2048 bytes in all"),
        ({"tags": {str(number): "" for number in range(11)}}, "tags: there are 11, and S3 takes at most 10"),
        ({"tags": {"": "x"}}, "tags: '' must be 1 to 128 characters"),
        ({"tags": {"x" * 129: ""}}, f"tags: '{'x' * 128}' must be 1 to 128 characters"),
        ({"tags": {"a": "x" * 257}}, "tags: 'a' must be 1 to 128 characters, and its value at most 256"),
        ({"tags": ["a"]}, "tags: must be a dictionary of names and texts"),
        ({"server_side_encryption": "aes"}, "server_side_encryption: 'aes' is none of AES256, aws:kms, aws:kms:dsse"),
        ({"bucket_key_enabled": "yes"}, "bucket_key_enabled: must be true or false, not 'yes'"),
        ({"checksum_algorithm": "MD5"}, "checksum_algorithm: 'MD5' is none of CRC32, SHA1, SHA256, "),
        ({"part_bytes": 5 * 1024**2 - 1}, "part_bytes: must be 5242880 (5 MiB) to 2147483648 (2 GiB), not 5242879"),
        ({"part_bytes": 2 * 1024**3 + 1}, "part_bytes: must be 5242880"),
        ({"part_bytes": "8 MiB"}, "part_bytes: must be 5242880 (5 MiB) to 2147483648 (2 GiB), not '8 MiB'"),
        ({"part_bytes": 0}, "part_bytes: must be 5242880"),
        ({"part_bytes": 8.5e6}, "part_bytes: must be 5242880"),
        ({"if_none_match": "abc"}, "if_none_match: must be '*', which means: write only if no object is there"),
        ({"if_none_match": "*", "if_match": "a"}, "if_match: can't go together with if_none_match"),
        (
            {"kms_key_id": "k", "server_side_encryption": "AES256"},
            "kms_key_id: needs server_side_encryption aws:kms or aws:kms:dsse, not AES256",
        ),
    ],
)
def test_a_write_option_that_can_not_be(options: Any, message: str) -> None:
    """The error names it, its fault and the mend."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared below
        Write.parse(options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("options", [{"server_side_encryption": "AES256"}, {"kms_key_id": "k"}])
def test_one_encryption_at_a_time(options: Any) -> None:
    """A key of one's own excludes those of AWS."""
    with pytest.raises(ValueError, match=r"^sse_customer_key: can't go together with"):
        Write.parse(options, KEY)
    assert Write.parse({}, KEY).terms() == KEY_TERMS


@pytest.mark.parametrize("installed", [True, False])
def test_checksums_that_need_a_library(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:  # noqa: FBT001
    """Botocore makes these by awscrt only, which it does not bring."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object() if installed else None)
    if installed:
        assert Write.parse({"checksum_algorithm": "CRC32C"}).terms() == {"ChecksumAlgorithm": "CRC32C"}
    else:
        with pytest.raises(ValueError, match=r"^checksum_algorithm: CRC32C needs awscrt; install boto3\[crt\]"):
            Write.parse({"checksum_algorithm": "CRC32C"})


@pytest.mark.parametrize(
    "options",
    [{}, {"content_type": "a/b"}, {"content_encoding": "x", "cache_control": "y"}, {"metadata": {"owner": "me"}}],
)
def test_what_every_engine_can_write(options: Any) -> None:
    """A description of the content, and metadata."""
    assert Write.parse(options).is_plain


@pytest.mark.parametrize(
    "options",
    [
        {"metadata": {"content-type": "x"}},
        {"metadata": {"Storage_Class": "x"}},
        {"tags": {"a": "b"}},
        {"acl": "private"},
        {"expires": NOON},
        {"bucket_key_enabled": False},
        {"part_bytes": 8 * 1024**2},
        {"if_none_match": "*"},
        {"storage_class": "GLACIER"},
        {"server_side_encryption": "AES256"},
    ],
)
def test_what_only_one_engine_can_write(options: Any) -> None:
    """Everything else, said or unsaid, and metadata that obstore would take for the description itself."""
    assert not Write.parse(options).is_plain


def test_tags_of_a_bucket_may_be_more() -> None:
    """The limit is the caller's: 50 on a bucket."""
    assert len(check_tags({str(number): "" for number in range(50)}, most=50)) == 50


@pytest.mark.parametrize(("etag", "quoted"), [("a", '"a"'), ('"a"', '"a"'), ("*", "*"), ("", None), (None, None)])
def test_etags_get_their_quotes(etag: str | None, quoted: str | None) -> None:
    """Unless they have them."""
    assert quote_etag(etag) == quoted


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5))
def test_metadata_is_sent_as_it_is_or_refused(metadata: dict[str, str]) -> None:
    """No header is ever broken, and no value altered."""
    try:
        terms = Write.parse({"metadata": metadata}).terms()
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "metadata: "
        sent = terms.get("Metadata", {})
        assert sorted(sent.values()) == sorted(metadata.values())
        assert all(name.isascii() and value.isascii() and "\n" not in value for name, value in sent.items())
    assert refusal.startswith("metadata: ")
