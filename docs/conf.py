# SPDX-License-Identifier: Apache-2.0
"""How Sphinx makes a site of these pages, which are written to be read in the repository as well."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "airflow-provider-s3rest"
author = "The airflow-provider-s3rest authors"
extensions = ["myst_parser"]
root_doc = "README"
html_theme = "furo"
html_title = project
html_copy_source = False
smartquotes = False
# Links to headings are those that GitHub makes.
myst_heading_anchors = 4


def setup(app: Sphinx) -> None:
    """Add what the pages themselves can't say without looking odd in the repository."""
    app.connect("source-read", _add_contents)
    app.connect("build-finished", _copy_first_page)


def _add_contents(_: Sphinx, name: str, source: list[str]) -> None:
    """Make the site's table of contents of the first page's links, in their order, below its headings."""
    if name == root_doc:
        _, *sections = re.split(r"^#+ (?=.*\n)", source[0], flags=re.MULTILINE)
        for section in sections:
            caption = section.partition("\n")[0]
            pages = dict.fromkeys(re.findall(r"\]\(([\w/-]+)\.md\)", section))
            source[0] += "\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""])


def _copy_first_page(app: Sphinx, failure: Exception | None) -> None:
    """Let web servers find the first page."""
    if failure is None and app.builder.format == "html":
        folder = Path(app.outdir)
        shutil.copy(folder / f"{root_doc}.html", folder / "index.html")
