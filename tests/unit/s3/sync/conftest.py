# SPDX-License-Identifier: Apache-2.0
"""Streams of objects that come from no server."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.engine import OpenObject
from airflow_provider_s3rest.s3.etags import Encoding
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.results import ObjectHead
from airflow_provider_s3rest.s3.retry import RetryPolicy
from airflow_provider_s3rest.s3.stream import ObjectStream

if TYPE_CHECKING:
    from collections.abc import Callable

WRITTEN = dt.datetime(2026, 11, 24, 1, 2, 3, tzinfo=dt.UTC)


@pytest.fixture
def stream_of() -> Callable[..., ObjectStream]:
    """Make the stream of an object with these bytes; ``size`` is what it is said to have."""

    def make(body: bytes, size: int | None = None, etag: str = "e-1") -> ObjectStream:
        length = len(body) if size is None else size
        head = ObjectHead(
            bucket_name="bucket",
            key="key",
            size=length,
            etag=etag,
            last_modified=WRITTEN,
            content_type=None,
            version_id=None,
            region_name="us-east-1",
        )
        body_of = iter([body] if body else [])
        opened = OpenObject(head=head, body=body_of, close=lambda: None, start=0, end=length)
        return ObjectStream(
            lambda _: opened,
            RetryPolicy(delays_seconds=()),
            read=Read(),
            workers=1,
            encoding_of=lambda *_: Encoding(is_md5=True, part_bytes=length),
        )

    return make
