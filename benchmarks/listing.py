# SPDX-License-Identifier: Apache-2.0
"""What it costs to list a bucket of a million keys: memory must not grow with their number."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from benchmarks.measuring import Measurement, fresh, measured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

KEYS, SMOKE_KEYS = 1_000_000, 20_000
FEWEST_ROUNDS = 2
PAGE = 1000
CODE = """
import json, resource, sys, time
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import AccessKeys, S3RestConnection
from airflow_provider_s3rest.s3 import S3

class Source:
    def current(self):
        return Credentials(access_key_id="AK", secret_access_key="SK")

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

keys = AccessKeys(access_key_id="AK", secret_access_key="SK")
listing = S3(S3RestConnection(authentication=keys, endpoint_url=sys.argv[1]), Source()).query_objects("bucket")
next(listing)
before, started, cpu = peak(), time.perf_counter(), time.process_time()
found = 1 + sum(1 for _ in listing)
assert found == int(sys.argv[2]), found
pages = found / 1000
print(json.dumps({
    "memory": peak() - before,
    "page": (time.perf_counter() - started) * 1000 / pages,
    "cpu": (time.process_time() - cpu) * 1000 / pages,
}))
"""


def measure(rounds: int) -> Iterator[Measurement]:
    """List a bucket that a server of another process makes up, page by page."""
    keys = KEYS if rounds > FEWEST_ROUNDS else SMOKE_KEYS
    context = get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(send, keys), daemon=True)
    server.start()
    try:
        results = fresh(CODE, receive.recv(), str(keys), rounds=1)
    finally:
        server.kill()
        server.join()
    yield measured(f"list {keys:,} keys: growth of memory in MiB", results, "memory", 30)
    yield measured("list: a page of 1,000", results, "page")
    yield measured("list: CPU for a page of 1,000", results, "cpu")


def serve(address: Connection, keys: int) -> None:
    """Serve a bucket of so many keys."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def do_GET(self) -> None:
            """Answer with the page that begins at the continuation token."""
            token = parse_qs(urlsplit(self.path).query).get("continuation-token", ["0"])
            body = page(int(token[0]), keys)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address.send(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever).start()


def page(start: int, keys: int) -> bytes:
    """Make a page of objects as S3 describes them today."""
    items = "".join(
        f"<Contents><Key>data/year%3D2026/month%3D11/part-{number:08}.parquet</Key>"
        "<LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;</ETag>"
        "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
        f"<Size>{number}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(start, min(start + PAGE, keys))
    )
    is_last = start + PAGE >= keys
    more = "" if is_last else f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>bucket</Name><IsTruncated>{str(not is_last).lower()}</IsTruncated>{more}"
        f"<EncodingType>url</EncodingType>{items}</ListBucketResult>"
    ).encode()
