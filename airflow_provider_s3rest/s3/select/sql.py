# SPDX-License-Identifier: Apache-2.0
"""The SQL of S3 Select in the words of DuckDB.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-select.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Texts and names that are quoted stay as they are, comments go.
_TOKEN = re.compile(
    r"""(?P<kept>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"""
    r"""|(?P<comment>--[^\n]*|/\*.*?\*/)"""
    r"""|(?P<table>\bS3Object)(?P<path>\[\*\](?:\[\*\]|\.\w+|\."[^"]+")*)"""
    r"""|(?P<name>"(?:[^"]|"")*")""",
    re.DOTALL | re.IGNORECASE,
)
_STEP = re.compile(r"""\[\*\]|\.(\w+)|\."([^"]+)\"""")


def quoted(text: object) -> str:
    """Return a text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"


def named(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def translate(expression: str, type_of: Callable[[str], str]) -> str:
    """Return a SELECT without comments or a ``;`` at its end, and with each ``S3Object[*].path`` as a table.

    :param type_of: tells the type of the first column of a SELECT.
    """

    def replaced(found: re.Match[str]) -> str:
        if found["comment"]:
            return " "
        return _table(found["path"], type_of) if found["path"] else found[0]

    return _TOKEN.sub(replaced, expression).rstrip("; \t\r\n")


def _table(path: str, type_of: Callable[[str], str]) -> str:
    """Return the table of what a path leads to: ``[*]`` are the elements of an array, ``.name`` is a member."""
    table = ""
    for step in _STEP.finditer(path.lstrip("[*]")):
        name = step[1] or step[2]
        value = "unnest(v)" if name is None else ("v." if table else "") + named(name)
        table = f"(SELECT {value} AS v FROM {table or 'S3Object'})"
    if not table:
        return "S3Object"
    is_object = type_of(f"SELECT v FROM {table}").startswith("STRUCT")
    return f"(SELECT {'v.*' if is_object else 'v AS _1'} FROM {table})"
