# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all, and directories that no symbolic link can lead out of."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedRandom

PRIVATE_MODE = 0o600
"""Only the owner may read and write."""

_TEMPORARY = r"\.s3rest-[0-9a-f]{16}\w*\.part"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OWN_LINK = os.O_NOFOLLOW | os.O_CLOEXEC


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a download under way, or was left by one that was killed."""
    return re.fullmatch(_TEMPORARY, name) is not None


def temporary_name(suffix: str = "") -> str:
    """Return a new name for a file that is not complete yet.

    :param suffix: letters to be part of the name.
    """
    return f".s3rest-{secrets.token_hex(8)}{suffix}.part"


@contextlib.contextmanager
def opened_directory(path: str | os.PathLike[str]) -> Iterator[int]:
    """Open a directory that the caller names: links on the way to it are the caller's own."""
    descriptor = os.open(path, _DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def descended(root: int, segments: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """Open a directory below another one, step by step and never through a symbolic link.

    :param root: the descriptor of the upper directory.
    :param segments: the names of the directories on the way; neither of them ``.`` or ``..``.
    :param create: whether to make those that are missing.
    :raises OSError: one of them is missing, or is no directory, or is a link.
    """
    current = os.dup(root)
    try:
        for segment in segments:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(segment, dir_fd=current)
            following = os.open(segment, _DIRECTORY | _OWN_LINK, dir_fd=current)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


@contextlib.contextmanager
def replacing(name: str, directory: int, mode: int = PRIVATE_MODE) -> Iterator[BufferedRandom]:
    """Open a new file that takes its name when the block ends well; otherwise nothing of it stays.

    Until then it has a temporary name beside it and is locked, so that :func:`remove_if_abandoned` leaves it alone.

    :param name: of the file to create or replace, without a directory.
    :param directory: the descriptor of its directory.
    :param mode: the permissions, from which the umask takes its share.
    """
    temporary, descriptor = _create(directory, mode)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        # Another run may have taken it for abandoned where locks do not work.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=directory)
        raise


def remove_if_abandoned(name: str, directory: int) -> bool:
    """Delete a temporary file unless a process is still writing it.

    :returns: whether it is gone.
    """
    try:
        descriptor = os.open(name, os.O_RDWR | _OWN_LINK, dir_fd=directory)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
        return True
    finally:
        os.close(descriptor)


def _create(directory: int, mode: int) -> tuple[str, int]:
    while True:
        name = temporary_name()
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OWN_LINK, mode, dir_fd=directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            taken = True
        else:
            taken = os.fstat(descriptor).st_nlink == 0
        # Somebody who was clearing away took it between its creation and its lock.
        if not taken:
            return name, descriptor
        os.close(descriptor)
