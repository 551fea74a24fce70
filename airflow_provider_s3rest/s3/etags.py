# SPDX-License-Identifier: Apache-2.0
"""ETags as proof of content: the MD5 of an object, or the MD5 of its parts' MD5s and their number.

A checksum of parts is made likewise, of CRC-32s, which take a sixth of the time.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zlib
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, BinaryIO, Protocol

    class Hash(Protocol):
        """What :mod:`hashlib` makes."""

        def update(self, data: bytes | memoryview, /) -> object:
            """Take the next bytes."""

        def hexdigest(self) -> str:
            """Return the hash of all bytes so far."""


_ETAG = r"([0-9a-f]{32})(?:-([0-9]{1,5}))?"
_NOT_MD5_ENCRYPTIONS = frozenset({"aws:kms", "aws:kms:dsse"})
_BLOCK_BYTES = 1024 * 1024

WHOLE = 0
"""Stands for the object where a part's number is asked for."""


class Encoding(NamedTuple):
    """How the bytes of an object became its ETag.

    :param is_md5: whether it can be made of MD5s at all; encryption by a key makes it something else.
    :param part_bytes: the size of the part that was asked about; the whole where the service knows no parts.
    :param checksum: the CRC-32 of the parts' CRC-32s in hexadecimal, and their number, where the service tells it.
    """

    is_md5: bool
    part_bytes: int
    checksum: str | None = None


def asking(part_number: int) -> dict[str, Any]:
    """Return the terms of a HeadObject that tells what an ETag was made of.

    :param part_number: the part that it is to tell of, or :data:`WHOLE`.
    """
    return {"ChecksumMode": "ENABLED"} if part_number == WHOLE else {"PartNumber": part_number}


def read_encoding(answer: Mapping[str, Any]) -> Encoding:
    """Read the answer to a HeadObject, for one part or for the whole."""
    encryption = answer.get("ServerSideEncryption")
    is_md5 = encryption not in _NOT_MD5_ENCRYPTIONS and "SSECustomerAlgorithm" not in answer
    value, _, count = answer.get("ChecksumCRC32", "").partition("-")
    checksum = f"{base64.b64decode(value).hex()}-{count}" if count else None
    return Encoding(is_md5=is_md5, part_bytes=answer["ContentLength"], checksum=checksum)


def parts_of(etag: str | None) -> int | None:
    """Return how many parts an ETag says there were: 0 for an object written at once, None where it says nothing."""
    found = re.fullmatch(_ETAG, etag or "")
    return int(found[2] or 0) if found else None


def of_digests(digests: Iterable[str]) -> str:
    """Return the ETag of an object whose parts have these MD5s, each in hexadecimal."""
    return _combined(digests, _md5)


def _combined(digests: Iterable[str], new: Callable[[], Hash]) -> str:
    parts = [bytes.fromhex(digest) for digest in digests]
    whole = new()
    whole.update(b"".join(parts))
    return f"{whole.hexdigest()}-{len(parts)}"


def of_file(file: BinaryIO, part_bytes: int | Iterable[int] | None = None) -> str:
    """Return the ETag that a file would have as an object.

    :param file: read from where it stands to its end.
    :param part_bytes: the size of its parts, or of each of them; None for an object written at once.
    """
    digest = EtagDigest(part_bytes)
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.etag()


class EtagDigest:
    """Makes the ETag of an object while its bytes go by, or a checksum of the same form.

    :param part_bytes: the size of its parts, or of each of them; None for an object written at once.
    :param new: makes what each part is hashed by.
    """

    def __init__(self, part_bytes: int | Iterable[int] | None = None, new: Callable[[], Hash] | None = None) -> None:
        self._new = new or _md5
        self.part_bytes = part_bytes if isinstance(part_bytes, int) else None
        """The size of the parts, where all have the same."""
        self._is_of_parts = part_bytes is not None
        self._sizes = chain(
            repeat(part_bytes) if isinstance(part_bytes, int) else part_bytes or (), repeat(sys.maxsize)
        )
        self._digests: list[str] = []
        self._begin()

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        pending = memoryview(data)
        while pending:
            piece = pending[: self._left]
            self._digest.update(piece)
            self._left -= len(piece)
            pending = pending[len(piece) :]
            if not self._left:
                self._digests.append(self._digest.hexdigest())
                self._begin()

    def another(self) -> EtagDigest:
        """Return one that takes whole parts for this one."""
        return EtagDigest(self.part_bytes, self._new)

    def extend(self, other: EtagDigest) -> None:
        """Take the next bytes, which are whole parts, from whoever has taken them meanwhile."""
        self._digests += other._of_parts()

    def etag(self) -> str:
        """Return the ETag of all bytes so far."""
        return _combined(self._of_parts(), self._new) if self._is_of_parts else self._digest.hexdigest()

    def _of_parts(self) -> list[str]:
        begun = [self._digest.hexdigest()] if self._left < self._size else []
        return self._digests + begun

    def _begin(self) -> None:
        self._digest = self._new()
        self._left = self._size = next(self._sizes)


class Crc32:
    """A CRC-32 in the manner of :mod:`hashlib`."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        """Return the CRC-32 of all bytes so far."""
        return f"{self._value:08x}"


def _md5() -> Hash:
    return hashlib.md5(usedforsecurity=False)
