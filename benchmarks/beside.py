# SPDX-License-Identifier: Apache-2.0
"""The hook beside the amazon provider's: the same work in turn, in fresh processes, on one S3 server (SeaweedFS)."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks import peer
from benchmarks.comparison import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS, SMOKE_OBJECTS = 300, 10
_SMOKE_ROUNDS = 2
BUCKET = "beside"
HEADING = f"{'milliseconds, fresh processes, medians':44} {'ours':>9} {'amazon':>9} {'ratio':>9}"

FIRST = """
import json, sys, time, airflow.sdk
airflow.sdk.BaseHook
started = time.perf_counter()
{}
print(json.dumps({{"first": (time.perf_counter() - started) * 1000}}))
"""
FIRST_BYTE = {
    "ours": """
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
assert S3RestHook().get_object("beside", "first").read() == b"1"
""",
    "amazon": """
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
assert S3Hook().get_key("first", "beside").get()["Body"].read() == b"1"
""",
}
IMPORTS = {
    "ours": "import airflow_provider_s3rest.operators.s3rest, airflow_provider_s3rest.sensors.s3rest",
    "amazon": "import airflow.providers.amazon.aws.operators.s3, airflow.providers.amazon.aws.sensors.s3",
}
WORK = """
import json, sys, time
{}
names, data, took = [f"work/{{number:05}}" for number in range(int(sys.argv[1]))], bytes(4096), {{}}
for what, work in works(names, data):
    started = time.perf_counter()
    work()
    took[what] = (time.perf_counter() - started) * 1000
print(json.dumps(took))
"""
WORKS = {
    "ours": """
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
hook = S3RestHook()
hook.head_object("beside", "first")
def works(names, data):
    yield "put", lambda: [hook.upsert_object("beside", name, data) for name in names]
    yield "put, at once", lambda: hook.upsert_objects("beside", ((name, data) for name in names))
    yield "get", lambda: [hook.get_object("beside", name).read() for name in names]
    yield "get, at once", lambda: list(hook.get_objects("beside", names))
    yield "head", lambda: [hook.head_object("beside", name) for name in names]
    yield "copy", lambda: [hook.copy_object("beside", name, "beside", f"copy/{name}") for name in names]
    yield "list", lambda: [list(hook.query_objects("beside", "work/")) for _ in range(10)]
    yield "delete", lambda: hook.delete_objects("beside", names)
""",
    "amazon": """
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
hook = S3Hook()
hook.head_object("first", "beside")
def works(names, data):
    put = lambda: [hook.load_bytes(data, name, "beside", replace=True) for name in names]
    get = lambda: [hook.get_key(name, "beside").get()["Body"].read() for name in names]
    yield "put", put
    yield "put, at once", put
    yield "get", get
    yield "get, at once", get
    yield "head", lambda: [hook.head_object(name, "beside") for name in names]
    yield "copy", lambda: [hook.copy_object(name, f"copy/{name}", "beside", "beside") for name in names]
    yield "list", lambda: [hook.list_keys("beside", "work/") for _ in range(10)]
    yield "delete", lambda: hook.delete_objects("beside", names)
""",
}
SIDES = ("ours", "amazon")


def measure(rounds: int) -> Iterator[Comparison]:
    """From a fresh process to the first byte; what a DAG file imports; and many small objects."""
    count, rounds = (SMOKE_OBJECTS, 1) if rounds <= _SMOKE_ROUNDS else (OBJECTS, 5)
    with LocalStack() as stack, tempfile.TemporaryDirectory() as folder:
        client = stack.s3_client()
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="first", Body=b"1")
        env = {
            **os.environ,
            **_connections(stack),
            "AIRFLOW_HOME": folder,
            "AIRFLOW__S3REST__CACHE_DIR": f"{folder}/cache",
            # They hold plugins, which whoever looks for readers of lineage would load.
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        yield from _compare(
            "import of operators and sensors", {s: FIRST.format(IMPORTS[s]) for s in SIDES}, env, rounds, 15
        )
        yield from _compare("first byte", {s: FIRST.format(FIRST_BYTE[s]) for s in SIDES}, env, rounds, 8)
        yield from _compare(
            f"{count} x 4 KiB", {s: WORK.format(WORKS[s]) for s in SIDES}, env, rounds, None, str(count)
        )


def _compare(
    name: str, programs: dict[str, str], env: dict[str, str], rounds: int, goal: float | None, *arguments: str
) -> Iterator[Comparison]:
    """Run both sides in turn.

    :param goal: how many times faster ours is to be.
    """
    for side in SIDES:
        _run(side, programs[side], env, *arguments)  # compiles, fetches credentials
    results = [{side: _run(side, programs[side], env, *arguments) for side in SIDES} for _ in range(rounds)]
    for what in results[0]["ours"]:
        ours, amazon = (statistics.median(each[side][what] for each in results) for side in SIDES)
        shown = name if what == "first" else f"{name}: {what}"
        yield Comparison(name=shown, ours=ours, amazon=amazon, limit=amazon / goal if goal else None)


def _run(side: str, program: str, env: dict[str, str], *arguments: str) -> dict[str, float]:
    python = sys.executable if side == "ours" else peer.interpreter()
    done = subprocess.run([python, "-c", program, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _connections(stack: LocalStack) -> dict[str, str]:
    keys = {"login": stack.access_key_id, "password": stack.secret_access_key}
    amazon: dict[str, Any] = {
        "conn_type": "aws",
        "extra": {"endpoint_url": stack.s3_endpoint_url, "region_name": "us-east-1"},
        **keys,
    }
    ours = stack.connection("roles_anywhere")
    return {"AIRFLOW_CONN_S3REST_DEFAULT": json.dumps(ours), "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(amazon)}
