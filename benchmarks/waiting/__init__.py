# SPDX-License-Identifier: Apache-2.0
"""What many waiting triggers cost in one process, ours beside those of Airflow's amazon provider."""

from __future__ import annotations

from benchmarks.waiting.comparing import HEADING, measure

__all__ = ["HEADING", "measure"]
