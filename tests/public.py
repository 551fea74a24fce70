# SPDX-License-Identifier: Apache-2.0
"""The classes that users write in their DAGs, found in the package, so that tests and documentation miss none."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

import airflow_provider_s3rest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = "airflow_provider_s3rest"
_PACKAGES = ("operators", "sensors", "transfers")


def modules() -> list[str]:
    """The names of all modules that hold operators, sensors or transfers."""
    return [
        module.name
        for module in pkgutil.walk_packages(airflow_provider_s3rest.__path__, f"{ROOT}.")
        if module.name.split(".")[1] in _PACKAGES
    ]


def operators() -> list[type[BaseOperator]]:
    """All operators, sensors and transfers; what modules named ``base`` hold is only what others are made of."""
    return sorted(_operators(), key=lambda each: each.__name__)


def import_path(cls: type) -> str:
    """The shortest path to a class, below the package: ``operators.s3rest.S3RestGetOperator``."""
    name, parents = cls.__module__, []
    while name != ROOT:
        parents.append(name)
        name = name.rpartition(".")[0]
    shortest = next(name for name in reversed(parents) if hasattr(importlib.import_module(name), cls.__name__))
    return f"{shortest.removeprefix(f'{ROOT}.')}.{cls.__name__}"


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """The parameters of a class that are this package's, not Airflow's, its own first."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if base.__module__.startswith(f"{ROOT}.") and "__init__" in vars(base):
            _, *own = inspect.signature(vars(base)["__init__"]).parameters.values()
            found = {each.name: each for each in own if each.kind is not each.VAR_KEYWORD} | found
    return found


def _operators() -> Iterator[type[BaseOperator]]:
    for name in modules():
        if not name.endswith(".base"):
            for cls in vars(importlib.import_module(name)).values():
                if inspect.isclass(cls) and issubclass(cls, BaseOperator) and cls.__module__ == name:
                    yield cls
