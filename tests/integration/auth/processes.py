# SPDX-License-Identifier: Apache-2.0
"""Run as a program: forks processes, as Airflow forks tasks, that all ask for credentials at the same moment.

Reads its orders as JSON from standard input and prints, for every round, what each process got.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import botocore.session  # noqa: F401 - what the fetching process needs is loaded once, before the forks
import httpx  # noqa: F401
import tenacity  # noqa: F401
from cryptography.hazmat.primitives.ciphers import aead  # noqa: F401

from airflow_provider_s3rest.auth import credentials, session  # noqa: F401
from airflow_provider_s3rest.connection import S3RestConnection


def ask(connection: S3RestConnection, cache_dir: str, *, reject: bool) -> dict[str, Any]:
    """Ask once, or once more after calling the first answer rejected."""
    source = credentials.credential_source(connection, cache_dir=cache_dir, mask=lambda _: None)
    try:
        given = source.current()
        if reject:
            source.reject(given)
            given = source.current()
    except Exception as error:  # noqa: BLE001 - the test judges it
        return {"error": str(error)}
    return {"key": given.access_key_id}


def round_of(count: int, connection: S3RestConnection, cache_dir: str, *, reject: bool) -> list[dict[str, Any]]:
    """Fork so many processes, let them go at once, and collect their answers."""
    gate, starter = os.pipe()
    answers, results = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os.close(starter)
            os.read(gate, 1)
            os.write(results, json.dumps(ask(connection, cache_dir, reject=reject)).encode() + b"\n")
            os._exit(0)
        children.append(child)
    os.close(results)
    os.close(gate)
    os.close(starter)
    with os.fdopen(answers) as stream:
        lines = stream.readlines()
    for child in children:
        os.waitpid(child, 0)
    return [json.loads(line) for line in lines]


def main() -> None:
    """Run all rounds."""
    orders = json.load(sys.stdin)
    fields = orders["connection"]
    connection = S3RestConnection.parse(
        conn_id="processes", host=fields["host"], port=fields["port"], extra=fields["extra"]
    )
    credentials.LONGEST_WAIT_SECONDS = orders["longest_wait_seconds"]
    for cache_dir in orders["cache_dirs"]:
        answers = round_of(orders["count"], connection, cache_dir, reject=orders["reject"])
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
