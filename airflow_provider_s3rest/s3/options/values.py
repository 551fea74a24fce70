# SPDX-License-Identifier: Apache-2.0
"""Values that options share, each read from whatever form callers and templates give it in."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from airflow_provider_s3rest.s3.values import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TAGS = 10

_MAX_TAG_NAME, _MAX_TAG_VALUE = 128, 256
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKey:
    """A key of the caller's own that S3 encrypts with and forgets (SSE-C).

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html

    :param base64: the 32 bytes in Base64. Secret.
    """

    base64: str = field(repr=False)

    @classmethod
    def parse(cls, value: str | bytes | None, argument: str = "sse_customer_key") -> Self | None:
        """Read a key: 32 bytes, or their Base64.

        :raises ValueError: it is neither.
        """
        # Empty is an error: an object would be written without the encryption that was meant.
        if value is None:
            return None
        try:
            key = base64.b64decode(value, validate=True) if isinstance(value, str) else value
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"{argument}: must be 32 bytes, or a text that is the Base64 of 32 bytes")
        return cls(base64=base64.b64encode(key).decode())

    def terms(self, prefix: str = "") -> dict[str, str]:
        """Return the terms of S3; ``prefix`` is ``CopySource`` for the key of a copy's source."""
        digest = hashlib.md5(base64.b64decode(self.base64), usedforsecurity=False).digest()
        name = f"{prefix}SSECustomer"
        return {
            f"{name}Algorithm": "AES256",
            f"{name}Key": self.base64,
            f"{name}KeyMD5": base64.b64encode(digest).decode(),
        }


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
