# SPDX-License-Identifier: Apache-2.0
"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_s3rest.get_provider_info import get_provider_info
from airflow_provider_s3rest.local import __main__ as local
from demo.expectations import EXPECTED
from demo.report import table

ROOT = Path(__file__).parents[2]
INFO: dict[str, Any] = get_provider_info()
FORM = INFO["connection-types"][0]
PAGES = ["README.md", "CHANGELOG.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def _table_rows(page: str) -> set[str]:
    return set(re.findall(r"^\| .*", (ROOT / page).read_text(), re.MULTILINE))


def test_the_readme_shows_an_example_that_runs() -> None:
    """The DAG of the README is, to the letter, one of the examples that ``make demo`` runs."""
    example = (ROOT / "example_dags" / "s3rest_access_keys.py").read_text()
    assert f"```python\n{example}```\n" in (ROOT / "README.md").read_text()


def test_the_readme_shows_the_table_of_the_demo() -> None:
    """Its beginning, to the letter."""
    shown = "\n".join(table([expected.row() for expected in EXPECTED]).splitlines()[:4])
    assert f"```\n{shown}\n...\n```\n" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(FORM["conn-fields"]))
def test_every_field_of_the_form_is_described(name: str) -> None:
    """The connection's page has a row with the label and the name of each field."""
    start = f"| {FORM['conn-fields'][name]['label']} | `{name}` |"
    assert any(row.startswith(start) for row in _table_rows("docs/connection.md"))


@pytest.mark.parametrize("name", sorted(FORM["conn-fields"]))
def test_the_readme_names_every_field(name: str) -> None:
    """The short table leaves no field out."""
    assert f"`{name}`" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(INFO["config"]["s3rest"]["options"]))
def test_every_option_is_described_with_its_default(name: str) -> None:
    """The options' page has each option, and the default that Airflow will use."""
    default = INFO["config"]["s3rest"]["options"][name]["default"]
    start = f"| `{name}` | {f'`{default}`' if default else 'blank'} |"
    assert any(row.startswith(start) for row in _table_rows("docs/credentials.md"))


def test_every_option_of_the_local_stack_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    """The local stack's page names what ``--help`` names."""
    with pytest.raises(SystemExit):
        local.main(["--help"])
    options = set(re.findall(r"--[a-z0-9-]+", capsys.readouterr().out)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z0-9-]+", (ROOT / "docs" / "local-stack.md").read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_no_link_leads_nowhere(page: str) -> None:
    """Every relative link of a page is a file of this repository."""
    folder = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    assert [link for link in links if not (folder / link).exists()] == []
