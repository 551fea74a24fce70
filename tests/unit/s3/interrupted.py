# SPDX-License-Identifier: Apache-2.0
"""A task that is told to end, in a process of its own: says how it ended, and how long that took, as JSON."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import AccessKeys, S3RestConnection
from airflow_provider_s3rest.s3.progress import Progress
from airflow_provider_s3rest.s3.store import S3
from airflow_provider_s3rest.s3.sync import sync
from airflow_provider_s3rest.s3.sync.model import SyncOptions
from airflow_provider_s3rest.s3.sync.prefix import Prefix


class Source:
    """One set of credentials."""

    def current(self) -> Credentials:
        """Give it."""
        return Credentials(access_key_id="AK", secret_access_key="SK")

    def reject(self, _: Credentials) -> bool:
        """There is no other."""
        return False


def _sync(s3: S3, size: int) -> None:
    """Upload two files, each in parts, at once."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "b"):
            (Path(folder) / name).write_bytes(bytes(size))
        target = Prefix(s3=s3, bucket_name="bucket", prefix="")
        sync(Path(folder), target, SyncOptions(), lambda what, total, unit: Progress(what, id, total=total, unit=unit))


def main(url: str, operation: str, size: int) -> None:
    """Do one operation, and end as Airflow's signal handler makes a task end: by an error in the main thread."""
    told = 0.0

    def stop(*_: object) -> None:
        nonlocal told
        told = time.monotonic()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    keys = AccessKeys(access_key_id="AK", secret_access_key="SK")
    s3 = S3(S3RestConnection(authentication=keys, endpoint_url=url), Source())
    ended = "done"
    try:
        if operation == "put":
            s3.upsert_object("bucket", "key", bytes(size))
        elif operation == "sync":
            _sync(s3, size)
        elif operation == "get":
            s3.get_object("bucket", "key").read()
        else:
            s3.delete_objects("bucket", "key")
    except KeyboardInterrupt as error:
        ended = f"interrupted {getattr(error, '__notes__', '')}"
    print(json.dumps({"ended": ended, "seconds": time.monotonic() - told}))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
