# SPDX-License-Identifier: Apache-2.0
"""From a connection to credentials that are always live, fetched once for all threads and processes of a machine."""

from __future__ import annotations

import functools
import logging
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.auth.cache import (
    LOCK_SUFFIX,
    DiskCache,
    MemoryCache,
    UnsafeDirectoryError,
    default_directory,
)
from airflow_provider_s3rest.auth.lease import SHORTEST_LIFE_SECONDS, Instant, Lease
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.auth.vault import Vault
from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.auth.model import CredentialSource

log = logging.getLogger(__name__)

# Longer than an attempt may take: a holder that is slower hangs, and its waiters take the next lock.
LONGEST_WAIT_SECONDS = 20.0
LOCKS = 2
POLL_SECONDS = (0.010, 0.050)
# A failure that is this young is everybody's: asking again at once would only add to the service's trouble.
FAILURE_LIFE_SECONDS = 1.0


_memory = MemoryCache()


def credential_source(
    connection: S3RestConnection,
    *,
    cache_dir: str | None = None,
    cache_enabled: bool = True,
    life_seconds: float = SHORTEST_LIFE_SECONDS,
    mask: Callable[[list[str]], None],
) -> CredentialSource:
    """Where the clients of a connection take their credentials from.

    :param cache_dir: the directory of the disk cache; None for the user's own runtime or temporary directory.
    :param cache_enabled: whether other processes may use the credentials; if not, they live in this process only.
    :param life_seconds: how long temporary credentials must still live; see
        :meth:`~airflow_provider_s3rest.auth.lease.Lease.is_live`.
    :param mask: is given all secrets before anything else can see them, to keep them out of logs.
    """
    match connection.authentication:
        case AccessKeys(access_key_id=key_id, secret_access_key=secret, session_token=token):
            mask(list(connection.secrets()))
            return AccessKeySource(Credentials(access_key_id=key_id, secret_access_key=secret, session_token=token))
        case RolesAnywhere() as settings:
            directory = cache_directory(cache_dir)
            cache = (_disk_cache(directory) if cache_enabled else None) or _memory
            return RolesAnywhereSource(connection, settings, cache, mask, life_seconds=life_seconds)


def cache_directory(cache_dir: str | None) -> Path:
    """Where the disk cache is.

    :param cache_dir: the directory that is configured, if one is.
    """
    return Path(cache_dir) if cache_dir else default_directory()


class AccessKeySource:
    """Credentials that never change."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def current(self) -> Credentials:
        """The credentials."""
        return self._credentials

    def reject(self, credentials: Credentials) -> bool:  # noqa: ARG002
        """There are no others."""
        return False


class RolesAnywhereSource:
    """Temporary credentials from the cache, renewed by one CreateSession call for everybody who waits.

    :param cache: where other threads and processes find them.
    :param mask: see :func:`credential_source`.
    :param life_seconds: see :meth:`~airflow_provider_s3rest.auth.lease.Lease.is_live`.
    :param sleep: waits for some seconds; a test may have no time.
    """

    def __init__(
        self,
        connection: S3RestConnection,
        settings: RolesAnywhere,
        cache: DiskCache | MemoryCache,
        mask: Callable[[list[str]], None],
        sleep: Callable[[float], None] = time.sleep,
        life_seconds: float = SHORTEST_LIFE_SECONDS,
    ) -> None:
        self._connection = connection
        self._life_seconds = life_seconds
        self._settings = settings
        self._cache = cache
        self._mask = mask
        self._sleep = sleep
        self._vault = Vault.of(settings)
        self._rejected: set[str] = set()
        self._own_failure: float | None = None
        # What is cached is masked together with the rest: each time that a masker of Airflow learns takes milliseconds.
        self._lease = self._read()
        mask([*connection.secrets(), *(self._lease.credentials.secrets() if self._lease else ())])

    def current(self) -> Credentials:
        """See :meth:`CredentialSource.current`."""
        lease = self._lease
        if lease is None or not self._is_usable(lease):
            lease = self._stored() or self._renew()
            self._lease = lease
        return lease.credentials

    def reject(self, credentials: Credentials) -> bool:
        """See :meth:`CredentialSource.reject`; entries with other credentials, newer ones perhaps, stay."""
        self._rejected.add(credentials.access_key_id)
        return True

    def _is_usable(self, lease: Lease) -> bool:
        live = lease.is_live(Instant.now(), self._life_seconds)
        return live and lease.credentials.access_key_id not in self._rejected

    def _stored(self) -> Lease | None:
        lease = self._read()
        return lease if lease and self._is_usable(self._announced(lease)) else None

    def _read(self) -> Lease | None:
        sealed = self._cache.read(f"{self._vault.entry_id}.lease")
        content = self._vault.unseal("lease", sealed) if sealed else None
        return Lease.from_dict(content) if content else None

    def _announced(self, lease: Lease) -> Lease:
        self._mask(lease.credentials.secrets())
        return lease

    def _renew(self) -> Lease:
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        delays = self._connection.retry_delays_seconds
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, S3RestCredentialError) and error.retryable),
            stop=stop_after_attempt(len(delays) + 1),
            wait=lambda state: (*delays, 0.0)[state.attempt_number - 1],
            before_sleep=lambda state: log.warning(
                "%s; trying again in %g s", state.outcome and state.outcome.exception(), state.upcoming_sleep
            ),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt)

    def _attempt(self) -> Lease:
        """One call at most, for everybody who asks meanwhile: they get what it gives, or fail as it fails."""
        started = Instant.now()
        for slot in range(LOCKS):
            deadline = time.monotonic() + LONGEST_WAIT_SECONDS
            while time.monotonic() < deadline:
                with self._cache.locked(f"{self._vault.entry_id}.{slot}{LOCK_SUFFIX}") as held:
                    lease = self._stored()
                    if lease is None and held:
                        self._raise_shared_failure(started)
                        lease = self._fetch()
                if lease:
                    return lease
                self._sleep(random.uniform(*POLL_SECONDS))  # noqa: S311 - jitter
        return self._fetch()

    def _fetch(self) -> Lease:
        # Heavy, and needed by one process of many: only here.
        from airflow_provider_s3rest.auth.session import fetch_session

        # Only who has this key could have sealed an entry, and did so with a session that it had got by it.
        key_is_checked = self._read() is not None
        try:
            session = fetch_session(self._connection, self._settings, key_is_checked=key_is_checked)
        except S3RestCredentialError as error:
            self._share_failure(error)
            raise
        lease = self._announced(
            Lease(credentials=session.credentials, skew_seconds=session.skew_seconds, fetched_at=Instant.now())
        )
        self._cache.write(f"{self._vault.entry_id}.lease", self._vault.seal("lease", lease.as_dict()))
        return lease

    def _share_failure(self, error: S3RestCredentialError) -> None:
        now = Instant.now()
        self._own_failure = now.uptime_seconds
        content = {"message": error.message, "details": error.as_dict(), "at": now.uptime_seconds, "boot": now.boot_id}
        self._cache.write(f"{self._vault.entry_id}.failure", self._vault.seal("failure", content))

    def _raise_shared_failure(self, started: Instant) -> None:
        sealed = self._cache.read(f"{self._vault.entry_id}.failure")
        content = self._vault.unseal("failure", sealed) if sealed else None
        if content is None or content["boot"] != started.boot_id or content["at"] == self._own_failure:
            return
        if started.uptime_seconds - FAILURE_LIFE_SECONDS < content["at"]:
            raise S3RestCredentialError(content["message"], **content["details"])


@functools.cache
def _disk_cache(directory: Path) -> DiskCache | None:
    try:
        return DiskCache(directory)
    except UnsafeDirectoryError as error:
        log.warning("Credentials are not shared between processes: no cache in %s, because %s", directory, error)
        return None
