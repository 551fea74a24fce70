# SPDX-License-Identifier: Apache-2.0
"""The program that waits: many triggers in one event loop, as a triggerer runs them. It prints what they cost.

It runs in the peer's environment too, so that it needs nothing but Airflow and the provider that it measures.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import psutil

from benchmarks.waiting.server import BUCKET, far_key, key, pattern

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_SECONDS = 0.005
SETTLE_SECONDS = 0.5
PATIENCE_SECONDS = 300


def ours(kind: str, interval: float) -> Callable[[int], Any]:
    """Make triggers of this provider."""
    trigger = importlib.import_module("airflow_provider_s3rest.triggers.s3rest").S3RestKeyTrigger
    if kind == "prefix":
        return lambda number: trigger(bucket_name=BUCKET, glob=pattern(number), poll_interval=interval)
    name = far_key if kind == "folders" else key
    return lambda number: trigger(bucket_name=BUCKET, key=name(number), poll_interval=interval)


def amazon(kind: str, interval: float) -> Callable[[int], Any]:
    """Make triggers of the amazon provider."""
    trigger = importlib.import_module("airflow.providers.amazon.aws.triggers.s3").S3KeyTrigger
    wild, name = kind == "prefix", pattern if kind == "prefix" else key
    return lambda number: trigger(BUCKET, name(number), wildcard_match=wild, poke_interval=interval)


class Waiters:
    """Triggers that run in the event loop."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.fired: list[Any] = []
        self._make = make
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, count: int) -> None:
        """Start more of them, one by one and with other things in between, as a triggerer does."""
        for _ in range(count):
            await asyncio.sleep(0)
            self._tasks.append(asyncio.create_task(self._drain(self._make(len(self._tasks)))))

    async def finish(self) -> None:
        """Wait until all have fired."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE_SECONDS)

    async def _drain(self, trigger: Any) -> None:
        async for event in trigger.run():
            self.fired.append(event.payload)
        await trigger.cleanup()


class Watchdog:
    """The longest time in milliseconds for which an event loop had no time for a task that was due."""

    longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(TICK_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self.longest = max(self.longest, 1000 * (time.perf_counter() - started - TICK_SECONDS))


async def look(waiters: Waiters, count: int) -> dict[str, float]:
    """Measure until waiters whose objects are there have looked once, and thus fired."""
    async with Watchdog() as watchdog:
        started, cpu = time.perf_counter(), time.process_time()
        await waiters.start(count)
        await waiters.finish()
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {"start": seconds, "start cpu": cpu, "start block": watchdog.longest}


async def wait(
    waiters: Waiters, count: int, server: str, looks: int, interval: float, intervals: int
) -> dict[str, float]:
    """Measure while objects are absent; then let them come, so that all fire.

    :param looks: how often the server has been asked when all have looked once.
    """
    bare = memory()
    await waiters.start(1)
    await seen(waiters, server, 1)
    with_one = memory()
    await waiters.start(count - 1)
    await seen(waiters, server, looks)
    await asyncio.sleep(interval)
    before = await asyncio.to_thread(ask, server, "stats")
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(interval * intervals)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    after = await asyncio.to_thread(ask, server, "stats")
    served = {name: after[name] - before[name] for name in after}
    async with Watchdog() as watchdog:
        await asyncio.sleep(interval * intervals)
    with_all = memory()
    await asyncio.to_thread(ask, server, "arrive")
    await waiters.finish()
    return {
        "cpu": 100 * cpu / seconds,
        "lists": served["lists"] / intervals,
        "heads": served["heads"] / intervals,
        "first memory": with_one - bare,
        "memory": with_all - with_one,
        "block": watchdog.longest,
        "server cpu": 100 * served["cpu"] / seconds,
    }


async def seen(waiters: Waiters, server: str, looks: int) -> None:
    """Wait until the server has been asked so often, and a little longer for what is done with the answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await asyncio.to_thread(ask, server, "stats"))["asked"] < looks:
        assert not waiters.fired, waiters.fired[0]
        assert time.monotonic() < deadline, "they do not look"
        await asyncio.sleep(SETTLE_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)


def memory() -> float:
    """Return how much memory this process has for itself, in MiB."""
    return psutil.Process().memory_full_info().uss / (1 << 20)


def ask(server: str, path: str) -> dict[str, float]:
    """Ask the server what it was asked."""
    with urllib.request.urlopen(f"{server}/.{path}") as response:  # noqa: S310 - our own server
        return json.load(response)


def main(side: str, kind: str, way: str, *numbers: str) -> None:
    """Run and print figures.

    :param side: ``ours`` or ``amazon``.
    :param kind: ``prefix``, ``keys`` (of one folder) or ``folders`` (a key in each): what they wait for.
    :param way: ``look`` or ``wait``: what is measured.
    """
    importlib.import_module("airflow.jobs.triggerer_job_runner")  # what every triggerer has loaded
    server, (count, interval, intervals) = numbers[0], (int(number) for number in numbers[1:])
    waiters = Waiters({"ours": ours, "amazon": amazon}[side](kind, interval))
    looks = 1 if side == "ours" and kind != "folders" else count
    # To collect the garbage of all that Airflow has imported stops everything for 0.2 s, whoever causes it.
    gc.collect()
    gc.freeze()
    measuring = look(waiters, count) if way == "look" else wait(waiters, count, server, looks, interval, intervals)
    figures = asyncio.run(measuring)
    wrong = [payload for payload in waiters.fired if payload.get("status") not in {"found", "success"}]
    assert not wrong, wrong[0]
    assert len(waiters.fired) == count, len(waiters.fired)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
