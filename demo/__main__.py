# SPDX-License-Identifier: Apache-2.0
"""``python -m demo``: the example DAGs under a real scheduler, against S3 and IAM Roles Anywhere on loopback."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.local.stack import LocalStack
from demo.airflow import Airflow, airflow
from demo.report import EXPECTED, Row, table

if TYPE_CHECKING:
    from collections.abc import Iterator

DAGS = Path(__file__).parents[1] / "example_dags"
BUCKET = "s3rest-example"


def main() -> int:
    """Run every example DAG and compare what it showed with what it must show.

    :returns: the exit status: 0 only if each number is right.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="s3rest-demo-") as folder:
            problems = list(_demonstrate(Path(folder)))
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except (OSError, RuntimeError) as error:
        problems = [str(error)]
    for problem in problems:
        _say(f"\nFAILED {problem}")
    _say(f"\n{'failed' if problems else 'all as it should be'} after {time.monotonic() - started:.0f} s")
    return 1 if problems else 0


def _demonstrate(folder: Path) -> Iterator[str]:
    _say("Starting S3 and IAM Roles Anywhere ...")
    with LocalStack() as stack:
        stack.s3_client().create_bucket(Bucket=BUCKET)
        _say(f"  {stack.s3_endpoint_url} and {stack.rolesanywhere_endpoint_url}\nStarting Airflow ...")
        with airflow(folder, DAGS, _settings(stack, folder)) as instance:
            _say(f"  {instance.api.base_url}")
            rows = []
            for expected in EXPECTED:
                _say(f"Running {expected.dag} ...")
                row, failures = _run(instance, stack, expected.dag)
                rows.append(row)
                yield from failures
                yield from row.problems(expected)
            _say(f"\n{table(rows)}")


def _settings(stack: LocalStack, folder: Path) -> dict[str, str]:
    # With its usual retries, a task would wait for a broken server longer than anybody watches a demo.
    quick: dict[str, Any] = {"retry_delays_seconds": [0, 1, 2]}
    return {
        "AIRFLOW_CONN_S3REST_DEFAULT": json.dumps(stack.connection("roles_anywhere", "ec", **quick)),
        "AIRFLOW_CONN_S3REST_ACCESS_KEYS": json.dumps(stack.connection("access_keys", **quick)),
        "AIRFLOW__S3REST__CACHE_DIR": str(folder / "cache"),
    }


def _run(instance: Airflow, stack: LocalStack, dag_id: str) -> tuple[Row, list[str]]:
    calls = len(stack.rolesanywhere.calls)
    run = instance.run(dag_id)
    done = [task for task in run.tasks if task.state == "success"]
    row = Row(
        dag=dag_id,
        state=run.state,
        tasks=len(run.tasks),
        processes=len({task.pid for task in run.tasks if task.pid}),
        create_session_calls=len(stack.rolesanywhere.calls) - calls,
        objects=len({instance.result(run, task)["key"] for task in done if task.task_id == "upsert"}),
        read=next((instance.result(run, task)["content"] for task in done if task.task_id == "get"), "nothing"),
        left=stack.s3_client().list_objects_v2(Bucket=BUCKET)["KeyCount"],
    )
    return row, list(instance.failures(run))


def _interrupt(_number: int, _frame: object) -> None:
    # A second Ctrl-C must not cut the cleaning up short.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
