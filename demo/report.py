# SPDX-License-Identifier: Apache-2.0
"""What each example DAG must show, and the table of what it showed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finished DAG, a line of the table.

    :param processes: how many different processes its tasks ran in.
    :param create_session_calls: how many calls the Roles Anywhere endpoint counted meanwhile.
    :param objects: how many objects its tasks wrote.
    :param read: what its last task but one read of them.
    :param left: how many objects are still there in the end.
    """

    dag: str
    state: str
    tasks: int
    processes: int
    create_session_calls: int
    objects: int
    read: str
    left: int = 0

    def problems(self, expected: Row) -> Iterator[str]:
        """Tell in which columns this row is not the expected one."""
        for field in fields(self):
            found, wanted = getattr(self, field.name), getattr(expected, field.name)
            if found != wanted:
                yield f"{self.dag}: {field.name.replace('_', ' ')}: {found}, but should be {wanted}"


EXPECTED = (
    Row(
        dag="s3rest_access_keys",
        state="success",
        tasks=4,
        processes=4,
        create_session_calls=0,
        objects=1,
        read="Hello from Airflow",
    ),
    Row(
        dag="s3rest_roles_anywhere",
        state="success",
        tasks=24,
        processes=24,
        create_session_calls=1,
        objects=20,
        read="One of twenty",
    ),
    # No call of its own: it finds the credentials of the run before it in the cache.
    Row(
        dag="s3rest_wait_for_object",
        state="success",
        tasks=5,
        processes=5,
        create_session_calls=0,
        objects=1,
        read="monday: 17 orders",
    ),
)


def table(rows: Sequence[Row]) -> str:
    """Lay out rows below the names of their columns."""
    names = [field.name for field in fields(Row)]
    lines = [[name.replace("_", " ") for name in names], *([str(getattr(row, n)) for n in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
