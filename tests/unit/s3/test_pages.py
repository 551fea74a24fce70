# SPDX-License-Identifier: Apache-2.0
"""Tests of the two ways to read a page: the fast one reads what the complete one does, or leaves it alone."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.pages import _read_any, _read_usual, read_page

CHECKSUM = "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
OWNER = "<Owner><ID>a</ID></Owner>"


def item(key: str = "a", etag: str = "&quot;e&quot;", more: str = "", last: str = "") -> str:
    """Describe an object as AWS does."""
    return (
        f"<Contents><Key>{key}</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>{etag}</ETag>{more}"
        f"<Size>5</Size><StorageClass>GLACIER</StorageClass>{last}</Contents>"
    )


def page(*items: str, encoding: str = "<EncodingType>url</EncodingType>", more: str = "") -> bytes:
    """Make a page."""
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    inside = f"{encoding}{''.join(items)}{more}"
    return f"""<?xml version="1.0"?><ListBucketResult xmlns="{space}">{inside}</ListBucketResult>""".encode()


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1), st.sampled_from(["", CHECKSUM])
)
def test_every_key_is_read_alike(keys: list[str], more: str) -> None:
    """Whatever its characters."""
    body = page(*(item(quote_plus(key), more=more) for key in keys))
    usual = _read_usual(body)
    assert usual
    assert usual == _read_any(body)
    assert [found.key for found in usual.items] == keys  # type: ignore[union-attr]


def test_what_follows_is_read_alike() -> None:
    """The place of the next page."""
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>a+/&amp;=</NextContinuationToken>"
    usual = _read_usual(page(item(), more=more))
    assert usual
    assert usual.following == {"ContinuationToken": "a+/&="}


@pytest.mark.parametrize(
    "body",
    [
        page(),
        page(item(), encoding=""),
        page(item(), item(last=OWNER)),
        page(item(etag="e")),
        page(item(etag="&quot;&amp;&quot;")),
        page(item(), "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"),
        page(item(), item().replace("<Size>5</Size>", "").replace("</Key>", "</Key><Size>7</Size>")),
    ],
    ids=["no object", "no encoding", "owner", "bare ETag", "escaped ETag", "common prefix", "another order"],
)
def test_what_is_unusual_is_read_completely(body: bytes) -> None:
    """Nothing of it is lost."""
    assert _read_usual(body) is None
    assert read_page(body) == _read_any(body)


def test_another_encoding_is_read_completely() -> None:
    """As the document declares it."""
    body = page(item("a%C3%A9")).replace(b'"1.0"', b'"1.0" encoding="latin-1"').replace(b"GLACIER", b"\xe9")
    found = read_page(body)
    assert found
    assert found.items[0].storage_class == "\xe9"  # type: ignore[union-attr]
