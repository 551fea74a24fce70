# SPDX-License-Identifier: Apache-2.0
"""A whole Airflow of its own in a temporary folder: API server, scheduler, triggerer, DAG processor; LocalExecutor."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import httpx
from packaging.version import Version

from demo.logs import TOLD_LINES, faults, readable, tail
from demo.processes import Service, all_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

# For a busy machine; an idle one needs a tenth of it.
DEADLINE_SECONDS = 300.0
POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One task instance as Airflow's API tells it."""

    task_id: str
    map_index: int
    state: str | None
    pid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """A run of a DAG, finished unless it took too long."""

    dag_id: str
    run_id: str
    state: str
    tasks: tuple[TaskRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow, driven by its REST API.

    https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html
    """

    home: Path
    api: httpx.Client
    services: tuple[Service, ...] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)

    def start(self, dag_id: str) -> str:
        """Start a DAG, as soon as its file has been parsed.

        :returns: the id of the run.
        """
        self.wait_until_parsed(dag_id)
        run_id = f"demo-{uuid.uuid4().hex}"
        made = self._ask("POST", f"/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})
        # An earlier call that took too long may have made it.
        if made.status_code != httpx.codes.CONFLICT:
            _json(made)
        # Airflow 3.0 answers a request before it has committed what the request did.
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        self.wait_for(lambda: self.api.get(path).is_success, f"{dag_id} to be queued")
        return run_id

    def wait_until_parsed(self, dag_id: str) -> None:
        """Wait until Airflow knows a DAG; from then on events of its assets start it."""
        self.wait_for(lambda: self._is_parsed(dag_id), f"{dag_id} to be parsed")

    def parse_again(self, dag_id: str) -> None:
        """Have the file of a DAG parsed once more: before 3.3 Airflow begins to watch an asset only then."""
        token = self._json("GET", f"/dags/{dag_id}")["file_token"]
        asked = self._ask("PUT", f"/parseDagFile/{token}")
        if asked.status_code != httpx.codes.CONFLICT:
            asked.raise_for_status()

    def started_by_asset(self, dag_id: str, deadline: float) -> str:
        """Wait until an event of an asset has started a DAG.

        :param deadline: how long, by the monotonic clock.
        :returns: the id of the first run.
        """
        path = f"/dags/{dag_id}/dagRuns?order_by=run_after&limit=1"
        self.wait_for(lambda: bool(self._json("GET", path)["dag_runs"]), f"an asset to start {dag_id}", deadline)
        return str(self._json("GET", path)["dag_runs"][0]["dag_run_id"])

    def finish(self, dag_id: str, run_id: str, deadline: float) -> DagRun:
        """Wait until a run has finished, whether well or not.

        :param deadline: when to return it as it is, by the monotonic clock.
        """
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        with contextlib.suppress(TimeoutError):
            self.wait_for(
                lambda: self._json("GET", path)["state"] in {"success", "failed"}, f"{dag_id} to finish", deadline
            )
        tasks = self._json("GET", f"{path}/taskInstances?limit=1000")["task_instances"]
        return DagRun(
            dag_id=dag_id,
            run_id=run_id,
            state=self._json("GET", path)["state"],
            tasks=tuple(TaskRun(**{key: task[key] for key in TaskRun.__slots__}) for task in tasks),
        )

    def results(self, run: DagRun, task_ids: Iterable[str]) -> dict[str, Any]:
        """What tasks returned, those that did; of a mapped task, a list of what its instances returned."""
        results: dict[str, Any] = {}
        for task in sorted(run.tasks, key=lambda each: each.map_index):
            if task.task_id in task_ids and task.state == "success":
                path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task.task_id}/xcomEntries/return_value"
                response = self.api.get(path, params={"map_index": task.map_index})
                if response.status_code == httpx.codes.NOT_FOUND:
                    continue
                value = _json(response)["value"]
                if task.map_index < 0:
                    results[task.task_id] = value
                else:
                    results.setdefault(task.task_id, []).append(value)
        return results

    def failures(self, run: DagRun) -> Iterator[str]:
        """Tell the end of the log of each task that failed itself, and the faults that the scheduler tells of.

        What has failed before it began has no log of its own.
        """
        for task in run.tasks:
            if task.state not in {None, "success", "upstream_failed"}:
                folder = f"logs/dag_id={run.dag_id}/run_id={run.run_id}/task_id={task.task_id}"
                mapped = "" if task.map_index < 0 else f"/map_index={task.map_index}"
                logs = sorted(self.home.glob(f"{folder}{mapped}/attempt=*.log"))
                own = [line for log in logs for line in log.read_text().splitlines()][-TOLD_LINES:]
                name = f"{run.dag_id}.{task.task_id}[{task.map_index}] {task.state}"
                lines = [readable(line) for line in own]
                if not any(line.startswith(("error:", "critical:")) for line in lines):
                    lines += faults(self.home / "scheduler.log")
                yield "\n  ".join([name, *lines])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Airflow's, as whoever runs this Airflow would."""
        return subprocess.run(
            [sys.executable, "-m", "airflow", *arguments], env=self.env, capture_output=True, text=True, check=False
        )

    def wait_for(self, reached: Callable[[], bool], what: str, deadline: float | None = None) -> None:
        """Poll until something is so.

        :param deadline: how long, by the monotonic clock; default: :data:`DEADLINE_SECONDS` from now.
        :raises RuntimeError: as soon as a part of Airflow has ended.
        :raises TimeoutError: after the deadline, with the ends of all logs.
        """
        started = time.monotonic()
        end = started + DEADLINE_SECONDS if deadline is None else deadline
        while not reached():
            for service in self.services:
                service.check()
            if time.monotonic() > end:
                logs = "\n".join(f"-- {service.name}\n{tail(service.log)}" for service in self.services)
                raise TimeoutError(f"waited {time.monotonic() - started:.0f} s for {what}\n{logs}")
            time.sleep(POLL_SECONDS)

    def _is_parsed(self, dag_id: str) -> bool:
        for error in self._json("GET", "/importErrors")["import_errors"]:
            if error["filename"].endswith(f"{dag_id}.py"):
                raise RuntimeError(f"{dag_id} can't be imported:\n{error['stack_trace']}")
        return self.api.get(f"/dags/{dag_id}").is_success

    def _json(self, method: str, path: str, body: object = None) -> Any:  # JSON
        return _json(self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Call the API; again if it takes too long, since SQLite lets one write at a time and others wait."""
        answers: list[httpx.Response] = []

        def answered() -> bool:
            with contextlib.suppress(httpx.TimeoutException):
                answers.append(self.api.request(method, path, json=body))
            return bool(answers)

        self.wait_for(answered, f"{method} {path}")
        return answers[0]


@contextlib.contextmanager
def airflow(home: Path, dags: Path | None, settings: Mapping[str, str]) -> Iterator[Airflow]:
    """Start an Airflow and stop it again.

    :param home: an empty folder for all that it writes.
    :param dags: the folder of the DAG files; None for an Airflow without DAGs.
    :param settings: more of its environment: connections and options.
    """
    port, execution_port = free_port(), free_port()
    env = {**_environment(home, dags or home, port, execution_port), **settings}
    command = [sys.executable, "-m", "airflow"]
    migrated = subprocess.run([*command, "db", "migrate"], env=env, capture_output=True, text=True, check=False)
    if migrated.returncode:
        raise RuntimeError(f"airflow db migrate:\n{migrated.stdout}{migrated.stderr}")
    with contextlib.closing(sqlite3.connect(home / "airflow.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers no longer stop writers
    commands = {
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "api-server": _api_server("core", port),
        "execution-api-server": _api_server("execution", execution_port),
    }
    if dags:
        commands |= {"dag-processor": ["dag-processor"], "triggerer": ["triggerer", "--skip-serve-logs"]}
    address, health = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{execution_port}/execution/health"
    with (
        all_running({name: [*command, *each] for name, each in commands.items()}, logs=home, env=env) as services,
        httpx.Client(base_url=f"{address}/api/v2", timeout=30, trust_env=False) as api,
    ):
        instance = Airflow(home=home, api=api, services=services, env=env)
        instance.wait_for(lambda: _answers(api, health), "the API of the tasks")
        instance.wait_for(lambda: _log_in(api, address), "the API server")
        yield instance


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _json(response: httpx.Response) -> Any:  # JSON
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.url}: {response.status_code} {response.text}")
    return response.json()


def _api_server(apps: str, port: int) -> list[str]:
    """One server for people, one for tasks.

    In one process they lock each other out of SQLite for a minute, which is as long as one waits for the other there:
    Airflow writes its log of requests in the event loop (``airflow/api_fastapi/logging/decorators.py``), and while that
    waits for the transaction of a task to end, the loop can't end it.
    """
    return ["api-server", "--apps", apps, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]


def _answers(api: httpx.Client, url: str) -> bool:
    try:
        return api.get(url).is_success
    except httpx.TransportError:
        return False


def _log_in(api: httpx.Client, address: str) -> bool:
    try:
        response = api.get(f"{address}/auth/token")
    except httpx.TransportError:
        return False
    if response.is_success:
        api.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
    return response.is_success


def _executor() -> str:
    old = Version(version("apache-airflow-core")) < Version("3.1")
    return "demo.executor.PatientLocalExecutor" if old else "LocalExecutor"


def _environment(home: Path, dags: Path, port: int, execution_port: int) -> dict[str, str]:
    """Nothing of the caller's AWS or Airflow settings, and no way out of this machine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("AWS_", "AIRFLOW_")) and not name.upper().endswith(("_PROXY", "_CA_BUNDLE"))
    }
    options = {
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__SECRET_KEY": secrets.token_urlsafe(32),
        "API_AUTH__JWT_ISSUER": "s3rest-demo",
        "API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        # An asset is watched only for a DAG that was not paused when its file was parsed.
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{execution_port}/execution/",
        "CORE__EXECUTOR": _executor(),
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": "8",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
        # The files do not change: parsing all of them every 30 seconds would take a core from the tasks.
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        # With its default of 5 seconds, a busy machine soon says "database is locked".
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        # There is one scheduler: a heart that beats late on a busy machine must not have its tasks run once more.
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3600",
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "900",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "900",
        # Of a chain of short tasks, most of the time would be this pause between one and the next.
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        # A task whose first call takes longer calls again, is told that it runs already, and fails.
        "WORKERS__EXECUTION_API_TIMEOUT": "60",
    }
    return kept | {"AIRFLOW_HOME": str(home)} | {f"AIRFLOW__{name}": value for name, value in options.items()}
