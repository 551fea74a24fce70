# SPDX-License-Identifier: Apache-2.0
"""The command ``airflow-s3rest``: tests connections, hands out their credentials, and tends the credential cache.

It finds connections where Airflow's own commands do: in the environment, in the secrets backend, in the database.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_provider_s3rest.auth.cache import DiskCache, Entry
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

# SDKs ask for credentials again at every request that they sign once there are less than 10 to 15 minutes left.
LIFE_FOR_SDKS_SECONDS = 16 * 60.0

_SUFFIXES = {"lease": "credentials", "failure": "refusal"}
_SHOWN_DIGITS = 12
_INTERRUPTED = 130  # as shells say it
# Names the connections whose credentials this process, or one that it was started by, is about to get.
_UNDER_WAY = "AIRFLOW_S3REST_CREDENTIALS_UNDER_WAY"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: those after the command's name; default: the process's own.
    :returns: the exit code: 0 if all went well, 1 if not, 130 after Ctrl-C.
    :raises SystemExit: with 2 for a command line that can't be.
    """
    given = _parser().parse_args(arguments)
    with _output() as output:
        try:
            return int(given.run(given, output))
        except KeyboardInterrupt:
            return _INTERRUPTED
        except Exception as error:  # noqa: BLE001 - a person, or an SDK, reads what went wrong, and no traceback
            sys.stderr.write(f"airflow-s3rest: {str(error) or type(error).__name__}\n")
            return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="airflow-s3rest", description=(__doc__ or "").partition(":")[2].strip())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="test a connection, stage by stage, past every cache")
    check.add_argument("conn_id", metavar="CONN_ID", help="the connection's id")
    check.add_argument("--region", help="the region of S3, if not the connection's")
    check.set_defaults(run=_check)

    credentials = commands.add_parser(
        "credentials",
        help="print a connection's credentials as credential_process wants them",
        description="Prints the credentials of a connection, from the shared cache if it has any, as JSON for the "
        "setting credential_process of any AWS SDK. The output is secret.",
    )
    credentials.add_argument("conn_id", metavar="CONN_ID", help="the connection's id")
    credentials.set_defaults(run=_credentials)

    cache = commands.add_parser("cache", help="list or clear the credential cache of this user on this machine")
    actions = cache.add_subparsers(required=True, metavar="ACTION")
    for name, run, does in (("list", _cache_list, "list entries"), ("clear", _cache_clear, "take entries away")):
        action = actions.add_parser(name, help=f"{does}, of all connections or of one")
        action.add_argument("conn_id", metavar="CONN_ID", nargs="?", help="only those of this connection")
        action.set_defaults(run=run)
    return parser


def _check(given: argparse.Namespace, output: TextIO) -> int:
    diagnosis = _hook(given.conn_id, given.region).diagnose()
    for stage in diagnosis.stages:
        print(f"{'ok    ' if stage.good else 'FAILED'} {stage.name}: {stage.said}", file=output)
    print(f"{'Success' if diagnosis.good else 'Failure'} after {diagnosis.seconds:.1f} s", file=output)
    return 0 if diagnosis.good else 1


def _credentials(given: argparse.Namespace, output: TextIO) -> int:
    """Follow https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html ."""
    from airflow_provider_s3rest.auth.credentials import credential_source
    from airflow_provider_s3rest.hooks.airflow import cache_options, mask

    with _no_circle(given.conn_id):
        connection = _hook(given.conn_id).connection
    source = credential_source(connection, mask=mask, life_seconds=LIFE_FOR_SDKS_SECONDS, **cache_options())
    credentials = source.current()
    expires_at = credentials.expires_at
    told = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": expires_at and f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    json.dump({name: value for name, value in told.items() if value is not None}, output)
    print(file=output)
    return 0


@contextmanager
def _no_circle(conn_id: str) -> Iterator[None]:
    """Notice a secrets backend that gets its own credentials by this command: it would start it again and again.

    :raises S3RestError: this process works for one that is about to read the same connection.
    """
    from airflow_provider_s3rest.exceptions import S3RestError

    outer = os.environ.get(_UNDER_WAY, "")
    if conn_id in outer.split():
        raise S3RestError(
            f"Connection {conn_id!r} can't be read, since the secrets backend needs its credentials for that: set "
            "AIRFLOW__SECRETS__BACKEND= for this command where the backend gets its credentials by it"
        )
    os.environ[_UNDER_WAY] = f"{outer} {conn_id}"
    try:
        yield
    finally:
        os.environ[_UNDER_WAY] = outer


def _cache_list(given: argparse.Namespace, output: TextIO) -> int:
    cache, entries = _entries(given.conn_id)
    print(f"{len(entries)} entries in {cache.directory}", file=output)
    for entry in entries:
        digest, _, suffix = entry.name.partition(".")
        kind = _SUFFIXES.get(suffix, "left over")
        written = f"{entry.written_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"{digest[:_SHOWN_DIGITS]}  {kind:<11}  {written}  {entry.size} bytes", file=output)
    return 0


def _cache_clear(given: argparse.Namespace, output: TextIO) -> int:
    cache, entries = _entries(given.conn_id)
    for entry in entries:
        cache.remove(entry.name)
    print(f"{len(entries)} entries taken from {cache.directory}", file=output)
    return 0


def _entries(conn_id: str | None) -> tuple[DiskCache, list[Entry]]:
    """Return the cache, and its entries of one connection or of all."""
    from airflow_provider_s3rest.auth.cache import DiskCache, UnsafeDirectoryError
    from airflow_provider_s3rest.auth.credentials import cache_directory
    from airflow_provider_s3rest.auth.vault import Vault
    from airflow_provider_s3rest.connection import RolesAnywhere
    from airflow_provider_s3rest.exceptions import S3RestError
    from airflow_provider_s3rest.hooks.airflow import cache_options

    directory = cache_directory(cache_options()["cache_dir"])
    try:
        cache = DiskCache(directory)
    except UnsafeDirectoryError as error:
        raise S3RestError(f"There is no cache in {directory}, because {error}") from error
    if conn_id is None:
        return cache, cache.entries()
    settings = _hook(conn_id).connection.authentication
    if not isinstance(settings, RolesAnywhere):
        raise S3RestError(f"Connection {conn_id!r} has access keys, which are never cached")
    own = Vault.of(settings).entry_id
    return cache, [entry for entry in cache.entries() if entry.name.startswith(f"{own}.")]


def _hook(conn_id: str, region_name: str | None = None) -> S3RestHook:
    # Airflow's word for a process that may ask the database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

    return S3RestHook(conn_id, region_name=region_name)


@contextmanager
def _output() -> Iterator[TextIO]:
    """Keep what others print, such as Airflow's warnings, out of the command's own output, which programs read."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(own, "w", encoding="utf-8", closefd=False) as output:
            yield output
    finally:
        sys.stdout.flush()
        os.dup2(own, 1)
        os.close(own)


if __name__ == "__main__":
    sys.exit(main())
