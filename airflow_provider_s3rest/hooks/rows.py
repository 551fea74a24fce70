# SPDX-License-Identifier: Apache-2.0
"""Results as XCom holds them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


MOST_ROWS = 10_000
"""How many rows an operator returns at most, unless told otherwise: results go to Airflow's database."""


def as_row(result: DataclassInstance) -> dict[str, Any]:
    """Return a result as a dictionary that JSON can hold: times in ISO format."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(result).items()}
