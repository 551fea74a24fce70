# SPDX-License-Identifier: Apache-2.0
"""The guides leave out no operator and no message, and quote what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.public import import_path, operators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import BaseOperator

ROOT = Path(__file__).parents[2]
PERMISSIONS = (ROOT / "docs" / "permissions.md").read_text()
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
PACKAGE = ROOT / "airflow_provider_s3rest"
TREES = [(path, ast.parse(path.read_text())) for path in sorted(PACKAGE.rglob("*.py")) if "local" not in path.parts]
# What these are called with is shown to whoever filled in the connection.
RAISERS = {"fault", "Fault", "PemError", "S3RestCredentialError", "UnsafeDirectoryError"}
# Messages of Airflow's own stand there.
FOREIGN_SECTION = "The form and Airflow"


def _quoted() -> Iterator[str]:
    """The messages that the page quotes as the provider's."""
    for section in TROUBLESHOOTING.split("\n## ")[1:]:
        if section.startswith(FOREIGN_SECTION):
            continue
        for row in re.findall(r"^\| (`.*?) \| ", section, re.MULTILINE):
            yield from (message for message in re.findall(r"`([^`]+)`", row) if " " in message)


def _words(node: ast.AST) -> list[str]:
    """The parts of a text that do not vary."""
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _messages() -> Iterator[tuple[str, str]]:
    """Where a message about connections or credentials is made, and the longest part of it that does not vary."""
    for path, tree in TREES:
        if path.relative_to(PACKAGE).parts[0] not in {"auth", "connection"}:
            continue
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in RAISERS:
                text = call.args[-1] if name in {"fault", "Fault"} else call.args[0]
                choices = [text.body, text.orelse] if isinstance(text, ast.IfExp) else [text]
                for choice in choices:
                    parts = [part.split("`")[0].strip(" :") for part in _words(choice)]
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", max(parts, key=len, default="")


CODE = "\n".join(word for _, tree in TREES for word in _words(tree))


@pytest.mark.parametrize("cls", operators(), ids=lambda cls: cls.__name__)
def test_every_operator_has_its_permissions(cls: type[BaseOperator]) -> None:
    """A row that names at least one action."""
    row = rf"^\| `{re.escape(import_path(cls))}` \| .*`(s3|sqs|sns|kms):"
    assert re.search(row, PERMISSIONS, re.MULTILINE), f"docs/permissions.md lacks {import_path(cls)}"


@pytest.mark.parametrize("message", sorted(set(_quoted())))
def test_a_quoted_message_stands_in_the_code(message: str) -> None:
    """Each part of it that does not vary."""
    parts = [part for part in re.split(r"\.\.\.|\*\*\*", message) if part.strip()]
    assert [part for part in parts if part not in CODE] == []


def test_no_message_about_connections_is_missing() -> None:
    """What may be wrong with a connection is on the page, with its mend."""
    assert [(place, words) for place, words in _messages() if words not in TROUBLESHOOTING] == []
