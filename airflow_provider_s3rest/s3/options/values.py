# SPDX-License-Identifier: Apache-2.0
"""Values that options share, each read from whatever form callers and templates give it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.values import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.options.customer_key import CustomerKey

MAX_TAGS = 10

_MAX_TAG_NAME, _MAX_TAG_VALUE = 128, 256


def read_customer_key(value: str | bytes | None) -> CustomerKey | None:
    """Read the key of one's own that was given, if any; see :meth:`CustomerKey.parse`."""
    if value is None:
        return None
    from airflow_provider_s3rest.s3.options.customer_key import CustomerKey

    return CustomerKey.parse(value)


def quote_etag(etag: str | None) -> str | None:
    """Put an ETag into the quotes of HTTP, unless it has them; ``*`` and weak ones stay as they are."""
    if not etag or etag == "*" or etag.endswith('"'):
        return etag or None
    return f'"{etag}"'


def check_tags(tags: Mapping[str, str], *, most: int = MAX_TAGS) -> dict[str, str]:
    """Return tags that S3 takes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html

    :param most: how many there may be: 10 on an object, 50 on a bucket.
    :raises ValueError: there are too many, or one is too long.
    """
    checked = texts(tags, "tags")
    if len(checked) > most:
        raise ValueError(f"tags: there are {len(checked)}, and S3 takes at most {most}")
    for name, value in checked.items():
        if not 1 <= len(name) <= _MAX_TAG_NAME or len(value) > _MAX_TAG_VALUE:
            raise ValueError(
                f"tags: {name[:_MAX_TAG_NAME]!r} must be 1 to {_MAX_TAG_NAME} characters, and its value at most "
                f"{_MAX_TAG_VALUE}"
            )
    return checked
