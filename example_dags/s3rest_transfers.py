# SPDX-License-Identifier: Apache-2.0
"""Move a file and a folder of the worker to S3, and back into other places."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from airflow.sdk import dag, task

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator
from airflow_provider_s3rest.transfers.local_to_s3rest import LocalFilesystemToS3RestOperator
from airflow_provider_s3rest.transfers.s3rest_to_local import S3RestToLocalFilesystemOperator


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_transfers():
    @task
    def prepare():
        folder = Path(tempfile.mkdtemp())
        (folder / "orders").mkdir()
        for month in ("january", "february"):
            (folder / "orders" / f"{month}.csv").write_text(f"id,month\n1,{month}\n")
        (folder / "report.txt").write_text("2 months")
        return str(folder)

    @task
    def read(folder):
        return sorted(path.read_text() for path in Path(folder, "back").rglob("*") if path.is_file())

    @task(trigger_rule="all_done")
    def clean_up(folder):
        shutil.rmtree(folder)

    folder = prepare()
    file_up = LocalFilesystemToS3RestOperator(
        task_id="file_up", local_path=f"{folder}/report.txt", key="transfers/report.txt"
    )
    folder_up = LocalFilesystemToS3RestOperator(
        task_id="folder_up", local_path=f"{folder}/orders", prefix="transfers/orders"
    )
    file_down = S3RestToLocalFilesystemOperator(
        task_id="file_down", key="transfers/report.txt", local_path=f"{folder}/back/report.txt"
    )
    folder_down = S3RestToLocalFilesystemOperator(
        task_id="folder_down", prefix="transfers/orders", local_path=f"{folder}/back/orders", include="february.*"
    )
    delete = S3RestDeleteOperator(
        task_id="delete",
        keys=["transfers/report.txt", "transfers/orders/january.csv", "transfers/orders/february.csv"],
        trigger_rule="all_done",
    )

    folder >> file_up >> file_down
    folder >> folder_up >> folder_down
    [file_down, folder_down] >> read(folder) >> [delete, clean_up(folder)]


s3rest_transfers()
