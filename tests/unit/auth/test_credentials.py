# SPDX-License-Identifier: Apache-2.0
"""How credentials are shared, renewed, refused and masked, with a service that fails on demand."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.auth import credentials as module
from airflow_provider_s3rest.auth.cache import DiskCache, MemoryCache
from airflow_provider_s3rest.auth.credentials import AccessKeySource, RolesAnywhereSource, credential_source
from airflow_provider_s3rest.auth.lease import Instant
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.auth.rolesanywhere import Session
from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError, S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEM = "-----BEGIN {0}-----\nAAAA\n-----END {0}-----\n"
SETTINGS = RolesAnywhere(
    profile_arn="profile",
    role_arn="role",
    trust_anchor_arn="anchor",
    region="us-east-1",
    session_name="name",
    duration_seconds=3600,
    certificate=PEM.format("CERTIFICATE"),
    private_key=PEM.format("PRIVATE KEY"),
)
CONNECTION = S3RestConnection(conn_id="ra", authentication=SETTINGS)
FRESH = """
import pickle, sys
from airflow_provider_s3rest.auth.credentials import credential_source
connection = pickle.loads(bytes.fromhex(sys.argv[1]))
print(credential_source(connection, cache_dir=sys.argv[2], mask=lambda _: None).current().access_key_id)
print(sorted({"botocore", "cryptography.x509", "httpx", "tenacity"} & set(sys.modules)))
"""
OUTAGE = S3RestCredentialError("down", status=503, code="ServiceUnavailable", request_id="id", retryable=True)
REFUSAL = S3RestCredentialError("no", status=403, code="AccessDeniedException", hint="ask")


class Service:
    """Stands in for Roles Anywhere: expiry and outages can't be waited for."""

    def __init__(self) -> None:
        self.calls = 0
        self.checked_keys = 0
        self.life_seconds = 3600.0
        self.skew_seconds = 0.0
        self.failures: list[Exception] = []
        self.while_asked: Callable[[], object] = lambda: None

    def fetch(self, *_: object, key_is_checked: bool) -> Session:
        """Answer a call."""
        self.calls += 1
        self.checked_keys += key_is_checked
        number = self.calls
        self.while_asked()
        if self.failures:
            raise self.failures.pop(0)
        ends = datetime.now(UTC) + timedelta(seconds=self.life_seconds + self.skew_seconds)
        given = Credentials(
            access_key_id=f"ASIA{number}", secret_access_key=f"secret{number}", session_token="token", expires_at=ends
        )
        return Session(credentials=given, assumed_role_arn="arn", skew_seconds=self.skew_seconds)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service, in the place of the real call."""
    service = Service()
    monkeypatch.setattr("airflow_provider_s3rest.auth.session.fetch_session", service.fetch)
    return service


@pytest.fixture(params=["disk", "memory"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> DiskCache | MemoryCache:
    """Both caches: a source works alike with either."""
    return DiskCache(tmp_path / "cache") if request.param == "disk" else MemoryCache()


class Waits:
    """A clock for retries: notes the seconds and returns at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Wait."""
        self.seconds.append(seconds)


def source_of(
    cache: DiskCache | MemoryCache,
    *,
    connection: S3RestConnection = CONNECTION,
    mask: Callable[[list[str]], None] = lambda _: None,
    sleep: Callable[[float], None] | None = None,
) -> RolesAnywhereSource:
    """Make a source as another task would."""
    assert isinstance(connection.authentication, RolesAnywhere)
    return RolesAnywhereSource(connection, connection.authentication, cache, mask, sleep or Waits())


def test_one_call_serves_all_sources(service: Service, cache: DiskCache | MemoryCache) -> None:
    """Consecutive tasks share credentials."""
    assert {source_of(cache).current().access_key_id for _ in range(5)} == {"ASIA1"}
    assert service.calls == 1


def test_one_call_serves_all_requests_of_a_source(service: Service, cache: DiskCache | MemoryCache) -> None:
    """A client asks before every request."""
    source = source_of(cache)
    assert source.current() is source.current()
    assert service.calls == 1


def test_threads_that_start_together_make_one_call(service: Service, cache: DiskCache | MemoryCache) -> None:
    """Triggers share a process."""
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda _: source_of(cache, sleep=threading.Event().wait).current(), range(32)))
    assert len(set(found)) == 1
    assert service.calls == 1


@pytest.mark.parametrize(("life", "calls"), [(62, 1), (59, 2)])
def test_less_than_a_minute_of_life_is_renewed(
    life: float, calls: int, service: Service, cache: DiskCache | MemoryCache
) -> None:
    """In a new task and in one that goes on."""
    service.life_seconds = life
    source = source_of(cache)
    source.current()
    source.current()
    assert service.calls == calls
    source_of(cache).current()
    assert service.calls == calls * 3 // 2


def test_a_task_that_outlives_its_credentials_goes_on(
    service: Service, cache: DiskCache | MemoryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same source gives new ones when the old ones end."""
    source = source_of(cache)
    first = source.current()
    now = Instant.now()
    monkeypatch.setattr(
        Instant,
        "now",
        lambda: now._replace(wall_seconds=now.wall_seconds + 3541, uptime_seconds=now.uptime_seconds + 3541),
    )
    assert source.current() != first
    assert service.calls == 2


def test_a_key_is_checked_once(service: Service, cache: DiskCache | MemoryCache) -> None:
    """Credentials that have ended prove that it made them; another key has an entry of its own."""
    service.life_seconds = 0
    source_of(cache).current()
    assert service.checked_keys == 0
    source_of(cache).current()
    assert service.checked_keys == 1
    other = replace(SETTINGS, private_key="-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n")
    source_of(cache, connection=replace(CONNECTION, authentication=other)).current()
    assert (service.calls, service.checked_keys) == (3, 1)


@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
def test_a_wrong_clock_causes_no_extra_call(skew: float, service: Service, cache: DiskCache | MemoryCache) -> None:
    """The service's own clock decides."""
    service.skew_seconds = skew
    for _ in range(3):
        source_of(cache).current()
    assert service.calls == 1


@pytest.mark.usefixtures("service")
def test_rejected_credentials_are_replaced(cache: DiskCache | MemoryCache) -> None:
    """S3 knows better than the clock."""
    source = source_of(cache)
    first = source.current()
    assert source.reject(first)
    assert source.current().access_key_id == "ASIA2"
    assert source_of(cache).current().access_key_id == "ASIA2"


def test_rejecting_old_credentials_leaves_newer_ones_alone(service: Service, cache: DiskCache | MemoryCache) -> None:
    """Many tasks may be told of the same expiry; one renews."""
    sources = [source_of(cache) for _ in range(8)]
    first = sources[0].current()
    for source in sources:
        source.reject(first)
    assert {source.current().access_key_id for source in sources} == {"ASIA2"}
    assert service.calls == 2


def test_outages_are_retried_by_the_delays_of_the_connection(service: Service, cache: DiskCache | MemoryCache) -> None:
    """As many times as there are delays, after exactly these."""
    service.failures = [OUTAGE] * 3
    waits = Waits()
    connection = replace(CONNECTION, retry_delays_seconds=(0.0, 10.0, 30.0))
    assert source_of(cache, connection=connection, sleep=waits).current().access_key_id == "ASIA4"
    assert waits.seconds == [0.0, 10.0, 30.0]


def test_an_outage_that_does_not_end_is_raised(service: Service, cache: DiskCache | MemoryCache) -> None:
    """After the default of six retries, with the service's last words."""
    service.failures = [OUTAGE] * 10
    waits = Waits()
    with pytest.raises(S3RestCredentialError, match="down"):
        source_of(cache, sleep=waits).current()
    assert (service.calls, waits.seconds) == (7, [0.0, 10.0, 30.0, 60.0, 120.0, 300.0])


def test_each_retry_is_announced(
    service: Service, cache: DiskCache | MemoryCache, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the task log knows why it waits."""
    service.failures = [OUTAGE]
    connection = replace(CONNECTION, retry_delays_seconds=(30.0,))
    source_of(cache, connection=connection).current()
    assert "down" in caplog.text
    assert "trying again in 30 s" in caplog.text


@pytest.mark.parametrize("error", [REFUSAL, S3RestConnectionError("ra", [Fault("certificate", "expired")])])
def test_a_refusal_is_not_retried(error: Exception, service: Service, cache: DiskCache | MemoryCache) -> None:
    """Asking again changes nothing."""
    service.failures = [error]
    with pytest.raises(type(error)):
        source_of(cache).current()
    assert service.calls == 1


def test_those_who_wait_for_a_failing_call_fail_as_it_does(service: Service, tmp_path: Path) -> None:
    """A service in trouble is asked once, and everybody hears all that it said."""
    cache = DiskCache(tmp_path / "cache")
    everybody_waits = threading.Barrier(9)
    service.failures = [REFUSAL]
    service.while_asked = lambda: everybody_waits.wait(10)

    def ask(_: int) -> S3RestCredentialError:
        source = source_of(cache, sleep=sleep)
        with pytest.raises(S3RestCredentialError) as caught:
            source.current()
        return caught.value

    waiting = threading.local()

    def sleep(seconds: float) -> None:
        if not hasattr(waiting, "told"):
            waiting.told = True
            everybody_waits.wait(10)
        threading.Event().wait(seconds)

    with ThreadPoolExecutor(9) as pool:
        errors = list(pool.map(ask, range(9)))
    assert service.calls == 1
    assert {(str(error), error.retryable) for error in errors} == {(str(REFUSAL), False)}


def test_a_failure_of_the_same_second_is_shared(service: Service, cache: DiskCache | MemoryCache) -> None:
    """A burst of tasks does not become a burst of calls."""
    service.failures = [REFUSAL]
    for _ in range(3):
        with pytest.raises(S3RestCredentialError):
            source_of(cache).current()
    assert service.calls == 1


def test_an_older_failure_is_forgotten(
    service: Service, cache: DiskCache | MemoryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever mended the profile gets in at once."""
    service.failures = [REFUSAL]
    with pytest.raises(S3RestCredentialError):
        source_of(cache).current()
    now = Instant.now()
    monkeypatch.setattr(Instant, "now", lambda: now._replace(uptime_seconds=now.uptime_seconds + 1.1))
    assert source_of(cache).current().access_key_id == "ASIA2"


@pytest.mark.usefixtures("service")
def test_a_hung_holder_delays_nobody_for_long(cache: DiskCache | MemoryCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next lock is taken instead, by one of those who wait."""
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.05)
    name = f"{source_of(cache)._vault.entry_id}.0.lock"
    with cache.locked(name):
        assert source_of(cache, sleep=threading.Event().wait).current().access_key_id == "ASIA1"


@pytest.mark.usefixtures("service")
def test_when_all_holders_hang_everybody_asks(cache: DiskCache | MemoryCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work goes on without any lock."""
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.02)
    entry = source_of(cache)._vault.entry_id
    with cache.locked(f"{entry}.0.lock"), cache.locked(f"{entry}.1.lock"):
        assert source_of(cache, sleep=threading.Event().wait).current().access_key_id == "ASIA1"


@pytest.mark.usefixtures("service")
def test_secrets_are_masked_before_anything_else_sees_them(tmp_path: Path) -> None:
    """Those of the connection together with those that are cached; then those that were fetched."""
    body = "A" * 40
    settings = replace(
        SETTINGS,
        private_key=f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n",
        private_key_passphrase="passphrase",
    )
    connection = replace(CONNECTION, authentication=settings)
    masked: list[list[str]] = []
    source = credential_source(connection, cache_dir=str(tmp_path / "cache"), mask=masked.append)
    assert masked == [[body, "passphrase"]]
    source.current()
    assert masked[1] == ["secret1", "token"]
    masked.clear()
    credential_source(connection, cache_dir=str(tmp_path / "cache"), mask=masked.append).current()
    assert masked == [[body, "passphrase", "secret1", "token"]]


@pytest.mark.usefixtures("service")
def test_cached_credentials_load_nothing_that_fetches_them(tmp_path: Path) -> None:
    """A fresh process that finds them imports no client of HTTP and nothing that reads certificates."""
    credential_source(CONNECTION, cache_dir=str(tmp_path / "cache"), mask=lambda _: None).current()
    done = subprocess.run(
        [sys.executable, "-c", FRESH, pickle.dumps(CONNECTION).hex(), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ASIA1\n[]\n"


def test_access_keys_are_given_as_they_are() -> None:
    """They never end, and there are no others."""
    masked: list[list[str]] = []
    keys = AccessKeys(access_key_id="AKIA", secret_access_key="secret", session_token="token")
    source = credential_source(S3RestConnection(authentication=keys), mask=masked.append)
    expected = Credentials(access_key_id="AKIA", secret_access_key="secret", session_token="token")
    assert isinstance(source, AccessKeySource)
    assert source.current() == expected
    assert not source.reject(expected)
    assert masked == [["secret", "token"]]


def test_without_the_disk_cache_threads_still_share(service: Service, tmp_path: Path) -> None:
    """And nothing is written."""
    for _ in range(2):
        options = {"cache_dir": str(tmp_path / "cache"), "cache_enabled": False}
        connection = replace(CONNECTION, authentication=replace(SETTINGS, session_name=tmp_path.name))
        credential_source(connection, **options, mask=lambda _: None).current()
    assert service.calls == 1
    assert not (tmp_path / "cache").exists()


def test_an_unsafe_directory_is_reported_once_and_not_used(
    service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Credentials are then shared inside the process only."""
    tmp_path.chmod(0o755)
    connection = replace(CONNECTION, authentication=replace(SETTINGS, session_name=tmp_path.name))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            credential_source(connection, cache_dir=str(tmp_path), mask=lambda _: None).current()
    assert caplog.text.count("must belong to this user and have mode 0700") == 1
    assert service.calls == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("service")
def test_a_damaged_entry_costs_one_call(tmp_path: Path) -> None:
    """It is replaced by a sound one."""
    cache = DiskCache(tmp_path / "cache")
    source_of(cache).current()
    (entry,) = (tmp_path / "cache").glob("*.lease")
    entry.write_bytes(entry.read_bytes()[:-1])
    assert {source_of(cache).current().access_key_id for _ in range(3)} == {"ASIA2"}


def test_no_file_of_the_cache_holds_a_secret(service: Service, tmp_path: Path) -> None:
    """Neither of the credentials, nor of a failure."""
    cache = DiskCache(tmp_path / "cache")
    source_of(cache).current()
    service.failures = [REFUSAL]
    source = source_of(cache)
    source.reject(source.current())
    with pytest.raises(S3RestCredentialError):
        source.current()
    files = list((tmp_path / "cache").iterdir())
    assert {file.suffix for file in files} == {".lease", ".failure", ".lock"}
    for file in files:
        content = file.read_bytes()
        assert not [word for word in (b"ASIA1", b"secret1", b"token", b"Denied") if word in content]
