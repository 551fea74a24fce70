# SPDX-License-Identifier: Apache-2.0
"""The program that waits: many triggers in one event loop, as a triggerer runs them. It prints what they cost.

It runs in the peer's environment too, so that it needs nothing but Airflow and the provider that it measures.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.waiting.server import BUCKET, key, pattern

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_SECONDS = 0.005
PATIENCE_SECONDS = 300


def ours(kind: str, interval: float) -> Callable[[int], Any]:
    """Make triggers of this provider."""
    trigger = importlib.import_module("airflow_provider_s3rest.triggers.s3rest").S3RestKeyTrigger
    if kind == "prefix":
        return lambda number: trigger(bucket_name=BUCKET, glob=pattern(number), poll_interval=interval)
    return lambda number: trigger(bucket_name=BUCKET, key=key(number), poll_interval=interval)


def amazon(kind: str, interval: float) -> Callable[[int], Any]:
    """Make triggers of the amazon provider."""
    trigger = importlib.import_module("airflow.providers.amazon.aws.triggers.s3").S3KeyTrigger
    wild, name = kind == "prefix", pattern if kind == "prefix" else key
    return lambda number: trigger(BUCKET, name(number), wildcard_match=wild, poke_interval=interval)


class Waiters:
    """Triggers that run, and the longest time for which their event loop did nothing else."""

    def __init__(self, make: Callable[[int], Any], count: int) -> None:
        self.fired: list[Any] = []
        self.block = 0.0
        self._make, self._count = make, count
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start them one by one, with other things in between, as a triggerer does."""
        self._watchdog = asyncio.create_task(self._watch())
        await asyncio.sleep(TICK_SECONDS)
        for number in range(self._count):
            await asyncio.sleep(0)
            self._tasks.append(asyncio.create_task(self._drain(self._make(number))))

    async def finish(self) -> None:
        """Wait until all have fired."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE_SECONDS)
        self._watchdog.cancel()

    async def _drain(self, trigger: Any) -> None:
        async for event in trigger.run():
            self.fired.append(event.payload)
        await trigger.cleanup()

    async def _watch(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self.block = max(self.block, time.perf_counter() - started - TICK_SECONDS)


async def look(waiters: Waiters) -> dict[str, float]:
    """Measure until waiters whose objects are there have looked once, and thus fired."""
    started, cpu = time.perf_counter(), time.process_time()
    await waiters.start()
    await waiters.finish()
    return {
        "start": time.perf_counter() - started,
        "start cpu": time.process_time() - cpu,
        "block": waiters.block * 1000,
    }


async def wait(waiters: Waiters, server: str, looks: int, interval: float, intervals: int) -> dict[str, float]:
    """Measure while objects are absent; then let them come, so that all fire.

    :param looks: how many requests the server has seen when all have looked once.
    """
    process = psutil.Process()
    memory = process.memory_full_info()
    await waiters.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await asyncio.to_thread(ask, server, "stats"))["asked"] < looks:
        assert time.monotonic() < deadline, "they do not look"
        await asyncio.sleep(0.5)
    await asyncio.sleep(interval)
    waiters.block = 0.0
    before = await asyncio.to_thread(ask, server, "stats")
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(interval * intervals)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    grown = process.memory_full_info()
    after = await asyncio.to_thread(ask, server, "stats")
    block, served = waiters.block, {name: after[name] - before[name] for name in after}
    await asyncio.to_thread(ask, server, "arrive")
    await waiters.finish()
    return {
        "cpu": 100 * cpu / seconds,
        "lists": served["lists"] / intervals,
        "heads": served["heads"] / intervals,
        "rss": (grown.rss - memory.rss) / (1 << 20),
        "uss": (grown.uss - memory.uss) / (1 << 20),
        "block": block * 1000,
        "server cpu": 100 * served["cpu"] / seconds,
    }


def ask(server: str, path: str) -> dict[str, float]:
    """Ask the server what it was asked."""
    with urllib.request.urlopen(f"{server}/.{path}") as response:  # noqa: S310 - our own server
        return json.load(response)


def main(side: str, kind: str, way: str, *numbers: str) -> None:
    """Run and print figures.

    :param side: ``ours`` or ``amazon``.
    :param kind: ``prefix`` or ``keys``: what they wait for.
    :param way: ``look`` or ``wait``: what is measured.
    """
    server, (count, interval, intervals) = numbers[0], (int(number) for number in numbers[1:])
    waiters = Waiters({"ours": ours, "amazon": amazon}[side](kind, interval), count)
    looks = 1 if (side, kind) == ("ours", "prefix") else count
    measuring = look(waiters) if way == "look" else wait(waiters, server, looks, interval, intervals)
    figures = asyncio.run(measuring)
    wrong = [payload for payload in waiters.fired if payload.get("status") not in {"found", "success"}]
    assert not wrong, wrong[0]
    assert len(waiters.fired) == count, len(waiters.fired)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
