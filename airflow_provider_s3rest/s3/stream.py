# SPDX-License-Identifier: Apache-2.0
"""Reading an object: in memory, chunk by chunk, or into a file that is verified before it appears."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.etags import WHOLE, EtagDigest, parts_of
from airflow_provider_s3rest.s3.files import opened_directory, replacing
from airflow_provider_s3rest.s3.options import ByteRange
from airflow_provider_s3rest.s3.pool import in_order
from airflow_provider_s3rest.s3.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from io import BufferedRandom
    from types import TracebackType
    from typing import Self

    from _typeshed import WriteableBuffer

    from airflow_provider_s3rest.s3.engine import OpenObject
    from airflow_provider_s3rest.s3.etags import Encoding
    from airflow_provider_s3rest.s3.options import Read
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.retry import RetryPolicy

RANGE_BYTES = 16 * 1024 * 1024
"""Objects above this size are saved in concurrent ranges of it."""

_BLOCK_BYTES = 1024 * 1024
# Ranges of larger parts would be too few.
_MAX_PART_BYTES = 64 * 1024 * 1024


class ObjectStream:
    """An object that has been opened: its description at once, its bytes as they are asked for.

    Its bytes can be had once, in one of three ways: :meth:`read`, iteration, or :meth:`save`. A connection that breaks
    on the way is taken up again at the same byte, if the object is still the same.

    :param open_object: opens it, or a range of its bytes; asked again for each range that is fetched beside others.
    :param read: the options to open it with.
    :param workers: how many ranges may be fetched at once.
    :param encoding_of: asked for what the ETag was made of, when its form alone does not prove the bytes; it is given
        the number of a part, or ``WHOLE``.
    """

    def __init__(
        self,
        open_object: Callable[[Read], OpenObject],
        policy: RetryPolicy,
        *,
        read: Read,
        workers: int,
        encoding_of: Callable[[int], Encoding],
    ) -> None:
        self._open = open_object
        self._opened = opened = open_object(read)
        self._policy = policy
        self._workers = workers
        self._read = read
        told = opened.encoding
        self._verification = Verification(
            opened.head, lambda number: told() if told and number == WHOLE else encoding_of(number), workers
        )
        self._taken = False
        self.head = opened.head
        self.bucket_name = opened.head.bucket_name
        self.key = opened.head.key
        self.size = opened.end - opened.start
        self.etag = opened.head.etag
        self.last_modified = opened.head.last_modified
        self.content_type = opened.head.content_type
        self.version_id = opened.head.version_id
        self.metadata = opened.head.metadata

    def __repr__(self) -> str:
        return f"<ObjectStream {self.bucket_name!r} {self.key!r}, {self.size} bytes>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back; what has not been read is lost."""
        self._taken = True
        self._opened.close()

    def __iter__(self) -> Iterator[bytes]:
        """Hand out the bytes in chunks of about 256 KiB.

        :raises S3RestPreconditionError: the object was replaced while a broken connection was being taken up again.
        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        self._take()
        # Parts of unknown sizes would cost a request, and a hash of the whole proves nothing of them.
        digest = EtagDigest() if self._is_whole and parts_of(self.etag) == 0 else None
        try:
            for chunk in self._range(self._opened.start, self._opened.end, self._opened):
                if digest:
                    digest.update(chunk)
                yield chunk
        finally:
            self._opened.close()
        if digest:
            self._verification.end(digest)

    def read(self) -> bytes:
        """Return all bytes."""
        return b"".join(self)

    def file(self) -> io.BufferedReader:
        """Return a binary file of the bytes, for whatever reads one: ``csv``, ``json``, ``gzip``, ``pandas``."""
        return io.BufferedReader(_ChunkReader(iter(self)), CHUNK_BYTES)

    def save(self, path: str | os.PathLike[str], progress: Progress | None = None) -> Path:
        """Write the bytes to a file: under a temporary name beside it, verified, then renamed.

        The length is checked, and the MD5s that the ETag is made of, or the CRC-32s of its parts where S3 has them. A
        failure leaves no file, and an older file of that name as it was.

        :param path: the file to create or replace; its directory must exist. Only the owner may read the new file.
        :param progress: is told of the bytes that have arrived.
        :returns: the path of the file.
        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        target = Path(path)
        with opened_directory(target.parent) as directory, replacing(target.name, directory) as file:
            self.write_to(file, progress)
        return target

    def write_to(self, file: BufferedRandom, progress: Progress | None = None) -> None:
        """Write the bytes to an empty file on disk, and verify them as :meth:`save` does.

        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        self._take()
        try:
            digest = self._verification.begin(by_checksum=self.size > RANGE_BYTES) if self._is_whole else None
            self._fill(file, digest, progress)
            size = os.fstat(file.fileno()).st_size
            if size != self.size:
                raise S3RestIntegrityError(f"{size} bytes of {self.key!r} were written where {self.size} were expected")
            if digest:
                self._verification.end(digest, file)
        finally:
            self._opened.close()

    def pour(self, write: Callable[[bytes], object], progress: Progress | None = None) -> None:
        """Hand the bytes to a function in their order, and verify them at the end as :meth:`save` does.

        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        with contextlib.closing(self.verified()) as chunks:
            for chunk in chunks:
                write(chunk)
                if progress:
                    progress.add(len(chunk))

    def verified(self) -> Generator[bytes]:
        """Hand out the bytes as iteration does, and verify them at the end as :meth:`save` does.

        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        self._take()
        try:
            digest = self._verification.begin() if self._is_whole else None
            for chunk in self._range(self._opened.start, self._opened.end, self._opened):
                if digest:
                    digest.update(chunk)
                yield chunk
            if digest:
                self._verification.end(digest)
        finally:
            self._opened.close()

    def _take(self) -> None:
        if self._taken:
            raise ValueError(f"The stream of {self.key!r} has been read already, or closed; open the object again")
        self._taken = True

    def _fill(self, file: BufferedRandom, digest: EtagDigest | None, progress: Progress | None) -> None:
        """Write all bytes, and give them to the digest: each range of whole parts while it arrives, on its thread."""
        origin = self._opened.start
        part = digest.part_bytes if digest else None
        if part and part > _MAX_PART_BYTES:
            part = None
        step = part * max(1, RANGE_BYTES // part) if part else RANGE_BYTES

        def fetch(start: int) -> EtagDigest | None:
            own = digest.another() if digest and part else None
            self._fetch(file, start, min(start + step, self._opened.end), own, progress)
            return own

        starts = range(origin, self._opened.end, step)
        ranges = map(fetch, starts) if len(starts) == 1 else in_order(fetch, starts, self._workers)
        for own in ranges:
            if digest and own:
                digest.extend(own)
            elif digest:
                # A hash of the whole takes the bytes in their order; the next ranges arrive meanwhile.
                _update(digest, file, step)

    def _fetch(
        self, file: BufferedRandom, start: int, end: int, digest: EtagDigest | None, progress: Progress | None
    ) -> None:
        origin = self._opened.start
        # Its own: an interrupt leaves threads behind, and the file's number may then be that of another file.
        descriptor = os.dup(file.fileno())
        # The first range comes out of the answer that is open already.
        chunks = self._range(start, end, None if start > origin else self._opened)
        try:
            for chunk in chunks:
                _write_at(descriptor, chunk, start - origin)
                start += len(chunk)
                if digest:
                    digest.update(chunk)
                if progress:
                    progress.add(len(chunk))
        finally:
            chunks.close()
            os.close(descriptor)

    @property
    def _is_whole(self) -> bool:
        return self.size == self.head.size

    def _range(self, start: int, end: int, opened: OpenObject | None) -> Generator[bytes]:
        """Hand out the bytes from ``start`` up to but without ``end``, over as many connections as it takes."""
        attempts = self._policy.attempts()
        offset = start
        while offset < end:
            opened = opened or self._reopen(offset, end)
            fault = FaultError("The body ended early")
            try:
                for chunk in opened.body:
                    piece = chunk[: end - offset]
                    offset += len(piece)
                    # Whoever gets on keeps all of the retries.
                    attempts = self._policy.attempts()
                    yield piece
                    if offset >= end:
                        return
            except FaultError as error:
                fault = error
            finally:
                opened.close()
            opened = None
            if not attempts.wait():
                raise fault.public("GetObject", self.bucket_name, self.key)

    def _reopen(self, start: int, end: int) -> OpenObject:
        part = self._read.of_part(ByteRange(start=start, end=end), self.etag)
        opened = self._open(part)
        if (opened.head.etag, opened.head.size) != (self.etag, self.head.size):
            opened.close()
            raise S3RestIntegrityError(f"Object {self.key!r} was replaced while it was being read")
        return opened


def _update(digest: EtagDigest, file: BufferedRandom, size: int) -> None:
    """Read a file on, and give so many of its bytes to a digest, or all that are left."""
    while size and (block := file.read(min(_BLOCK_BYTES, size))):
        digest.update(block)
        size -= len(block)


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    pending = memoryview(data)
    while pending:
        written = os.pwrite(descriptor, pending, offset)
        pending = pending[written:]
        offset += written


class _ChunkReader(io.RawIOBase):
    """A stream of chunks as an unbuffered file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Copy the next bytes into a buffer."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        target = memoryview(buffer)
        piece = self._rest[: len(target)]
        target[: len(piece)] = piece
        self._rest = self._rest[len(piece) :]
        return len(piece)
