# SPDX-License-Identifier: Apache-2.0
"""A triggerer that is killed again and again loses no object, and tells twice only what Airflow replays."""

from __future__ import annotations

import pytest

from benchmarks.restarts.trial import Trial, run

KILLS, OBJECTS = 8, 40


@pytest.mark.timeout(600)
def test_kills_lose_nothing() -> None:
    """Every object has its event, and none has two but by a kill; ``python -m benchmarks.restarts`` kills more."""
    coverage = run(Trial(kills=KILLS, objects=OBJECTS), print)
    assert coverage.problems() == []
    assert len(coverage.kills) == KILLS
    assert len(coverage.objects) > OBJECTS
