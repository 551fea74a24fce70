# SPDX-License-Identifier: Apache-2.0
"""Objects to know, and a store of state that can die between any two of its writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.watching.model import Known

if TYPE_CHECKING:
    from collections.abc import Callable


class KilledError(Exception):
    """The process is dead."""


class MemoryStore:
    """Keeps state as Airflow does: JSON by names.

    :param lives: how many writes and deletions there will be before the process dies; None for all.
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.lives: int | None = None
        self.writes: list[str] = []

    async def aget(self, key: str) -> Any:
        """Return what is stored."""
        return json.loads(self.values[key]) if key in self.values else None

    async def aset(self, key: str, value: Any) -> None:
        """Store it, or die."""
        self._live()
        self.writes.append(key)
        self.values[key] = json.dumps(value)

    async def adelete(self, key: str) -> None:
        """Delete it, or die."""
        self._live()
        self.values.pop(key, None)

    def _live(self) -> None:
        if self.lives == 0:
            raise KilledError
        if self.lives is not None:
            self.lives -= 1


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture(scope="session")
def make_store() -> type[MemoryStore]:
    """Make more stores."""
    return MemoryStore


@pytest.fixture(scope="session")
def killed() -> type[KilledError]:
    """What a dying store raises."""
    return KilledError


@pytest.fixture(scope="session")
def known() -> Callable[..., Known]:
    """Make an object."""

    def make(key: str, etag: str = "e1", size: int = 1, modified: int = 1_764_115_200_000_000) -> Known:
        return Known(key, etag, size, modified)

    return make
