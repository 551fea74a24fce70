# SPDX-License-Identifier: Apache-2.0
"""Whether bytes that were received are those of the object: by its ETag, or by a checksum where that is cheaper."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.etags import WHOLE, Crc32, Encoding, EtagDigest, of_file, parts_of
from airflow_provider_s3rest.s3.pool import concurrently

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from airflow_provider_s3rest.s3.results import ObjectHead

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_IMPLEMENTED)


class Verification:
    """Verifies the bytes of one whole object.

    :param encoding_of: asked for what the ETag was made of; it is given the number of a part, or ``WHOLE``.
    :param workers: how many such questions may be asked at once.
    """

    def __init__(self, head: ObjectHead, encoding_of: Callable[[int], Encoding], workers: int) -> None:
        self._head = head
        self._encoding_of = encoding_of
        self._workers = workers
        self._sizes: int | list[int] | None = None
        self._checksum: str | None = None

    def begin(self, *, by_checksum: bool = False) -> EtagDigest | None:
        """Return what is to be given all bytes; None where they prove nothing.

        :param by_checksum: whether to ask for a checksum too, since an MD5 takes longer than the bytes on a fast
            network; then :meth:`end` needs the file.
        """
        size, count = self._head.size, parts_of(self._head.etag)
        if count is None or not size:
            return None
        if count == 0:
            return EtagDigest()
        questions = (1, WHOLE) if by_checksum else (1,)
        first, *whole = concurrently(self._ask, questions, self._workers)
        told = whole[0].checksum if whole else None
        self._checksum = told if told and told.endswith(f"-{count}") else None
        # Some services do not know the size of a part; then the lengths alone must do.
        if not (first.is_md5 or self._checksum) or (first.part_bytes == size and count > 1):
            return None
        self._sizes = first.part_bytes if -(-size // first.part_bytes) == count else self._part_sizes(count)
        if isinstance(self._sizes, list) and sum(self._sizes) != size:
            return None
        return EtagDigest(self._sizes, Crc32) if self._checksum else EtagDigest(self._sizes)

    def end(self, digest: EtagDigest, file: BinaryIO | None = None) -> None:
        """Compare what the bytes came to.

        :param digest: of :meth:`begin`; it has been given all of them.
        :param file: holds them.
        :raises S3RestIntegrityError: they are not the object's.
        """
        made = digest.etag()
        if made == (self._checksum or self._head.etag):
            return
        is_md5 = self._encoding_of(1).is_md5
        if is_md5 and self._checksum and file:
            # Not every service makes the checksum of parts as AWS does.
            file.seek(0)
            made = of_file(file, self._sizes)
        if made == self._head.etag or not (is_md5 or self._checksum) or self._is_of_other_parts(digest):
            return
        key, etag = self._head.key, self._head.etag
        if is_md5:
            raise S3RestIntegrityError(f"The bytes of {key!r} have MD5 {made}, but its ETag is {etag}")
        raise S3RestIntegrityError(f"The bytes of {key!r} have CRC-32 {made} instead of {self._checksum}")

    def _ask(self, part_number: int) -> Encoding:
        try:
            return self._encoding_of(part_number)
        except Exception as error:
            status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
            # Some services refuse to be asked for a checksum.
            if part_number != WHOLE or status not in _REFUSED:
                raise
        return Encoding(is_md5=False, part_bytes=0)

    def _is_of_other_parts(self, digest: EtagDigest) -> bool:
        """Whether the number of the parts fits the size of the first by chance: writers of streams make any parts."""
        if not digest.part_bytes:
            return False
        return len(set(self._part_sizes(parts_of(self._head.etag) or 0)[:-1])) > 1

    def _part_sizes(self, count: int) -> list[int]:
        return concurrently(lambda number: self._encoding_of(number).part_bytes, range(1, count + 1), self._workers)
