# SPDX-License-Identifier: Apache-2.0
"""Tests of names, keys and URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.keys import (
    check_bucket_name,
    check_key,
    fits_xml,
    locate,
    locate_prefix,
    parse_s3_url,
    sends_verbatim,
)

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(KEYS)
def test_every_key_survives_its_url(key: str) -> None:
    """Whatever follows the bucket in a URL is the key, undecoded."""
    assert parse_s3_url(f"s3://bucket/{key}") == ("bucket", key)


@pytest.mark.parametrize("key", ["?a", "a#b", "a%20b", "/a", "a/", "//", "a//b", "..", "a b", "a\tb", "é"])
def test_awkward_keys_survive_a_url(key: str) -> None:
    """No character of a key means anything in an S3 URL."""
    assert parse_s3_url(f"s3://my-bucket/{key}").key == key


@pytest.mark.parametrize(
    "url",
    ["", "s3://", "s3://bucket", "s3://bucket/", "s3:///key", "S3://bucket/k", "https://bucket/key", "bucket/key"],
)
def test_other_urls_are_refused(url: str) -> None:
    """A URL without scheme, bucket or key is a ValueError."""
    with pytest.raises(ValueError, match=r"is not of the form|bucket_name|key: must be"):
        parse_s3_url(url)


@pytest.mark.parametrize("name", ["abc", "a.b-c", "UPPER_case", "x" * 63, "123"])
def test_bucket_names_pass(name: str) -> None:
    """Names that exist somewhere are accepted."""
    assert check_bucket_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "ab", "x" * 64, "a/b", "s3://abc", "a b c", "-abc", "abc.", "a?bc", "a#bc", "äbc"]
)
def test_bad_bucket_names_are_refused(name: str) -> None:
    """What can't be a bucket is a ValueError that names the argument."""
    with pytest.raises(ValueError, match=r"^bucket_name: "):
        check_bucket_name(name)


@pytest.mark.parametrize("key", ["a", "x" * 1024, "é" * 512, "\x00", "\n"])
def test_keys_pass(key: str) -> None:
    """Up to 1,024 bytes of anything are a key."""
    assert check_key(key) == key


@pytest.mark.parametrize(
    ("key", "problem"), [("", "not 0"), ("x" * 1025, "not 1025"), ("é" * 513, "not 1026"), ("\ud800", "lone surrogate")]
)
def test_bad_keys_are_refused(key: str, problem: str) -> None:
    """What S3 can't hold is a ValueError that names the argument."""
    with pytest.raises(ValueError, match=rf"^keys: .*{problem}"):
        check_key(key, "keys")


@pytest.mark.parametrize(
    "key", ["a", "a/b", "a b", "a+b", "a%2Fb", "%", "...", "a..b", "~", "é", "\x85", "?x#y", "a\\b"]
)
def test_plain_keys_are_sent_verbatim(key: str) -> None:
    """Unicode, spaces and percent signs are no obstacle to obstore."""
    assert sends_verbatim(key)


@pytest.mark.parametrize(
    "key", ["/a", "a/", "/", "a//b", ".", "..", "a/./b", "../a", "a/..", "a\tb", "a\n", "\x00", "\x7f"]
)
def test_keys_that_obstore_alters_are_not(key: str) -> None:
    """Slashes at the ends, empty and dot segments, and control characters go to the other engine."""
    assert not sends_verbatim(key)


@pytest.mark.parametrize(
    ("key", "fits"),
    [("a\t\n", True), ("a\r", False), ("é\U0001f600", True), ("\x00", False), ("a\x1f", False), ("\uffff", False)],
)
def test_fits_xml(key: str, fits: bool) -> None:  # noqa: FBT001
    """XML 1.0 knows three control characters and no others, and one of these is often read as another."""
    assert fits_xml(key) is fits


def test_the_uri_of_an_asset_may_stand_for_a_key() -> None:
    """What is percent-encoded in it is decoded, in contrast to an S3 URL."""
    assert locate(None, "s3rest://bucket/a%20b%2F") == ("bucket", "a b/")
    assert locate_prefix(None, "s3rest://bucket/") == ("bucket", "")
    assert locate(None, "s3://bucket/s3rest://bucket/a") == ("bucket", "s3rest://bucket/a")


def test_the_uri_of_a_bucket_is_no_key() -> None:
    """Nor is one beside a bucket that is given too."""
    with pytest.raises(ValueError, match="key: must be 1 to 1024 bytes"):
        locate(None, "s3rest://bucket/")
    with pytest.raises(ValueError, match="key: is an s3rest:// URL, and bucket_name is given too"):
        locate("bucket", "s3rest://bucket/a")
