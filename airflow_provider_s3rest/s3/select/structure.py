# SPDX-License-Identifier: Apache-2.0
"""The structure of JSON values as DuckDB's ``json_structure`` tells it, and the column types that hold them.

A structure is the name of a type, a list of one structure, or a dictionary of them.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.select.sql import named

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANYTHING = "JSON"
# Narrow before wide.
_NUMBERS = ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE")


def merged(structures: Iterable[Any]) -> Any:
    """Return the structure that holds values of all these structures."""
    return reduce(_merge, structures, "NULL")


def column_type(structure: Any) -> str:
    """Return the type of DuckDB for values of a structure."""
    if isinstance(structure, dict) and structure:
        members = ", ".join(f"{named(name)} {column_type(member)}" for name, member in structure.items())
        return f"STRUCT({members})"
    if isinstance(structure, list):
        return f"{column_type(structure[0])}[]"
    if structure == "UBIGINT":
        # A difference of numbers without a sign fails where it is negative.
        return "BIGINT"
    return _ANYTHING if structure in ({}, "NULL") else str(structure)


def _merge(one: Any, other: Any) -> Any:
    if other in (one, "NULL"):
        return one
    if one == "NULL":
        return other
    match one, other:
        case dict(), dict():
            return one | {name: _merge(one.get(name, "NULL"), member) for name, member in other.items()}
        case [first], [second]:
            return [_merge(first, second)]
    if one in _NUMBERS and other in _NUMBERS:
        return max(one, other, key=_NUMBERS.index)
    return _ANYTHING
