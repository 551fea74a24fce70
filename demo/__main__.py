# SPDX-License-Identifier: Apache-2.0
"""``python -m demo``: the example DAGs under a real scheduler, against S3 and IAM Roles Anywhere on loopback."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.local.stack import LocalStack
from demo.airflow import DEADLINE_SECONDS, Airflow, DagRun, airflow
from demo.expectations import EXPECTED, IN_TURN, TOGETHER, unregistered
from demo.report import Expected, Row, table

if TYPE_CHECKING:
    from collections.abc import Iterator

Finished = tuple[Expected, DagRun, int | None]
"""What a DAG must show, its run, and how many CreateSession calls were counted meanwhile."""

DAGS = Path(__file__).parents[1] / "example_dags"
BUCKET = "s3rest-example"
# A dozen DAGs share the machine; alone, an idle one needs half a minute for them.
TOGETHER_DEADLINE_SECONDS = 2 * DEADLINE_SECONDS


def main(arguments: list[str] | None = None) -> int:
    """Run example DAGs and compare what they showed with what they must show.

    :returns: the exit status: 0 only if all is as it should be.
    """
    chosen = _chosen(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="s3rest-demo-") as folder:
            problems = list(_demonstrate(Path(folder), chosen))
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except (OSError, RuntimeError) as error:
        problems = [str(error)]
    for problem in problems:
        _say(f"\nFAILED {problem}")
    _say(f"\n{'failed' if problems else 'all as it should be'} after {time.monotonic() - started:.0f} s")
    return 1 if problems else 0


def _chosen(arguments: list[str] | None) -> set[str]:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    names = [expected.dag for expected in EXPECTED]
    parser.add_argument("dag", nargs="*", help="only these example DAGs; default: all")
    chosen = set(parser.parse_args(arguments).dag)
    if unknown := sorted(chosen - set(names)):
        parser.error(f"demo/expectations.py has no {', '.join(unknown)}, but {', '.join(names)}")
    files = {expected.example for expected in EXPECTED if expected.dag in chosen} if chosen else None
    return {expected.dag for expected in EXPECTED if files is None or expected.example in files}


def _demonstrate(folder: Path, chosen: set[str]) -> Iterator[str]:
    if problems := [*unregistered(DAGS)]:
        yield from problems
        return
    _say("Starting S3 and IAM Roles Anywhere ...")
    with LocalStack() as stack:
        stack.s3_client().create_bucket(Bucket=BUCKET)
        buckets = _buckets(stack)
        _say(f"  {stack.s3_endpoint_url} and {stack.rolesanywhere_endpoint_url}\nStarting Airflow ...")
        with airflow(folder, DAGS, _settings(stack, folder)) as instance:
            _say(f"  {instance.api.base_url}")
            finished = [*_run_in_turn(instance, stack, chosen), *_run_together(instance, chosen)]
            rows = []
            for expected, run, calls in finished:
                results = instance.results(run, expected.results)
                row = _row(expected, run, calls, stack, expected.shows(results))
                rows.append(row)
                yield from instance.failures(run)
                yield from expected.problems(row, results)
        _say(f"\n{table(rows)}")
        if left := [*_left(stack, ""), *sorted(_buckets(stack) ^ buckets)]:
            yield f"the local S3 server still has, or has lost: {', '.join(left)}"
        calls, wanted = len(stack.rolesanywhere.calls), sum(each.create_session_calls or 0 for each in EXPECTED)
        if calls > wanted:
            yield f"CreateSession was called {calls} times by all DAGs, but should be {wanted}"


def _run_in_turn(instance: Airflow, stack: LocalStack, chosen: set[str]) -> Iterator[Finished]:
    for expected in IN_TURN:
        if expected.dag in chosen:
            _say(f"Running {expected.dag} ...")
            calls = len(stack.rolesanywhere.calls)
            run_id = instance.start(expected.dag)
            run = instance.finish(expected.dag, run_id, time.monotonic() + DEADLINE_SECONDS)
            yield expected, run, len(stack.rolesanywhere.calls) - calls


def _run_together(instance: Airflow, chosen: set[str]) -> Iterator[Finished]:
    wanted = [expected for expected in TOGETHER if expected.dag in chosen]
    if wanted:
        _say(f"Running {', '.join(expected.dag for expected in wanted)} ...")
    # What an asset starts must be known before its event comes.
    for expected in wanted:
        instance.wait_until_parsed(expected.dag)
        if expected.started_by_asset:
            instance.parse_again(expected.dag)
    run_ids = {expected.dag: instance.start(expected.dag) for expected in wanted if not expected.started_by_asset}
    deadline = time.monotonic() + TOGETHER_DEADLINE_SECONDS
    for expected in wanted:
        run_id = run_ids.get(expected.dag) or instance.started_by_asset(expected.dag, deadline)
        yield expected, instance.finish(expected.dag, run_id, deadline), None


def _settings(stack: LocalStack, folder: Path) -> dict[str, str]:
    # With its usual retries, a task would wait for a broken server longer than anybody watches a demo.
    quick: dict[str, Any] = {"retry_delays_seconds": [0, 1, 2]}
    return {
        "AIRFLOW_CONN_S3REST_DEFAULT": json.dumps(stack.connection("roles_anywhere", "ec", **quick)),
        "AIRFLOW_CONN_S3REST_ACCESS_KEYS": json.dumps(stack.connection("access_keys", **quick)),
        "AIRFLOW__S3REST__CACHE_DIR": str(folder / "cache"),
        "TMPDIR": str(folder),
    }


def _row(expected: Expected, run: DagRun, calls: int | None, stack: LocalStack, shows: str) -> Row:
    return Row(
        dag=run.dag_id,
        state=run.state,
        tasks=len(run.tasks),
        processes=len({task.pid for task in run.tasks if task.pid}),
        create_session_calls=calls,
        left=len(_left(stack, expected.prefix)),
        shows=shows,
    )


def _left(stack: LocalStack, prefix: str) -> list[str]:
    client = stack.s3_client()
    objects = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    uploads = client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [each["Key"] for each in [*objects, *uploads]]


def _buckets(stack: LocalStack) -> set[str]:
    return {bucket["Name"] for bucket in stack.s3_client().list_buckets()["Buckets"]}


def _interrupt(_number: int, _frame: object) -> None:
    # A second Ctrl-C must not cut the cleaning up short.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
