# SPDX-License-Identifier: Apache-2.0
"""What this provider takes from Airflow - a connection, its options - and gives to it: what to mask."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_s3rest.s3.options import CustomerKey

SECTION = "s3rest"

# From Airflow 3.1 on the server's components have a masker of their own, which the one for tasks does not feed.
_MASKER_OF_SERVERS = "airflow._shared.secrets_masker"
# That of tasks, and where Airflow 3.0 has it; later there is a detour of that name.
_MASKERS_OF_TASKS = ("airflow.sdk._shared.secrets_masker", "airflow.sdk.execution_time.secrets_masker")
# Airflow leaves out what is too short, by an option of its own: whether that is so of shorter ones is for it to say.
_LONG = 8


class CacheOptions(TypedDict):
    """The options of Airflow's section ``[s3rest]`` about the credential cache."""

    cache_dir: str | None
    cache_enabled: bool


def cache_options() -> CacheOptions:
    """Read the options of the credential cache."""
    from airflow.providers.common.compat.sdk import conf

    return CacheOptions(
        cache_dir=conf.get(SECTION, "cache_dir", fallback=None) or None,
        cache_enabled=conf.getboolean(SECTION, "cache_enabled", fallback=True),
    )


def read_connection(stored: Connection) -> S3RestConnection:
    """Parse a connection of Airflow's.

    :raises S3RestConnectionError: with all its faults.
    """
    conn_id = stored.conn_id or ""
    if stored.conn_type != SECTION:
        raise S3RestConnectionError(conn_id, [Fault("conn_type", f"must be {SECTION}: choose it as connection type")])
    return S3RestConnection.parse(
        conn_id=conn_id,
        host=stored.host,
        port=stored.port,
        login=stored.login,
        password=stored.password,
        extra=stored.extra,
    )


def mask(secrets: list[str]) -> None:
    """Keep secrets out of every log, also in the form that they take inside a URL."""
    from airflow.providers.common.compat.sdk import mask_secret

    forms = _forms(secrets)
    _mask(forms, *_MASKERS_OF_TASKS)
    _mask(forms, _MASKER_OF_SERVERS)
    mask_secret(forms)  # the same, and tells the supervisor


async def mask_in_triggerer(secrets: list[str]) -> None:
    """Keep secrets out of every log, as :func:`mask` does, without blocking the event loop that this runs in.

    What a process of triggers logs is masked by its supervisor, which hears of secrets by way of the event loop only.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import MaskSecret

    forms = _forms(secrets)
    _mask(forms, _MASKER_OF_SERVERS)
    _mask(forms, *_MASKERS_OF_TASKS)
    supervisor: Any = getattr(task_runner, "SUPERVISOR_COMMS", None)
    if forms and hasattr(supervisor, "asend"):
        await supervisor.asend(MaskSecret(value=forms))


def mask_key(customer_key: CustomerKey | None) -> None:
    """Keep a key of the caller's own (SSE-C) out of every log."""
    if customer_key:
        mask([customer_key.base64])


def _forms(secrets: list[str]) -> list[Any]:
    forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
    # Airflow compiles all that it masks anew for each: the long ones last, which cost the most.
    return sorted(forms, key=lambda form: (len(form), form))


def _mask(forms: list[Any], *maskers: str) -> None:
    """Tell the first of these modules that is there."""
    for module in filter(None, map(sys.modules.get, maskers)):
        # In Airflow 3.0 the public function waits for the supervisor.
        masker = module._secrets_masker()  # noqa: SLF001
        _prepare(masker, forms)
        masker.add_mask(forms)
        return


def _prepare(masker: Any, forms: list[str]) -> None:
    """Compile once what a masker of Airflow compiles once for each form that is new to it: an RSA key has some 50."""
    # A later one may keep them otherwise, and then learns all by itself.
    if not (hasattr(masker, "patterns") and hasattr(masker, "replacer")):
        return
    new = {re.escape(form) for form in forms if len(form) >= _LONG} - masker.patterns
    if new:
        masker.patterns |= new
        masker.replacer = re.compile("|".join(masker.patterns))
