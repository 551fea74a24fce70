# SPDX-License-Identifier: Apache-2.0
"""Read an object: as a text, a part of it, through a function, and into a file that appears as a whole."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator, S3RestUpsertOperator


def total(opened):
    """Add up a column, row by row, however many there are."""
    rows = csv.DictReader(io.TextIOWrapper(opened.file(), encoding="utf-8", newline=""))
    return sum(int(row["amount"]) for row in rows)


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_get():
    key = "get/orders.csv"
    upsert = S3RestUpsertOperator(
        task_id="upsert", key=key, data="id,amount\n1,10\n2,32\n", write_options={"tags": {"team": "orders"}}
    )
    text = S3RestGetOperator(task_id="text", key=key, include_tags=True)
    first_line = S3RestGetOperator(task_id="first_line", key=key, byte_range="0-8")
    function = S3RestGetOperator(task_id="function", key=key, read=total)
    file = S3RestGetOperator(
        task_id="file",
        key="s3://s3rest-example/get/orders.csv",
        bucket_name=None,
        local_path=str(Path(tempfile.gettempdir(), "s3rest-example-{{ run_id }}", "orders.csv")),
        if_match="{{ ti.xcom_pull(task_ids='upsert')['etag'] }}",
    )
    delete = S3RestDeleteOperator(task_id="delete", keys=key)

    upsert >> [text, first_line, function, file] >> delete


s3rest_get()
