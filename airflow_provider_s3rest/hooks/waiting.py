# SPDX-License-Identifier: Apache-2.0
"""Accounts for those who wait: of a task, and of the triggerer, where nothing may block the event loop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.store import S3

log = logging.getLogger(__name__)


def store_for_waiting(hook: S3RestHook) -> S3:
    """Return the engines of a hook's connection for looks that will be repeated anyway: with one retry at most."""
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.looking import impatient

    return S3(impatient(hook.connection), hook.store.credentials, hook.region_name)


async def open_account(s3rest_conn_id: str, region_name: str | None) -> S3:
    """Read a connection inside an event loop, and return its engines as :func:`store_for_waiting` does.

    :param region_name: the region of the buckets; default: the connection's, or else each bucket's own.
    :raises S3RestConnectionError: the connection can't work.
    """
    from airflow.providers.common.compat.connection import get_async_connection

    from airflow_provider_s3rest.hooks.airflow import mask_in_triggerer

    loop = asyncio.get_running_loop()

    def mask(secrets: list[str]) -> None:
        # Credentials are renewed in threads, as long as anybody waits.
        asyncio.run_coroutine_threadsafe(mask_in_triggerer(secrets), loop).add_done_callback(_report)

    stored = await get_async_connection(s3rest_conn_id)
    return await asyncio.to_thread(_open, stored, region_name, mask)


def _open(stored: Connection, region_name: str | None, mask: Callable[[list[str]], None]) -> S3:
    from airflow_provider_s3rest.auth.credentials import credential_source
    from airflow_provider_s3rest.hooks.airflow import cache_options, read_connection
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.looking import impatient

    connection = read_connection(stored)
    return S3(impatient(connection), credential_source(connection, mask=mask, **cache_options()), region_name)


def _report(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("Airflow could not be told what to mask in logs: %s", error)
