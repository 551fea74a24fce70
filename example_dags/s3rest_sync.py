# SPDX-License-Identifier: Apache-2.0
"""Make a folder equal another one: up to S3, from prefix to prefix, and down again, each time only what has changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from airflow.sdk import dag, task

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestSyncOperator

KEYS = ["sync/in/2026/orders.csv", "sync/in/readme.txt", "sync/archive/2026/orders.csv"]


@dag(schedule=None, tags=["s3rest"], default_args={"s3rest_conn_id": "s3rest_access_keys"})
def s3rest_sync():
    @task
    def prepare():
        folder = Path(tempfile.mkdtemp())
        (folder / "source" / "2026").mkdir(parents=True)
        (folder / "source" / "2026" / "orders.csv").write_text("id,amount\n1,10\n")
        (folder / "source" / "readme.txt").write_text("Orders of the year")
        (folder / "target").mkdir()
        (folder / "target" / "old.csv").write_text("an older file")
        return str(folder)

    @task
    def read(folder):
        found = Path(folder, "target").rglob("*.csv")
        return {path.name: path.read_text() for path in found}

    @task(trigger_rule="all_done")
    def clean_up(folder):
        shutil.rmtree(folder)

    folder = prepare()
    up = S3RestSyncOperator(task_id="up", source=f"{folder}/source", target="s3://s3rest-example/sync/in")
    again = S3RestSyncOperator(
        task_id="again", source=f"{folder}/source", target="s3://s3rest-example/sync/in", compare="checksum"
    )
    across = S3RestSyncOperator(
        task_id="across",
        source="s3://s3rest-example/sync/in",
        target="s3://s3rest-example/sync/archive",
        include="**/*.csv",
    )
    look = S3RestSyncOperator(
        task_id="look",
        source="s3://s3rest-example/sync/archive",
        target=f"{folder}/target",
        delete=True,
        dry_run=True,
    )
    down = S3RestSyncOperator(
        task_id="down", source="s3://s3rest-example/sync/archive", target=f"{folder}/target", delete=True
    )
    delete = S3RestDeleteOperator(task_id="delete", bucket_name="s3rest-example", keys=KEYS, trigger_rule="all_done")

    folder >> up >> again >> across >> look >> down >> read(folder) >> [delete, clean_up(folder)]


s3rest_sync()
