# SPDX-License-Identifier: Apache-2.0
"""What a task pays for credentials that another process has fetched before it."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING

from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks.measuring import Measurement, fresh, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = """
import json, sys, time, airflow.sdk

started = time.perf_counter()
from airflow_provider_s3rest.auth import credentials
from airflow_provider_s3rest.connection import S3RestConnection
imported = time.perf_counter()
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
AESGCM(bytes(32))  # OpenSSL sets itself up at its first use in a process, whoever makes it
fields = json.loads(sys.argv[1])
fields.pop("conn_type")
loaded = time.perf_counter()
connection = S3RestConnection.parse(**fields)
parsed = time.perf_counter()
source = credentials.credential_source(connection, cache_dir=sys.argv[2], mask=lambda _: None)
source.current()
first = time.perf_counter()
source.current()
second = time.perf_counter()
steps = {
    "import": (started, imported),
    "library": (imported, loaded),
    "parse": (loaded, parsed),
    "first": (parsed, first),
    "next": (first, second),
}
print(json.dumps({name: (end - begin) * 1000 for name, (begin, end) in steps.items()}))
"""


def measure(rounds: int) -> Iterator[Measurement]:
    """Fetch once, then find the entry in new processes."""
    with LocalStack() as stack, tempfile.TemporaryDirectory() as cache:
        connection = json.dumps(stack.connection("roles_anywhere", "ec"))
        (miss,) = fresh(CODE, connection, cache, rounds=1)
        hits = fresh(CODE, connection, cache, rounds=rounds)
        assert stack.rolesanywhere.sessions_created == 1
    yield measured("credentials: a miss, with its CreateSession", [miss], "first")
    yield measured("credentials: a hit in a new process", hits, "first", 1)
    yield measured("credentials: the next hit", hits, "next")
    yield measured("before it: import auth and connection", hits, "import")
    yield measured("before it: load OpenSSL, which sets itself up once", hits, "library")
    yield measured("before it: parse the connection", hits, "parse")
