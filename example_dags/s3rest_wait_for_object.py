# SPDX-License-Identifier: Apache-2.0
"""A sensor waits for an object that another task makes; its slot is free between two looks."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator, S3RestUpsertOperator
from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"bucket_name": "s3rest-example"},
)
def s3rest_wait_for_object():
    key = "wait_for_object/report.txt"

    @task
    def make_report():
        return "monday: 17 orders"

    upsert = S3RestUpsertOperator(task_id="upsert", key=key, data=make_report())
    wait = S3RestKeySensor(task_id="wait", key=key, mode="reschedule", poke_interval=2, timeout=300)
    get = S3RestGetOperator(task_id="get", key=key)
    delete = S3RestDeleteOperator(task_id="delete", keys=key)

    wait >> get >> delete
    upsert >> delete


s3rest_wait_for_object()
