# SPDX-License-Identifier: Apache-2.0
"""How the templates of operators and sensors are rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def verbatim(environment: Environment) -> Environment:
    """Return an environment that keeps a line break at the end of a template.

    Jinja drops it by default, so Airflow too: the last line of a text would lose its end, and a key be another one.
    https://jinja.palletsprojects.com/en/stable/api/#jinja2.Environment
    """
    if environment.keep_trailing_newline:
        return environment
    return environment.overlay(keep_trailing_newline=True)
