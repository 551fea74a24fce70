# SPDX-License-Identifier: Apache-2.0
"""What a fresh process pays for Airflow's amazon provider, when it has loaded ``airflow.sdk``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import airflow.sdk

from benchmarks.clients import Place, expect, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.clients import Work

# What any DAG file and any task has loaded.
airflow.sdk.BaseHook, airflow.sdk.BaseOperator, airflow.sdk.BaseSensorOperator  # noqa: B018
_FACE = ("operators.s3", "sensors.s3", "transfers.local_to_s3")


def imports(_: Place) -> Iterator[None]:
    """Import the same kinds of operators and sensors."""
    yield
    for name in _FACE:
        importlib.import_module(f"airflow.providers.amazon.aws.{name}")
    yield


def first(_: Place, conn_id: str = "aws_default") -> Iterator[None]:
    """Read an object, by access keys."""
    yield
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    found = S3Hook(conn_id).get_key("first", "small").get()["Body"].read()
    yield
    expect(found, b"data")


def helped(place: Place) -> Iterator[None]:
    """Read an object, by credentials that a program prints at once."""
    return first(place, "aws_helped")


WORKS: dict[str, Work] = {
    "import": imports,
    "first byte": first,
    "first byte, RSA": first,
    "cold, P-256": helped,
    "cold, RSA": helped,
}

if __name__ == "__main__":
    run(WORKS, fresh=True)
