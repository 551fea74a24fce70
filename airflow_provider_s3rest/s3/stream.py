# SPDX-License-Identifier: Apache-2.0
"""Reading an object: in memory, chunk by chunk, or into a file that is verified before it appears."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.pool import concurrently
from airflow_provider_s3rest.s3.results import MD5_ETAG

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from io import BufferedRandom
    from types import TracebackType
    from typing import Self

    from airflow_provider_s3rest.s3.engine import Engine, OpenObject
    from airflow_provider_s3rest.s3.retry import RetryPolicy

RANGE_BYTES = 16 * 1024 * 1024
"""Objects above this size are saved in concurrent ranges of it."""


class ObjectStream:
    """An object that has been opened: its description at once, its bytes as they are asked for.

    Its bytes can be had once, in one of three ways: :meth:`read`, iteration, or :meth:`save`. A connection that breaks
    on the way is taken up again at the same byte, if the object is still the same.

    :param workers: how many ranges may be fetched at once.
    :param etag_is_md5: asked only when an ETag that looks like an MD5 is not that of the bytes.
    """

    def __init__(
        self,
        engine: Engine,
        opened: OpenObject,
        policy: RetryPolicy,
        *,
        workers: int,
        etag_is_md5: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._opened = opened
        self._policy = policy
        self._workers = workers
        self._ask_etag_is_md5 = etag_is_md5
        self._taken = False
        self.head = opened.head
        self.bucket_name = opened.head.bucket_name
        self.key = opened.head.key
        self.size = opened.head.size
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
        try:
            yield from self._range(0, self.size, self._opened)
        finally:
            self._opened.close()

    def read(self) -> bytes:
        """Return all bytes."""
        return b"".join(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the bytes to a file: under a temporary name beside it, verified, then renamed.

        Length and ETag are checked, and the MD5 where the ETag is one. A failure leaves no file, and an older file of
        that name as it was.

        :param path: the file to create or replace; its directory must exist. Only the owner may read the new file.
        :returns: the path of the file.
        :raises S3RestIntegrityError: the bytes that came are not the object's.
        """
        self._take()
        target = Path(path)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".s3rest-", suffix=".part")
        try:
            with os.fdopen(descriptor, "w+b") as file:
                self._fill(file)
                self._verify(file)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink()
            raise
        finally:
            self._opened.close()
        return target

    def _take(self) -> None:
        if self._taken:
            raise ValueError(f"The stream of {self.key!r} has been read already, or closed; open the object again")
        self._taken = True

    def _fill(self, file: BufferedRandom) -> None:
        descriptor = file.fileno()

        def fetch(start: int) -> None:
            end = min(start + RANGE_BYTES, self.size)
            offset = start
            # The first range comes out of the answer that is open already.
            with contextlib.closing(self._range(start, end, None if start else self._opened)) as chunks:
                for chunk in chunks:
                    pending = memoryview(chunk)
                    while pending:
                        written = os.pwrite(descriptor, pending, offset)
                        pending = pending[written:]
                        offset += written

        concurrently(fetch, range(0, self.size, RANGE_BYTES), self._workers)

    def _verify(self, file: BufferedRandom) -> None:
        size = os.fstat(file.fileno()).st_size
        if size != self.size:
            raise S3RestIntegrityError(f"{size} bytes of {self.key!r} were written where {self.size} were expected")
        if self.etag is None or self._opened.etag_is_md5 is False or not MD5_ETAG.fullmatch(self.etag):
            return
        file.seek(0)
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if digest != self.etag and (self._opened.etag_is_md5 or self._ask_etag_is_md5()):
            raise S3RestIntegrityError(f"The bytes of {self.key!r} have MD5 {digest}, but its ETag is {self.etag}")

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
        opened = self._engine.get(self.bucket_name, self.key, start=start, end=end, if_match=self.etag)
        if (opened.head.etag, opened.head.size) != (self.etag, self.size):
            opened.close()
            raise S3RestIntegrityError(f"Object {self.key!r} was replaced while it was being read")
        return opened
