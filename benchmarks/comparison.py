# SPDX-License-Identifier: Apache-2.0
"""One figure of this provider and of the amazon provider, side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of both sides, and the limit of ours."""

    name: str
    ours: float
    amazon: float
    limit: float | None

    @property
    def is_good(self) -> bool:
        """Whether ours keeps the limit."""
        return self.limit is None or self.ours < self.limit

    def __str__(self) -> str:
        ratio = f"{self.amazon / self.ours:9.1f}" if self.ours > 0 else f"{'':9}"
        limit = "" if self.limit is None else f"under {self.limit:g}: {'yes' if self.is_good else 'NO'}"
        return f"{self.name:44} {self.ours:9.2f} {self.amazon:9.2f} {ratio}  {limit}".rstrip()
