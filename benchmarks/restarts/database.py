# SPDX-License-Identifier: Apache-2.0
"""A metadata database of Airflow in a temporary folder, with one DAG that watches a prefix."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.restarts.coverage import Event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DAG_FILE = '''
"""Reacts to objects; nothing runs it, since only the events count."""

from airflow.sdk import DAG, Asset, AssetWatcher
{imports}

watcher = AssetWatcher(name="arrivals", trigger={trigger})
arrivals = Asset(name="arrivals", uri="s3rest://restarts/in", watchers=[watcher])

with DAG("restarts", schedule=[arrivals], catchup=False):
    pass
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Airflow's database and the environment in which Airflow uses it."""

    home: Path
    env: Mapping[str, str]

    def events(self) -> list[Event]:
        """All asset events, in their order."""
        rows = self.rows("SELECT timestamp, extra FROM asset_event ORDER BY id")
        return [_event(timestamp, json.loads(extra)["payload"]) for timestamp, extra in rows]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db", timeout=60)) as database:
            return database.execute(query).fetchall()


def make(home: Path, imports: str, trigger: str, settings: Mapping[str, str]) -> Database:
    """Make the database and serialise the DAG, unpaused, as its file processor would.

    :param home: an empty folder.
    :param settings: more of Airflow's environment, such as connections.
    """
    dags = home / "dags"
    dags.mkdir()
    (dags / "restarts.py").write_text(DAG_FILE.format(imports=imports, trigger=trigger))
    database = Database(home=home, env={**_environment(home, dags), **settings})
    _airflow(database, "db", "migrate")
    with contextlib.closing(sqlite3.connect(home / "airflow.db")) as file:
        file.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers no longer stop writers
    _airflow(database, "dags", "reserialize")
    if database.rows("SELECT count(*) FROM asset_watcher") != [(1,)]:
        raise RuntimeError("the DAG has no watcher that is active")
    return database


def _airflow(database: Database, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments], env=database.env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"airflow {' '.join(arguments)}:\n{done.stdout}{done.stderr}")


def _environment(home: Path, dags: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW_"))}
    options = {
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CORE__LOAD_EXAMPLES": "False",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        # A dead triggerer's triggers go to the next one as soon as it has been silent for so long.
        "TRIGGERER__JOB_HEARTBEAT_SEC": "0.5",
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return kept | {"AIRFLOW_HOME": str(home)} | {f"AIRFLOW__{name}": value for name, value in options.items()}


def _event(timestamp: str, payload: dict[str, Any]) -> Event:
    at = datetime.fromisoformat(timestamp).replace(tzinfo=UTC)
    return Event(at=at, event_id=payload["event_id"], version=(payload["key"], payload["etag"]))
