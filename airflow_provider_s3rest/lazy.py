# SPDX-License-Identifier: Apache-2.0
"""Packages whose modules load when one of their names is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def attributes(package: str, **modules: tuple[str, ...]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package, by which each of its names costs no more than its own module.

    https://peps.python.org/pep-0562/

    :param modules: the names in each of its modules.
    """
    places = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{places[name]}"), name)

    return find
