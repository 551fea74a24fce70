# SPDX-License-Identifier: Apache-2.0
"""How long credentials count as live, under every wrong clock."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.auth.lease import SHORTEST_LIFE_SECONDS, Instant, Lease
from airflow_provider_s3rest.auth.model import Credentials

START = 1_800_000_000.0
FETCHED = Instant(wall_seconds=START, uptime_seconds=5_000.0, boot_id="boot")


def lease_of(life_seconds: float, *, skew_seconds: float = 0.0) -> Lease:
    """Give credentials that live so long from START, by the clock of a service that is ahead by the skew."""
    ends = datetime.fromtimestamp(START + skew_seconds + life_seconds, UTC)
    credentials = Credentials(access_key_id="id", secret_access_key="key", session_token="token", expires_at=ends)
    return Lease(credentials=credentials, skew_seconds=skew_seconds, fetched_at=FETCHED)


def later(seconds: float, *, clock_set_by: float = 0.0) -> Instant:
    """Give the instant so long after START, with the wall clock set forward meanwhile."""
    return Instant(START + seconds + clock_set_by, FETCHED.uptime_seconds + seconds, "boot")


@pytest.mark.parametrize(("remaining", "live"), [(61, True), (60, True), (59, False), (0, False), (-10, False)])
def test_less_than_sixty_seconds_of_life_count_as_expired(*, remaining: float, live: bool) -> None:
    """Sixty seconds are enough, less is expired."""
    assert lease_of(900).is_live(later(900 - remaining)) is live


@pytest.mark.parametrize(
    ("life", "remaining", "live"),
    [(3600, 960, True), (3600, 959, False), (1200, 600, True), (1200, 599, False), (100, 60, True), (100, 59, False)],
)
def test_a_longer_life_may_be_asked_for(*, life: float, remaining: float, live: bool) -> None:
    """Of credentials that never lived long, half of their life is enough, but never less than sixty seconds."""
    assert lease_of(life).is_live(later(life - remaining), 960) is live


@given(
    life=st.integers(900, 3600),
    elapsed=st.floats(0, 7200),
    skew=st.floats(-86_400, 86_400),
    clock_set_by=st.floats(-86_400, 86_400),
)
def test_no_wrong_clock_makes_credentials_outlive_their_life(
    life: int, elapsed: float, skew: float, clock_set_by: float
) -> None:
    """Whatever the clock was and was set to, what counts as live truly has a minute left."""
    lease = lease_of(life, skew_seconds=skew)
    if lease.is_live(later(elapsed, clock_set_by=clock_set_by)):
        assert life - elapsed >= SHORTEST_LIFE_SECONDS - 0.01


@given(skew=st.floats(-86_400, 86_400))
def test_a_clock_that_was_always_wrong_costs_nothing(skew: float) -> None:
    """The skew measured at the fetch corrects it."""
    assert lease_of(900, skew_seconds=skew).remaining_seconds(later(100)) == pytest.approx(800, abs=0.01)


def test_a_restart_ends_every_lease() -> None:
    """After it, nobody can tell how much time has passed."""
    assert not lease_of(3600).is_live(later(1)._replace(boot_id="another"))


def test_an_uptime_that_went_back_ends_every_lease() -> None:
    """It shows a restart where the system has no boot id."""
    assert not lease_of(3600).is_live(Instant(START + 1, FETCHED.uptime_seconds - 1, "boot"))


def test_credentials_without_an_end_are_no_lease() -> None:
    """Nothing is known of their life."""
    lease = lease_of(3600)
    endless = lease._replace(credentials=replace(lease.credentials, expires_at=None))
    assert endless.remaining_seconds(later(1)) == 0


def test_a_lease_survives_json() -> None:
    """It is stored as JSON and comes back equal."""
    lease = lease_of(3600, skew_seconds=7.5)
    assert Lease.from_dict(json.loads(json.dumps(lease.as_dict()))) == lease


def test_now_is_of_this_boot() -> None:
    """Two instants of one machine are comparable."""
    first, second = Instant.now(), Instant.now()
    assert first.boot_id == second.boot_id
    assert first.uptime_seconds <= second.uptime_seconds
    assert abs(first.wall_seconds - time.time()) < 60


def test_a_lease_shows_no_secret() -> None:
    """Its repr may land in a log."""
    assert "token" not in repr(lease_of(900)).replace("session_token", "")
