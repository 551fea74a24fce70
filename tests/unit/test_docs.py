# SPDX-License-Identifier: Apache-2.0
"""The documentation says what the code does."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.get_provider_info import get_provider_info
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.local import __main__ as local
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator
from demo.expectations import EXPECTED, IN_TURN
from demo.report import table
from tests.public import import_path, operators

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

ROOT = Path(__file__).parents[2]
INFO: dict[str, Any] = get_provider_info()
FORM = INFO["connection-types"][0]
DOCS = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
PAGES = ["README.md", "CHANGELOG.md", *(f"docs/{name}" for name in DOCS)]
HOW_TOS = sorted(name.removeprefix("howto/").removesuffix(".md") for name in DOCS if name.startswith("howto/"))
EXAMPLES = sorted(path.stem.removeprefix("s3rest_") for path in (ROOT / "example_dags").glob("*.py"))
WITHOUT_HOW_TO = {expected.dag.removeprefix("s3rest_") for expected in IN_TURN}
HOOK = {
    name: member
    for cls in reversed(S3RestHook.__mro__)
    if cls.__module__.startswith("airflow_provider_s3rest.")
    for name, member in vars(cls).items()
    if not name.startswith("_") and not isinstance(member, (str, classmethod))
}


def _table_rows(page: str) -> set[str]:
    return set(re.findall(r"^\| .*", (ROOT / page).read_text(), re.MULTILINE))


def _parameters(member: object) -> str:
    """The parameters of a method without its types and defaults; of a property, nothing."""
    if not inspect.isfunction(member):
        return ""
    _, *own = inspect.signature(member).parameters.values()
    bare = [each.replace(annotation=each.empty, default=each.empty) for each in own]
    return str(inspect.Signature(bare))


def test_the_readme_shows_an_example_that_runs() -> None:
    """The DAG of the README is, to the letter, one of the examples that ``make demo`` runs."""
    example = (ROOT / "example_dags" / "s3rest_access_keys.py").read_text()
    assert f"```python\n{example}```\n" in (ROOT / "README.md").read_text()


def test_the_readme_shows_the_table_of_the_demo() -> None:
    """Its beginning, to the letter."""
    shown = "\n".join(table([expected.row() for expected in EXPECTED]).splitlines()[:4])
    assert f"```\n{shown}\n...\n```\n" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted({*EXAMPLES, *HOW_TOS} - WITHOUT_HOW_TO))
def test_a_how_to_shows_an_example_that_runs(name: str) -> None:
    """Each example but those of the README has its page, and each of these pages its example, to the letter."""
    example = (ROOT / "example_dags" / f"s3rest_{name}.py").read_text()
    assert f"```python\n{example}```\n" in (ROOT / "docs" / "howto" / f"{name}.md").read_text()


def test_the_page_of_notifications_shows_dags_that_are_tested() -> None:
    """To the letter; the local stack has no queues, so that no demo can run them."""
    shown = (ROOT / "tests" / "integration" / "face" / "notified_dags.py").read_text()
    assert f"```python\n{shown}```\n" in (ROOT / "docs" / "notifications.md").read_text()


@pytest.mark.parametrize("cls", operators(), ids=lambda cls: cls.__name__)
def test_the_reference_has_every_operator(cls: type[BaseOperator]) -> None:
    """A row with its own template fields, and with what it returns."""
    fields = ", ".join(f"`{name}`" for name in cls.template_fields if name not in S3RestOperator.template_fields)
    row = f"| `{import_path(cls)}` | {fields} | "
    assert any(found.startswith(row) for found in _table_rows("docs/reference.md")), (
        f"docs/reference.md lacks the row\n{row}what it returns |"
    )


@pytest.mark.parametrize("name", sorted(HOOK))
def test_the_reference_has_every_member_of_the_hook(name: str) -> None:
    """A row with its parameters."""
    row = f"| `{name}{_parameters(HOOK[name])}` | "
    assert any(found.startswith(row) for found in _table_rows("docs/reference.md")), (
        f"docs/reference.md lacks the row\n{row}what it does |"
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_class_that_a_page_names_exists(page: str) -> None:
    """Where the page says that it is."""
    dotted = set(
        re.findall(r"`((?:hooks|operators|sensors|transfers)\.[a-z0-9_.]+)\.(\w+)`", (ROOT / page).read_text())
    )
    modules = {module: importlib.import_module(f"airflow_provider_s3rest.{module}") for module, _ in dotted}
    assert [f"{module}.{name}" for module, name in dotted if not hasattr(modules[module], name)] == []


@pytest.mark.parametrize("name", sorted({*DOCS} - {"README.md"}))
def test_every_page_can_be_found(name: str) -> None:
    """The first page of the documentation leads to all others."""
    assert f"]({name})" in (ROOT / "docs" / "README.md").read_text()


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
