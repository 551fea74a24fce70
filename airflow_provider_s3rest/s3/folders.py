# SPDX-License-Identifier: Apache-2.0
"""Lists a bucket folder by folder, several at once: a long listing waits for each of its pages otherwise."""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, cast

from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.listing import list_folder, list_pages
from airflow_provider_s3rest.s3.results import CommonPrefix, ObjectSummary
from airflow_provider_s3rest.s3.retry import CANCELLED, Cancellation, TransferCancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.pages import Page
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.store import S3

_AHEAD_PAGES = 2
"""How many pages of a folder are there before they are asked for."""
_EVERYTHING = Filter()


def list_by_folder(
    s3: S3,
    bucket_name: str | None,
    prefix: str = "",
    *,
    delimiter: str = "/",
    where: Filter = _EVERYTHING,
    progress: Progress | None = None,
) -> Iterator[ObjectSummary]:
    """List objects as :func:`~airflow_provider_s3rest.s3.listing.list_objects` does, in the same order.

    What is below each common prefix is listed at the same time as that below the next ones; two pages of each are in
    memory. It costs a request for each common prefix and one for each 1,000 of them.

    :param delimiter: what ends a common prefix.
    :raises S3RestNotFoundError: at the first object: there is no such bucket.
    """
    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    entries = list_folder(s3, bucket_name, prefix, delimiter=delimiter)
    return _merged(s3, bucket_name, entries, where, progress)


def _merged(
    s3: S3,
    bucket_name: str,
    entries: Iterator[ObjectSummary | CommonPrefix],
    where: Filter,
    progress: Progress | None,
) -> Iterator[ObjectSummary]:
    everything = where.is_empty
    outer = CANCELLED.get(None)
    with (outer or Cancellation()).inner() as cancelled:
        for items in _in_order(s3, bucket_name, entries, cancelled):
            if progress:
                progress.add(len(items))
            yield from items if everything else filter(where.matches, items)


def _in_order(
    s3: S3, bucket_name: str, entries: Iterator[ObjectSummary | CommonPrefix], cancelled: Cancellation
) -> Iterator[list[ObjectSummary]]:
    """Keep so many folders under way; objects beside them count too, which bounds what waits for its turn."""
    waiting: deque[_Folder | ObjectSummary] = deque()
    try:
        for entry in entries:
            waiting.append(_Folder(s3, bucket_name, entry, cancelled) if isinstance(entry, CommonPrefix) else entry)
            while len(waiting) >= s3.workers:
                yield from _pages_of(waiting[0])
                waiting.popleft()
        while waiting:
            yield from _pages_of(waiting[0])
            waiting.popleft()
    finally:
        cancelled.set()
        for each in waiting:
            if isinstance(each, _Folder):
                each.stop()


def _pages_of(entry: _Folder | ObjectSummary) -> Iterator[list[ObjectSummary]]:
    if isinstance(entry, _Folder):
        yield from entry.pages()
    else:
        yield [entry]


class _Folder:
    """A listing that a thread of its own keeps a few pages ahead."""

    def __init__(self, s3: S3, bucket_name: str, folder: CommonPrefix, cancelled: Cancellation) -> None:
        self._pages = list_pages(s3, bucket_name, folder.prefix)
        self._cancelled = cancelled
        self._arrived: SimpleQueue[Page | BaseException | None] = SimpleQueue()
        self._free = threading.Semaphore(_AHEAD_PAGES)
        threading.Thread(target=self._run, name="s3rest", daemon=True).start()

    def pages(self) -> Iterator[list[ObjectSummary]]:
        """Hand out the objects of each page.

        :raises BaseException: what the listing raised.
        """
        while (arrived := self._arrived.get()) is not None:
            if isinstance(arrived, BaseException):
                raise arrived
            self._free.release()
            # Without a delimiter there are no others.
            yield cast("list[ObjectSummary]", arrived.items)

    def stop(self) -> None:
        """Let the thread see that nobody listens any more."""
        self._free.release()

    def _run(self) -> None:
        CANCELLED.set(self._cancelled)
        try:
            while True:
                self._free.acquire()
                self._cancelled.check()
                page = next(self._pages, None)
                self._arrived.put(page)
                if page is None:
                    return
        except TransferCancelledError:
            return  # nobody listens any more
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            self._arrived.put(error)
