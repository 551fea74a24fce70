# SPDX-License-Identifier: Apache-2.0
"""Write an object, list it, read it and delete it, with the access keys of the connection ``s3rest_access_keys``."""

from __future__ import annotations

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import (
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestQueryOperator,
    S3RestUpsertOperator,
)


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_access_keys():
    upsert = S3RestUpsertOperator(task_id="upsert", key="access_keys/greeting.txt", data="Hello from Airflow")
    query = S3RestQueryOperator(task_id="query", prefix="access_keys/")
    get = S3RestGetOperator(task_id="get", key="access_keys/greeting.txt")
    delete = S3RestDeleteOperator(task_id="delete", keys="access_keys/greeting.txt")

    upsert >> query >> get >> delete


s3rest_access_keys()
