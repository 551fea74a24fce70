# SPDX-License-Identifier: Apache-2.0
"""The trial itself: objects arrive, lives end."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.local import deathsignal
from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks.restarts import database
from benchmarks.restarts.coverage import Coverage
from demo.logs import tail
from demo.processes import Service, running

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKET, PREFIX = "restarts", "in/"
IMPORTS = "from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger"
TRIGGER = f'S3RestObjectTrigger(bucket_name="{BUCKET}", prefix="{PREFIX}", poll_interval=0.5)'
# A life needs two seconds to find the trigger, and three more until what it has seen is surely kept.
LONGEST_LIFE_SECONDS = 7.0
# For a busy machine; an idle one needs a tenth of it.
PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How much is to happen, and the seed of its chances.

    :param longest_life: of a triggerer, in seconds; each ends at any time until then.
    """

    kills: int
    objects: int
    seed: int = 4
    longest_life: float = LONGEST_LIFE_SECONDS

    @property
    def seconds(self) -> float:
        """About how long it takes until all lives have ended."""
        return self.kills * self.longest_life / 2


def run(trial: Trial, say: Callable[[str], object], imports: str = IMPORTS, trigger: str = TRIGGER) -> Coverage:
    """Let objects arrive and lives end, then one life settle.

    :param say: is told how far it is.
    :param imports: the line by which the DAG file imports the trigger.
    :param trigger: the expression that makes it.
    """
    with tempfile.TemporaryDirectory(prefix="s3rest-restarts-") as folder, LocalStack() as stack:
        client = stack.s3_client()
        client.create_bucket(Bucket=BUCKET)
        settings = {"AIRFLOW_CONN_S3REST_DEFAULT": json.dumps(stack.connection())}
        home = Path(folder)
        airflow = database.make(home, imports, trigger, settings)
        groups = home / "groups"
        groups.touch()
        launcher = [sys.executable, deathsignal.__file__, str(os.getpid())]
        command = [*launcher, sys.executable, "-m", "benchmarks.restarts.lives", str(groups)]
        with running("triggerers", command, log=home / "triggerers.log", env=airflow.env) as triggerers:
            watch = _Watch(trial=trial, airflow=airflow, client=client, groups=groups, triggerers=triggerers, say=say)
            return watch.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    trial: Trial
    airflow: database.Database
    client: Any
    groups: Path
    triggerers: Service
    say: Callable[[str], object]

    def run(self) -> Coverage:
        chance = random.Random(self.trial.seed)  # noqa: S311 - it only has to be different, and the same again
        objects = self._first_objects()
        arrivals = threading.Thread(target=self._arrive, args=(objects, chance.random()), daemon=True)
        arrivals.start()
        kills = [self._kill(number, chance) for number in range(self.trial.kills)]
        arrivals.join()
        self._settle(objects)
        return Coverage(objects=objects, events=self.airflow.events(), kills=kills)

    def _first_objects(self) -> dict[str, str]:
        """Put objects until an event tells of one: from then on the watcher watches."""
        objects: dict[str, str] = {}
        self._life(0)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (events := self.airflow.events()):
            self._check(deadline, "for a first event")
            self._put(objects, f"{PREFIX}first/{len(objects):04}")
            time.sleep(1)
        first = events[0].version[0]
        # Those before it may have been there before the watcher looked first.
        return {key: etag for key, etag in objects.items() if key >= first}

    def _arrive(self, objects: dict[str, str], seed: float) -> None:
        chance = random.Random(seed)  # noqa: S311
        for _ in range(self.trial.objects):
            time.sleep(chance.expovariate(self.trial.objects / self.trial.seconds))
            self._put(objects, f"{PREFIX}{chance.getrandbits(64):016x}")

    def _put(self, objects: dict[str, str], key: str) -> None:
        objects[key] = self.client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())["ETag"].strip('"')

    def _life(self, number: int) -> int:
        """Wait until a life has begun; return its process group."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(groups := self.groups.read_text().split()) <= number:
            self._check(deadline, f"for life {number}")
            time.sleep(POLL_SECONDS)
        return int(groups[number])

    def _kill(self, number: int, chance: random.Random) -> datetime:
        group = self._life(number)
        time.sleep(chance.uniform(0, self.trial.longest_life))
        os.killpg(group, signal.SIGKILL)
        if number % 10 == 0:
            self.say(f"  {number} kills, {len(self.airflow.events())} events")
        return datetime.now(UTC)

    def _settle(self, objects: dict[str, str]) -> None:
        """Wait until every object has its event, or no more events come."""
        count, deadline = -1, 0.0
        while set(objects) - {event.version[0] for event in self.airflow.events()}:
            if (events := len(self.airflow.events())) != count:
                count, deadline = events, time.monotonic() + PATIENCE_SECONDS
            if time.monotonic() > deadline:
                return
            time.sleep(1)
        # What would be told twice, would be told now.
        time.sleep(self.trial.longest_life)

    def _check(self, deadline: float, what: str) -> None:
        self.triggerers.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {what}:\n{tail(self.triggerers.log)}")
