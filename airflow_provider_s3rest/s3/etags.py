# SPDX-License-Identifier: Apache-2.0
"""ETags as proof of content: the MD5 of an object, or the MD5 of its parts' MD5s and their number.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
import re
import sys
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, BinaryIO

_ETAG = r"([0-9a-f]{32})(?:-([0-9]{1,5}))?"
_NOT_MD5_ENCRYPTIONS = frozenset({"aws:kms", "aws:kms:dsse"})
_BLOCK_BYTES = 1024 * 1024


class Encoding(NamedTuple):
    """How the bytes of an object became its ETag.

    :param is_md5: whether it can be made of MD5s at all; encryption by a key makes it something else.
    :param part_bytes: the size of the part that was asked about; the whole where the service knows no parts.
    """

    is_md5: bool
    part_bytes: int


def read_encoding(answer: Mapping[str, Any]) -> Encoding:
    """Read the answer to a HeadObject for one part."""
    encryption = answer.get("ServerSideEncryption")
    is_md5 = encryption not in _NOT_MD5_ENCRYPTIONS and "SSECustomerAlgorithm" not in answer
    return Encoding(is_md5=is_md5, part_bytes=answer["ContentLength"])


def parts_of(etag: str | None) -> int | None:
    """Return how many parts an ETag says there were: 0 for an object written at once, None where it says nothing."""
    found = re.fullmatch(_ETAG, etag or "")
    return int(found[2] or 0) if found else None


def of_digests(digests: Iterable[str]) -> str:
    """Return the ETag of an object whose parts have these MD5s, each in hexadecimal."""
    parts = [bytes.fromhex(digest) for digest in digests]
    return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def of_file(file: BinaryIO, part_bytes: int | None = None) -> str:
    """Return the ETag that a file would have as an object.

    :param file: read from where it stands to its end.
    :param part_bytes: the size of its parts; None for an object written at once.
    """
    digest = EtagDigest(part_bytes)
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.etag()


class EtagDigest:
    """Makes the ETag of an object while its bytes go by.

    :param part_bytes: the size of its parts, or of each of them; None for an object written at once.
    """

    def __init__(self, part_bytes: int | Iterable[int] | None = None) -> None:
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

    def extend(self, other: EtagDigest) -> None:
        """Take the next bytes, which are whole parts, from whoever has taken them meanwhile."""
        self._digests += other._of_parts()

    def etag(self) -> str:
        """Return the ETag of all bytes so far."""
        return of_digests(self._of_parts()) if self._is_of_parts else self._digest.hexdigest()

    def _of_parts(self) -> list[str]:
        begun = [self._digest.hexdigest()] if self._left < self._size else []
        return self._digests + begun

    def _begin(self) -> None:
        self._digest = hashlib.md5(usedforsecurity=False)
        self._left = self._size = next(self._sizes)
