# SPDX-License-Identifier: Apache-2.0
"""Which keys may become files."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.files import descended, opened_directory, replacing
from airflow_provider_s3rest.s3.sync.names import MAX_SEGMENT_BYTES, fault_of, folders_of, is_folder_marker

if TYPE_CHECKING:
    from pathlib import Path

PIECES = (
    "..",
    ".",
    "",
    "/",
    "//",
    "\\",
    "\x00",
    "\n",
    "~",
    "a",
    "b c",
    "é",
    "C:",
    "etc",
    "%2e%2e",
    "\u2025",
    "-" * 256,
)


@pytest.mark.parametrize(
    "name", ["a", "a/b", "..a", "a..", "...", "a b", " ", "C:/x", "é/ü", "2026-01-01T00:00:00", "%2F", "~root", "-rf"]
)
def test_what_may_be_a_file(name: str) -> None:
    """Whatever stays below the folder, also where it looks odd."""
    assert fault_of(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/a", "begins with '/'"),
        ("/", "begins with '/'"),
        ("", "has a segment ''"),
        ("a//b", "has a segment ''"),
        ("a/", "has a segment ''"),
        ("..", "has a segment '..'"),
        ("../a", "has a segment '..'"),
        ("a/../../b", "has a segment '..'"),
        ("./a", "has a segment '.'"),
        ("a\\b", "holds the character '\\\\'"),
        ("a\x00b", "holds the character '\\x00'"),
        ("a\nb", "holds the character '\\n'"),
        ("a\x7f", "holds the character '\\x7f'"),
        ("é" * 128, f"has a segment of more than {MAX_SEGMENT_BYTES} bytes"),
    ],
)
def test_what_may_not(name: str, why: str) -> None:
    """And the words that say why."""
    assert fault_of(name) == why


def test_no_key_of_10_000_hostile_ones_leads_outside(tmp_path: Path) -> None:
    """Each is refused, or becomes a file below the folder."""
    chance = random.Random(4)  # noqa: S311 - the same keys every time
    root = tmp_path / "root"
    root.mkdir()
    written = set()
    with opened_directory(root) as directory:
        for _ in range(10_000):
            name = "".join(chance.choice(PIECES) + chance.choice(["/", ""]) for _ in range(chance.randint(1, 6)))
            if fault_of(name) is None:
                *folders, last = name.split("/")
                try:
                    with descended(directory, folders, create=True) as lower, replacing(last, lower):
                        pass
                    written.add(name)
                except (NotADirectoryError, IsADirectoryError):
                    # A file of another key has the name of its folder.
                    continue
    assert len(written) > 100
    assert os.listdir(tmp_path) == ["root"]  # noqa: PTH208
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert found == written


def test_the_folders_of_a_name() -> None:
    """The innermost first."""
    assert list(folders_of("a/b/c")) == ["a/b", "a"]
    assert list(folders_of("a")) == []


@pytest.mark.parametrize(
    ("name", "size", "marker"), [("a/", 0, True), ("", 0, True), ("a/", 1, False), ("a", 0, False), ("", 1, False)]
)
def test_objects_that_stand_for_folders(name: str, size: int, *, marker: bool) -> None:
    """Empty ones only: whatever holds bytes is never left out in silence."""
    assert is_folder_marker(name, size) is marker
