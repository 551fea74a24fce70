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
from typing import TYPE_CHECKING, Any

from benchmarks import peer
from benchmarks.server import Options, serve
from benchmarks.serving import serving
from benchmarks.waiting.comparing import Comparison, connections
from benchmarks.waiting.waiters import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS, SMOKE_KEYS = 100_000, 5000
LOOKS, SMOKE_LOOKS = 5, 1
INTERVAL_SECONDS = 5
LIMIT_MILLISECONDS = 50


def measure(*, smoke: bool) -> Iterator[Comparison]:
    """Wait for more objects than there are, and watch those for changes; each in a fresh process."""
    keys, looks = (SMOKE_KEYS, SMOKE_LOOKS) if smoke else (KEYS, LOOKS)
    for kind, does in {"S3RestPrefixTrigger": "wait below", "S3RestObjectTrigger": "watch"}.items():
        with serving(serve, Options(keys=keys)) as address:
            command = [sys.executable, "-m", "benchmarks.waiting.large_prefix", kind, str(looks)]
            env = os.environ | connections(address)
            done = subprocess.run(command, cwd=peer.ROOT, env=env, capture_output=True, text=True, check=True)
        longest = max(json.loads(done.stdout.splitlines()[-1]))
        yield Comparison(name=f"{does} {keys:,} objects: ms the loop stood", ours=longest, limit=LIMIT_MILLISECONDS)


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
    more = {"at_least_objects": KEYS + 1} if kind == "S3RestPrefixTrigger" else {}
    triggers = importlib.import_module("airflow_provider_s3rest.triggers.s3rest")
    trigger = getattr(triggers, kind)(bucket_name="listed", prefix="data/", poll_interval=INTERVAL_SECONDS, **more)
    # To collect the garbage of all that Airflow has imported stops everything for 0.2 s, whoever causes it.
    gc.collect()
    gc.freeze()
    print(json.dumps(asyncio.run(_stood(trigger, int(looks)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
