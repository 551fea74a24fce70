# SPDX-License-Identifier: Apache-2.0
"""What a DAG file pays for importing the face, in a process that has loaded ``airflow.sdk`` already."""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

import airflow_provider_s3rest
from benchmarks.measuring import Measurement, fresh, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

FACE = ("hooks", "operators", "sensors", "triggers", "transfers")
CODE = """
import importlib, json, sys, time, airflow.sdk
airflow.sdk.BaseHook, airflow.sdk.BaseOperator, airflow.sdk.BaseSensorOperator
started = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps({"import": (time.perf_counter() - started) * 1000}))
"""


def measure(rounds: int) -> Iterator[Measurement]:
    """Import every module of the face at once."""
    package = airflow_provider_s3rest
    modules = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    face = [name for name in modules if name.split(".")[1] in FACE]
    yield measured(f"import {len(face)} modules of the face", fresh(CODE, *face, rounds=rounds), "import", 20)
