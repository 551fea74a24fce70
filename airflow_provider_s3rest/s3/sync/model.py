# SPDX-License-Identifier: Apache-2.0
"""What a synchronisation is told and what it answers, and what it compares."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, cast

from airflow_provider_s3rest.s3.globs import compile_globs
from airflow_provider_s3rest.s3.values import choice, read_switch

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.stream import ObjectStream

    Failed = Callable[[str, object], None]
    Report = Callable[[str, int | None, str], Progress]

Compare = Literal["size_and_mtime", "checksum", "size"]
COMPARES: tuple[str, ...] = ("size_and_mtime", "checksum", "size")

NANOSECONDS = 1_000_000_000

Verb = Literal["upload", "download", "copy"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or an object below a folder or a prefix.

    :param name: relative, with ``/`` between its segments.
    :param size: in bytes.
    :param modified: nanoseconds since 1970; None where the storage does not tell.
    :param etag: of an object.
    """

    name: str
    size: int
    modified: int | None = None
    etag: str | None = None


class FileSystem(Protocol):
    """What is used of an ``fsspec.AbstractFileSystem``."""

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings."""

    def ls(self, path: str, detail: bool = True) -> list[dict[str, Any]]:  # noqa: FBT001, FBT002 - fsspec's own
        """List a directory."""

    def info(self, path: str) -> dict[str, Any]:
        """Describe a file."""

    def open(self, path: str, mode: str = "rb") -> Any:
        """Open a file."""

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - fsspec's own
        """Make a directory and those above it."""

    def mv(self, path1: str, path2: str) -> None:
        """Rename a file."""

    def rm_file(self, path: str) -> None:
        """Delete a file."""


@dataclass(frozen=True, slots=True)
class RemotePath:
    """A file or a folder on a file system of fsspec.

    :param url: what the user calls it, for messages.
    """

    fs: FileSystem
    path: str
    url: str

    def __str__(self) -> str:
        return self.url


FilePath = str | os.PathLike[str] | RemotePath
"""A path of this machine, or one of a file system of fsspec."""


class FileTree(Protocol):
    """A folder of files."""

    keeps_times: bool
    """Whether a file can be given the time of its object."""
    concurrent: bool
    """Whether several threads may read and write its files at once."""

    def entries(self) -> Iterator[Entry]:
        """List all files below the folder, in any order.

        :raises FileNotFoundError: there is no such folder.
        """

    def prepare(self) -> None:
        """Make the folder if it is missing, and clear away what a run that was killed has left in it."""

    def place_of_names(self) -> Callable[[str], str]:
        """Find out which names are one file here.

        :returns: what all such names have in common.
        """

    def open(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """Open a file to read it; at its end, one that has changed meanwhile is an error."""

    def save(self, name: str, stream: ObjectStream, progress: Progress | None) -> None:
        """Write an object to a file, verified, as a whole or not at all."""

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is no error."""


class Route(Protocol):
    """How things get from a source to a target, and how the two are compared."""

    verb: Verb
    source_name: str
    target_name: str
    keeps_times: bool
    """Whether the target has the times of its source."""
    is_hierarchical: bool
    """Whether a name of the target can't be both a file and a folder."""
    workers: int
    """How many things may be under way at once."""

    def sources(self) -> Iterator[Entry]:
        """List the source.

        :raises FileNotFoundError: there is none.
        """

    def targets(self) -> Iterator[Entry]:
        """List the target; one that is missing is empty."""

    def place_of_names(self) -> Callable[[str], str]:
        """Find out which names are one in the target."""

    def fault_of(self, name: str) -> str | None:
        """Tell why a name of the source can't be one of the target; None where it can."""

    def prepare(self) -> None:
        """Make ready for the first transfer."""

    def cost(self, source: Entry) -> int:
        """Return how many bytes are in flight while this is being transferred."""

    def is_same(self, source: Entry, target: Entry) -> bool:
        """Compare the bytes of two things of one size."""

    def transfer(self, source: Entry, progress: Progress | None) -> int:
        """Create or replace a thing of the target.

        :returns: its size in bytes.
        """

    def delete(self, names: Iterable[str], failed: Failed) -> int:
        """Delete things of the target.

        :param failed: is told of each that could not be deleted.
        :returns: how many are gone.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """What a synchronisation may leave out and may do.

    :param selects: whether a relative name is meant; everything else is left alone on both sides.
    :param compare: by what two things are the same.
    :param delete: whether to delete what the target has and the source has not.
    :param allow_empty_source: whether ``delete`` may empty the target.
    :param dry_run: only tell what would be done.
    :param max_concurrency: how many things are under way at once; default: as the connection says.
    """

    selects: Callable[[str], bool] = lambda _: True
    compare: Compare = "size_and_mtime"
    delete: bool = False
    allow_empty_source: bool = False
    dry_run: bool = False
    max_concurrency: int | None = None

    @classmethod
    def parse(
        cls,
        *,
        include: str | Iterable[str] | None = None,
        exclude: str | Iterable[str] | None = None,
        compare: str = "size_and_mtime",
        max_concurrency: int | str | None = None,
        **switches: bool | str,
    ) -> Self:
        """Check the options of a caller.

        :param include: globs, one of which a relative name must match.
        :param exclude: globs, none of which it may match.
        :raises ValueError: one of them can't be; it is named.
        """
        wanted = compile_globs(include, "include") if include else lambda _: True
        unwanted = compile_globs(exclude, "exclude") if exclude else lambda _: False
        if max_concurrency is not None and not (str(max_concurrency).isdecimal() and int(max_concurrency)):
            raise ValueError(f"max_concurrency: must be 1 or more, not {max_concurrency!r}")
        return cls(
            selects=lambda name: wanted(name) and not unwanted(name),
            compare=cast("Compare", choice(compare, "compare", COMPARES)),
            max_concurrency=int(max_concurrency) if max_concurrency is not None else None,
            **{name: read_switch(value, name) for name, value in switches.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a synchronisation did, or with ``dry_run`` would have done.

    :param skipped: how many were there already.
    :param size: bytes of those that were uploaded, downloaded or copied.
    :param planned: with ``dry_run``, the first 100 things to do, such as ``upload data/a.csv``.
    """

    source: str
    target: str
    uploaded: int = 0
    downloaded: int = 0
    copied: int = 0
    skipped: int = 0
    deleted: int = 0
    size: int = 0
    dry_run: bool = False
    planned: tuple[str, ...] = ()
