# SPDX-License-Identifier: Apache-2.0
"""Making a target equal its source: list both, check everything, and only then begin."""

from __future__ import annotations

import contextlib
import errno
import logging
import threading
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestConnectionError, S3RestCredentialError, S3RestError
from airflow_provider_s3rest.s3.pool import for_each
from airflow_provider_s3rest.s3.retry import CANCELLED
from airflow_provider_s3rest.s3.sync.model import SyncResult
from airflow_provider_s3rest.s3.sync.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.sync.model import Entry, Report, Route, SyncOptions
    from airflow_provider_s3rest.s3.sync.plan import Step

BYTES_IN_FLIGHT = 64 * 1024 * 1024
"""How much is in flight at once; what costs more goes alone, in parts of its own."""
LARGEST_SAMPLE = 100
"""How many things a dry run names."""

# Every thread keeps the memory of the largest thing that it has held, so that only a few hold large ones.
_SMALL_BYTES = 2 * 1024 * 1024
_LARGE_WORKERS = 4
_NAMED = 5
_HOPELESS = 100
_PAST = {"upload": "uploaded", "download": "downloaded", "copy": "copied"}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})

log = logging.getLogger(__name__)


def synchronise(route: Route, options: SyncOptions, report: Report) -> SyncResult:
    """Transfer what the target lacks or has otherwise, and with ``delete`` remove what the source lacks.

    Killed and run again, it does the rest: what has arrived is the same by then.

    :param report: begins to tell of long work: given what is done, how much there is to do, and in which unit.
    :raises ValueError: nothing was written, because something can't be as it is asked for.
    :raises S3RestError: some things could not be transferred or deleted; all others were.
    """
    place_of = str if options.dry_run else route.place_of_names()
    with Plan(place_of, options.compare, keeps_times=route.keeps_times) as plan:
        _list(plan, route, options, report)
        _check(plan, route, options)
        work = _Work(plan, route, options)
        work.run(report)
        return work.result()


def _list(plan: Plan, route: Route, options: SyncOptions, report: Report) -> None:
    faults: list[str] = []
    count = 0

    def sources() -> Iterator[Entry]:
        nonlocal count
        progress = report(f"Listing {route.source_name}", None, "objects")
        for entry in route.sources():
            progress.add(1)
            if not options.selects(entry.name):
                continue
            fault = route.fault_of(entry.name)
            if fault is None:
                yield entry
                continue
            count += 1
            if len(faults) < _NAMED:
                faults.append(f"{entry.name!r}: {fault}")

    plan.add_sources(sources())
    if faults:
        raise ValueError(
            f"source: {count} names can't be written to {route.target_name}: {'; '.join(faults)}"
            f"{', ...' if count > len(faults) else ''}. Nothing was written; rename them, or leave them out by exclude"
        )
    plan.add_targets(_targets(route, options, report))


def _targets(route: Route, options: SyncOptions, report: Report) -> Iterator[Entry]:
    progress = report(f"Listing {route.target_name}", None, "objects")
    for entry in route.targets():
        progress.add(1)
        if not options.selects(entry.name):
            continue
        if _is_text(entry.name):
            yield entry
        else:
            log.warning("%r is no text in UTF-8 and is left alone", entry.name)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(plan: Plan, route: Route, options: SyncOptions) -> None:
    if route.is_hierarchical:
        if clashes := [f"{one!r} and {other!r}" for one, other in islice(plan.clashes(), _NAMED)]:
            raise ValueError(
                f"source: two names would be one file, or one file and its folder: {'; '.join(clashes)}. "
                "Nothing was written; rename one of them, or leave it out by exclude"
            )
        obstacles = [repr(name) for name in islice(plan.obstacles(), _NAMED)]
        if obstacles and not options.delete:
            raise ValueError(
                f"target: has files where folders are needed, or folders where files are: {', '.join(obstacles)}. "
                "Nothing was written; remove them, or let delete=True do it"
            )
    if options.delete and not options.allow_empty_source and not plan.count("source") and plan.count("target"):
        raise ValueError(
            f"delete: {route.source_name} has nothing that is meant, so that all {plan.count('target')} files or "
            f"objects of {route.target_name} would be deleted; give allow_empty_source=True if that is what you want"
        )


class _Work:
    """One synchronisation under way."""

    def __init__(self, plan: Plan, route: Route, options: SyncOptions) -> None:
        self._plan = plan
        self._route = route
        self._options = options
        self._workers = options.max_concurrency or route.workers
        self._room = _Room(BYTES_IN_FLIGHT)
        self._lock = threading.Lock()
        self._transferred = self._skipped = self._deleted = self._size = self._failed = 0
        self._first: tuple[str, object] | None = None
        self._sample: list[str] = []
        self._progress: Progress | None = None

    def run(self, report: Report) -> None:
        """Do all there is to do; the target's extraneous things go last, and only if everything else went well."""
        total = sum(step.source.size for step in self._plan.steps() if not step.same)
        self._progress = report(f"{self._route.verb.title()} to {self._route.target_name}", total, "bytes")
        if not self._options.dry_run:
            self._route.prepare()
        if self._options.delete and self._route.is_hierarchical:
            self._delete(self._plan.obstacles())
            self._plan.forget_obstacles()
        for_each(self._do, self._steps(is_large=False), self._workers)
        for_each(self._do, self._steps(is_large=True), min(self._workers, _LARGE_WORKERS))
        if self._options.delete and not self._failed:
            self._delete(self._plan.extraneous())

    def result(self) -> SyncResult:
        """Return what has been done.

        :raises S3RestError: that was not all.
        """
        verb = self._route.verb
        if self._first:
            name, error = self._first
            raise S3RestError(
                f"{self._failed} of the files or objects from {self._route.source_name} failed, {self._transferred} "
                f"were {_PAST[verb]}; the first is {name!r} ({error}), the task log names all"
                f"{'; nothing extraneous was deleted' if self._options.delete and not self._deleted else ''}"
            )
        done = {_PAST[verb]: self._transferred}
        return SyncResult(
            source=self._route.source_name,
            target=self._route.target_name,
            skipped=self._skipped,
            deleted=self._deleted,
            size=self._size,
            dry_run=self._options.dry_run,
            planned=tuple(self._sample),
            **done,
        )

    def _steps(self, *, is_large: bool) -> Iterator[Step]:
        return (step for step in self._plan.steps() if (self._route.cost(step.source) > _SMALL_BYTES) is is_large)

    def _do(self, step: Step) -> None:
        name = step.source.name
        try:
            with self._room.taken(self._route.cost(step.source)):
                if self._is_same(step):
                    self._count(skipped=1)
                elif self._options.dry_run:
                    self._note(f"{self._route.verb} {name}")
                    self._count(transferred=1, size=step.source.size)
                else:
                    self._count(transferred=1, size=self._route.transfer(step.source, self._progress))
        except (S3RestConnectionError, S3RestCredentialError):
            raise
        except (ClientError, S3RestError, OSError) as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise
            self._fail(name, error)

    def _is_same(self, step: Step) -> bool:
        if step.same is not None or step.target is None:
            return bool(step.same)
        same = self._route.is_same(step.source, step.target)
        if same and self._progress:
            self._progress.add(step.source.size)
        return same

    def _delete(self, names: Iterable[str]) -> None:
        if self._options.dry_run:
            for name in names:
                self._note(f"delete {name}")
                self._deleted += 1
            return
        self._deleted += self._route.delete(names, self._fail)

    def _note(self, what: str) -> None:
        with self._lock:
            if len(self._sample) < LARGEST_SAMPLE:
                self._sample.append(what)

    def _count(self, transferred: int = 0, skipped: int = 0, size: int = 0) -> None:
        with self._lock:
            self._transferred += transferred
            self._skipped += skipped
            self._size += size

    def _fail(self, name: str, error: object) -> None:
        log.error("Not done: %r (%s)", name, error)
        with self._lock:
            self._failed += 1
            self._first = self._first or (name, error)
            hopeless = self._failed >= _HOPELESS and not self._transferred
        if hopeless:
            raise S3RestError(
                f"The first {_HOPELESS} files or objects from {self._route.source_name} failed, so that no other was "
                f"tried; the last is {name!r} ({error})"
            )


class _Room:
    """Bounds what is in flight together, first come first served."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._turn = threading.Lock()
        self._freed = threading.Condition()

    @contextlib.contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        """Wait until there is room, all of it for what is larger."""
        amount = min(amount, self._size)
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._free >= amount)
            self._free -= amount
        try:
            if cancelled := CANCELLED.get(None):
                cancelled.check()
            yield
        finally:
            with self._freed:
                self._free += amount
                self._freed.notify_all()
