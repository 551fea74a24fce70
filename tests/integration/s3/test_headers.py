# SPDX-License-Identifier: Apache-2.0
"""Headers that are hard to sign, against a server that checks signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.options import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

DISPOSITIONS = {
    "two spaces": 'attachment; filename="a  b.csv"',
    "Latin-1": 'attachment; filename="é.csv"',
    "other letters": 'attachment; filename="日本.csv"',
}


@pytest.mark.parametrize("what", DISPOSITIONS)
@pytest.mark.parametrize("size", [0, 17 * 1024 * 1024])
def test_a_name_for_the_download_is_signed_as_it_is_sent(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], what: str, size: int
) -> None:
    """In one request, and in parts."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", bytes(size), Write(content_disposition=DISPOSITIONS[what]))
    assert s3.head_object(bucket, "key").size == size


def test_metadata_may_hold_spaces(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> None:
    """Several in a row."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "key", b"", Write(metadata={"words": "a   b"}))
    assert s3.head_object(bucket, "key").metadata == {"words": "a   b"}
