# SPDX-License-Identifier: Apache-2.0
"""How long an event loop stands while a trigger looks at a prefix of 100,000 objects, by a watchdog task."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from benchmarks import peer
from benchmarks.measuring import Measurement
from benchmarks.serving import serving
from benchmarks.waiting.comparing import connections
from benchmarks.waiting.waiters import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

PAGES, SMOKE_PAGES = 100, 5
LOOKS, SMOKE_LOOKS = 5, 1
PAGE = 1000
INTERVAL_SECONDS = 5
LIMIT_MILLISECONDS = 50
_SMOKE_ROUNDS = 2


def measure(rounds: int) -> Iterator[Measurement]:
    """Wait for more objects than there are, and watch those for changes; each in a fresh process."""
    pages, looks = (SMOKE_PAGES, SMOKE_LOOKS) if rounds <= _SMOKE_ROUNDS else (PAGES, LOOKS)
    for kind, does in {"S3RestPrefixTrigger": "wait below", "S3RestObjectTrigger": "watch"}.items():
        with serving(_serve, pages) as port:
            command = [sys.executable, "-m", "benchmarks.large_prefix", kind, str(looks)]
            env = os.environ | connections(f"http://127.0.0.1:{port}")
            done = subprocess.run(command, cwd=peer.ROOT, env=env, capture_output=True, text=True, check=True)
        figures = tuple(json.loads(done.stdout.splitlines()[-1]))
        name = f"{does} {pages * PAGE:,} objects: ms the loop stood"
        yield Measurement(name=name, figures=figures, limit=LIMIT_MILLISECONDS)


def _serve(port: Connection, pages: int) -> None:
    bodies = [_page(number, is_last=number == pages - 1) for number in range(pages)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = bodies[int(parse_qs(urlsplit(self.path).query).get("continuation-token", ["0"])[0])]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port.send(server.server_port)
        server.serve_forever()


def _page(number: int, *, is_last: bool) -> bytes:
    items = "".join(
        f"<Contents><Key>p/{number:03}{place:04}</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified>"
        "<ETag>&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;</ETag><Size>5</Size></Contents>"
        for place in range(PAGE)
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{number + 1}</NextContinuationToken>"
    return f"<ListBucketResult>{'' if is_last else more}{items}</ListBucketResult>".encode()


async def _stood(trigger: Any, looks: int) -> list[float]:
    """Run a trigger; return the longest stand of the loop in each interval."""

    async def run() -> None:
        async for event in trigger.run():
            raise RuntimeError(f"nothing was to be told: {event}")

    running = asyncio.create_task(run())
    figures = []
    for _ in range(looks):
        async with Watchdog() as watchdog:
            await asyncio.wait((running,), timeout=1.2 * INTERVAL_SECONDS)
        if running.done():
            running.result()
        figures.append(watchdog.longest)
    running.cancel()
    return figures


def main(kind: str, looks: str) -> None:
    """Run a trigger and print the figures."""
    importlib.import_module("airflow.jobs.triggerer_job_runner")  # what every triggerer has loaded
    more = {"at_least_objects": PAGES * PAGE + 1} if kind == "S3RestPrefixTrigger" else {}
    triggers = importlib.import_module("airflow_provider_s3rest.triggers.s3rest")
    trigger = getattr(triggers, kind)(bucket_name="large", prefix="p/", poll_interval=INTERVAL_SECONDS, **more)
    # To collect the garbage of all that Airflow has imported stops everything for 0.2 s, whoever causes it.
    gc.collect()
    gc.freeze()
    print(json.dumps(asyncio.run(_stood(trigger, int(looks)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
