# SPDX-License-Identifier: Apache-2.0
"""Which keys may become files, and when two of them are one file: pure functions."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SEGMENT_BYTES = 255
"""What one name in a directory may be long: https://man7.org/linux/man-pages/man3/pathconf.3.html (NAME_MAX)."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")


def fault_of(name: str) -> str | None:
    """Tell why a relative name can't be that of a file.

    Every name without a fault stays below any folder that it is appended to, on every system: there is no way up in it,
    none to the root, and nothing that some system takes for a separator.

    :returns: the reason; None where it can.
    """
    if name.startswith("/"):
        return "begins with '/'"
    if found := _UNFIT.search(name):
        return f"holds the character {found[0]!r}"
    for segment in name.split("/"):
        if segment in ("", ".", ".."):
            return f"has a segment {segment!r}"
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            return f"has a segment of more than {MAX_SEGMENT_BYTES} bytes"
    return None


def is_folder_marker(name: str, size: int) -> bool:
    """Whether an object only stands for a folder, as the consoles of S3 make them."""
    return size == 0 and (not name or name.endswith("/"))


def folders_of(name: str) -> Iterator[str]:
    """Return the folders that a file is in, the innermost first."""
    while separator := name.rfind("/") + 1:
        name = name[: separator - 1]
        yield name


def folded(name: str, *, case: bool, form: bool) -> str:
    """Return what a file system keeps of a name when it looks for the file.

    :param case: whether upper and lower case are one to it.
    :param form: whether the composed and decomposed forms of a character are.
    """
    if form:
        name = unicodedata.normalize("NFC", name)
    return name.casefold() if case else name
