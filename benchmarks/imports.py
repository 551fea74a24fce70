# SPDX-License-Identifier: Apache-2.0
"""What a DAG file pays for importing the face, in a process that has loaded ``airflow.sdk`` already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.get_provider_info import get_provider_info
from benchmarks.measuring import Measurement, fresh, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = """
import importlib, json, sys, time, airflow.sdk
airflow.sdk.BaseHook, airflow.sdk.BaseOperator, airflow.sdk.BaseSensorOperator
started = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps({"import": (time.perf_counter() - started) * 1000}))
"""


def measure(rounds: int) -> Iterator[Measurement]:
    """Import every module of the face that users name; what these need at work, they import there."""
    info = get_provider_info()
    face = [
        name for kind in ("hooks", "operators", "sensors") for each in info[kind] for name in each["python-modules"]
    ]
    face += [each["python-module"] for each in info["transfers"]]
    yield measured(f"import {len(face)} modules of the face", fresh(CODE, *face, rounds=rounds), "import", 20)
