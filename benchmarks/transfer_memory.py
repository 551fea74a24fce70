# SPDX-License-Identifier: Apache-2.0
"""How much memory a large object takes on its way up, whatever it comes from, and down."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING

from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks.measuring import Measurement, fresh, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_MIB = 200
MEBIBYTES, SMOKE_MEBIBYTES = 2048, 64
_SMOKE_ROUNDS = 2

CODE = """
import json, os, resource, sys, time
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.s3 import S3

fields, directory, way, mebibytes = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
connection = S3RestConnection.parse(**{name: fields[name] for name in ("host", "port", "login", "password", "extra")})
keys = Credentials(access_key_id=fields["login"], secret_access_key=fields["password"])

class Source:
    def current(self):
        return keys

s3 = S3(connection, Source())
if way == "stream":
    s3.client().create_bucket(Bucket="bench")
started = time.perf_counter()
if way == "stream":
    s3.upsert_object("bench", "large", (bytes([number % 251]) * (1 << 20) for number in range(mebibytes)))
elif way == "save":
    s3.get_object("bench", "large").save(f"{directory}/large")
elif way == "file":
    from pathlib import Path
    s3.upsert_object("bench", "large", Path(directory) / "large")
else:
    assert sum(map(len, s3.get_object("bench", "large"))) == mebibytes << 20
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peak": peak, "rate": mebibytes / seconds}))
"""
WAYS = {
    "stream": "up from an iterable",
    "save": "down to a file",
    "file": "up from a file",
    "read": "down in chunks",
}


def measure(rounds: int) -> Iterator[Measurement]:
    """Send and fetch 2 GiB, each way in a process of its own; the peak is that of the whole process."""
    size = SMOKE_MEBIBYTES if rounds <= _SMOKE_ROUNDS else MEBIBYTES
    with LocalStack() as stack, tempfile.TemporaryDirectory() as directory:
        connection = json.dumps(stack.connection())
        for way, words in WAYS.items():
            found = fresh(CODE, connection, directory, way, str(size), rounds=1)
            yield measured(f"{size} MiB {words}: MiB at most", found, "peak", LIMIT_MIB)
            yield measured(f"{size} MiB {words}: MiB/s", found, "rate")
