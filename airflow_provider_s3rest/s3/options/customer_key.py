# SPDX-License-Identifier: Apache-2.0
"""A key of the caller's own, which S3 encrypts an object by."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Self

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
