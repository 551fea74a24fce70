# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows in code blocks is sound, whatever runs it elsewhere."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.shell import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "docs").rglob("*.md")}
PAGES["README.md"] = (ROOT / "README.md").read_text()


def _is_shell(text: str) -> None:
    subprocess.run([BASH, "-n"], input=text, check=True, capture_output=True, text=True)


def _is_configuration(text: str) -> None:
    configparser.ConfigParser(interpolation=None).read_string(text)


CHECKS: dict[str, Callable[[str], object]] = {
    "bash": _is_shell,
    "ini": _is_configuration,
    "json": json.loads,
    "python": ast.parse,
    "sh": _is_shell,
    "yaml": yaml.safe_load,
}
# What people type and what comes back; output; tables of text.
UNCHECKED = {"console", "text", ""}
SNIPPETS = [
    pytest.param(language, text, id=f"{name}-{language}-{at}")
    for name, page in sorted(PAGES.items())
    for language in CHECKS
    for at, text in enumerate(blocks(page, language))
]


@pytest.mark.parametrize(("language", "text"), SNIPPETS)
def test_a_snippet_is_well_formed(language: str, text: str) -> None:
    """In the language that it says it is in."""
    CHECKS[language](text)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_code_block_says_what_it_is(name: str) -> None:
    """So that it is checked, unless nothing could check it."""
    opened = re.findall(r"^```(.*)\n(?:.*\n)*?```$", PAGES[name], re.MULTILINE)
    assert set(opened) <= CHECKS.keys() | UNCHECKED
