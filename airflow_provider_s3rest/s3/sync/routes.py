# SPDX-License-Identifier: Apache-2.0
"""The three ways: up, down, and from one prefix to another."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3 import etags
from airflow_provider_s3rest.s3.copying import Rules, Source, Target, copy_listed
from airflow_provider_s3rest.s3.copying.model import same_account, same_bucket
from airflow_provider_s3rest.s3.copying.objects import SINGLE_COPY_BYTES
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.pool import for_each
from airflow_provider_s3rest.s3.results import ObjectSummary
from airflow_provider_s3rest.s3.stream import RANGE_BYTES
from airflow_provider_s3rest.s3.sync.model import NANOSECONDS
from airflow_provider_s3rest.s3.sync.names import fault_of, is_folder_marker
from airflow_provider_s3rest.s3.upload import part_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.sync.model import Entry, Failed, FileTree, Verb
    from airflow_provider_s3rest.s3.sync.prefix import Prefix

_RANGE_COST = 2 * 1024 * 1024


class Upload:
    """From files to objects. Objects that stand for folders are left alone."""

    verb: Verb = "upload"
    keeps_times = False
    is_hierarchical = False

    def __init__(self, source: FileTree, target: Prefix) -> None:
        self._source = source
        self._target = target
        self.source_name, self.target_name = str(source), str(target)
        self.workers = target.s3.connection.max_concurrency if source.concurrent else 1

    def sources(self) -> Iterator[Entry]:
        """List the files."""
        return self._source.entries()

    def targets(self) -> Iterator[Entry]:
        """List the objects."""
        return _without_markers(self._target)

    def place_of_names(self) -> Callable[[str], str]:
        """Take every key for an object of its own."""
        return str

    def fault_of(self, name: str) -> str | None:
        """Tell why a file can't become an object."""
        return self._target.fault_of(name)

    def prepare(self) -> None:
        """Nothing needs to be made."""

    def cost(self, source: Entry) -> int:
        """Bytes are in memory until they are sent."""
        return source.size

    def is_same(self, source: Entry, target: Entry) -> bool:
        """Whether the ETag of the object is that of the file."""
        return _has_etag(self._source, source.name, self._target, target)

    def transfer(self, source: Entry, progress: Progress | None) -> int:
        """Upload a file."""
        to = self._target
        with self._source.open(source.name) as file:
            written = to.s3.upsert_object(to.bucket_name, to.key(source.name), file, to.write, progress=progress)
        return written.size

    def delete(self, names: Iterable[str], failed: Failed) -> int:
        """Delete objects."""
        return self._target.delete(names, failed)


class Download:
    """From objects to files. Objects that stand for folders are left out."""

    verb: Verb = "download"
    is_hierarchical = True

    def __init__(self, source: Prefix, target: FileTree) -> None:
        self._source = source
        self._target = target
        self.source_name, self.target_name = str(source), str(target)
        self.keeps_times = target.keeps_times
        self.workers = source.s3.connection.max_concurrency if target.concurrent else 1

    def sources(self) -> Iterator[Entry]:
        """List the objects."""
        return _without_markers(self._source)

    def targets(self) -> Iterator[Entry]:
        """List the files."""
        try:
            yield from self._target.entries()
        except FileNotFoundError:
            return

    def place_of_names(self) -> Callable[[str], str]:
        """Ask the file system."""
        return self._target.place_of_names()

    def fault_of(self, name: str) -> str | None:
        """Tell why an object can't become a file."""
        return fault_of(name)

    def prepare(self) -> None:
        """Make the folder ready."""
        self._target.prepare()

    def cost(self, source: Entry) -> int:
        """Bytes go to the disk as they come, from several ranges of a large object at once."""
        return min(source.size, -(-source.size // RANGE_BYTES) * _RANGE_COST)

    def is_same(self, source: Entry, target: Entry) -> bool:
        """Whether the ETag of the object is that of the file."""
        return _has_etag(self._target, target.name, self._source, source)

    def transfer(self, source: Entry, progress: Progress | None) -> int:
        """Download an object."""
        at = self._source
        with at.s3.get_object(at.bucket_name, at.key(source.name), at.read) as stream:
            self._target.save(source.name, stream, progress)
            return stream.size

    def delete(self, names: Iterable[str], failed: Failed) -> int:
        """Delete files."""
        deleted = 0
        lock = threading.Lock()

        def delete(name: str) -> None:
            nonlocal deleted
            try:
                self._target.delete(name)
            except OSError as error:
                failed(name, error)
            else:
                with lock:
                    deleted += 1

        for_each(delete, names, self.workers)
        return deleted


class Copy:
    """From objects to objects, with their descriptions."""

    verb: Verb = "copy"
    keeps_times = False
    is_hierarchical = False

    def __init__(self, source: Prefix, target: Prefix) -> None:
        self._source = source
        self._target = target
        self.source_name, self.target_name = str(source), str(target)
        self.workers = target.s3.connection.max_concurrency
        at, to = self._at(""), self._to("")
        self._is_inside = same_account(at, to)
        if same_bucket(at, to) and (at.key.startswith(to.key) or to.key.startswith(at.key)):
            raise ValueError(
                f"target: {target} and the source {source} hold each other; choose one outside of the other"
            )

    def sources(self) -> Iterator[Entry]:
        """List the objects of the source; one that stands for its folder is left out."""
        return (entry for entry in self._source.entries() if entry.name or entry.size)

    def targets(self) -> Iterator[Entry]:
        """List the objects of the target."""
        return (entry for entry in self._target.entries() if entry.name or entry.size)

    def place_of_names(self) -> Callable[[str], str]:
        """Take every key for an object of its own."""
        return str

    def fault_of(self, name: str) -> str | None:
        """Tell why a key can't be one below the target."""
        return self._target.fault_of(name) if name else "has the key of the folder itself"

    def prepare(self) -> None:
        """Nothing needs to be made."""

    def cost(self, source: Entry) -> int:
        """Only what streams through this process is in its memory."""
        return 0 if self._is_inside and source.size <= SINGLE_COPY_BYTES else source.size

    def is_same(self, source: Entry, target: Entry) -> bool:
        """Two ETags that differ prove nothing of the bytes."""
        return source.etag is not None and source.etag == target.etag

    def transfer(self, source: Entry, progress: Progress | None) -> int:
        """Copy an object."""
        at, to = self._at(source.name), self._to(source.name)
        known = ObjectSummary(
            key=at.key,
            size=source.size,
            etag=source.etag or "",
            last_modified=datetime.fromtimestamp((source.modified or 0) / NANOSECONDS, UTC),
            storage_class="STANDARD",
        )
        return copy_listed(at, to, Rules(), known, progress=progress)

    def delete(self, names: Iterable[str], failed: Failed) -> int:
        """Delete objects."""
        return self._target.delete(names, failed)

    def _at(self, name: str) -> Source:
        at = self._source
        return Source(s3=at.s3, bucket_name=at.bucket_name, key=at.key(name), read=at.read)

    def _to(self, name: str) -> Target:
        to = self._target
        return Target(s3=to.s3, bucket_name=to.bucket_name, key=to.key(name), write=to.write)


def _without_markers(prefix: Prefix) -> Iterator[Entry]:
    return (entry for entry in prefix.entries() if not is_folder_marker(entry.name, entry.size))


def _has_etag(tree: FileTree, name: str, prefix: Prefix, found: Entry) -> bool:
    """Whether a file has the ETag of an object of its size; an ETag that tells nothing of the bytes is that of none."""
    count = etags.parts_of(found.etag)
    if count is None:
        return False
    sizes = _part_sizes(prefix, found, count)
    for size in sizes:
        with tree.open(name) as file:
            if etags.of_file(file, size) == found.etag:
                return True
    return False


def _part_sizes(prefix: Prefix, found: Entry, count: int) -> Iterator[int | None]:
    """Return the sizes that the parts of an object may have: our own at first, then what S3 tells of them."""
    if not count:
        yield None
        return
    ours = part_bytes(0, found.size, prefix.write.part_bytes)
    if -(-found.size // ours) == count:
        yield ours
    read = Read(customer_key=prefix.read.customer_key or prefix.write.customer_key)
    told = prefix.s3.engines.encoding_of(prefix.bucket_name, prefix.key(found.name), read)
    if told.is_md5 and told.part_bytes and told.part_bytes != ours and -(-found.size // told.part_bytes) == count:
        yield told.part_bytes
