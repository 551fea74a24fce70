# SPDX-License-Identifier: Apache-2.0
"""Event streams, in which S3 Select answers."""

from __future__ import annotations

import struct
import zlib


def frame(payload: bytes, headers: dict[str, str]) -> bytes:
    """Make one message of an event stream.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
    """
    named = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(named) + len(payload), len(named))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + named + payload
    return message + struct.pack("!I", zlib.crc32(message))
