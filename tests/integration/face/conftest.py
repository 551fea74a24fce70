# SPDX-License-Identifier: Apache-2.0
"""Operators on a bucket of the real S3 server."""

from __future__ import annotations

import json
import uuid
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack


@pytest.fixture(scope="session")
def s3_client(local_stack: LocalStack) -> Any:
    """Another client of the server: one for all tests, since making one takes a tenth of a second."""
    return local_stack.s3_client()


@pytest.fixture
def bucket(s3_client: Any) -> str:
    """A bucket of this test's own."""
    name = f"operator-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def run(local_stack: LocalStack, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run an operator on the bucket."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps(local_stack.connection()))

    def run(kind: type, **arguments: Any) -> Any:
        operator = kind(task_id="task", **{"bucket_name": bucket, **arguments})
        is_poke = isinstance(operator, S3RestKeySensor) and not operator.deferrable
        return operator.poke({}) if is_poke else operator.execute({})

    return run


@pytest.fixture(scope="session")
def airflow_parser() -> Any:
    """The parser of Airflow's command line, and the database of this test process beside it."""
    from airflow import settings
    from airflow.cli import cli_parser
    from airflow.models import import_all_models, trigger
    from airflow.models.base import Base

    # Other tests may have imported some tables without those that they refer to.
    import_all_models()
    assert trigger.Trigger.__tablename__ in Base.metadata.tables
    Base.metadata.create_all(settings.engine)
    return cli_parser.get_parser()


@pytest.fixture
def airflow_command(airflow_parser: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a command line of Airflow's in this process."""
    # The tables were made without the migrations that lead to them.
    monkeypatch.setenv("AIRFLOW__DATABASE__CHECK_MIGRATIONS", "False")

    def airflow_command(*words: str) -> None:
        given = airflow_parser.parse_args(words)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Airflow warns of its own commands
            given.func(given)

    return airflow_command
