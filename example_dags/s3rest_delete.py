# SPDX-License-Identifier: Apache-2.0
"""Delete what is below a prefix and matches filters: a dry run tells what that means, and is checked, first."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestQueryOperator

CONNECTION = {"s3rest_conn_id": "s3rest_access_keys"}
BUCKET = {"bucket_name": "s3rest-example"}
TEMPORARY = {"prefix": "delete/", "glob": ["*.tmp", "delete/cache/**"], "max_bytes": 1000}
MOST = 100


@task
def write():
    hook = S3RestHook(**CONNECTION)
    for name in ("orders.csv", "orders.tmp", "part/1.tmp", "cache/a", "cache/b/c"):
        hook.upsert_object("s3rest-example", f"delete/{name}", name)


@task
def check(planned):
    if planned["deleted"] > MOST:
        raise ValueError(f"{planned['deleted']} objects are more than expected, such as {planned['keys'][0]['key']}")


@dag(schedule=None, tags=["s3rest"], default_args=CONNECTION | BUCKET)
def s3rest_delete():
    dry_run = S3RestDeleteOperator(task_id="dry_run", dry_run=True, **TEMPORARY)
    temporary = S3RestDeleteOperator(task_id="temporary", **TEMPORARY)
    left = S3RestQueryOperator(task_id="left", prefix="delete/", fields="key")
    old = S3RestDeleteOperator(task_id="old", prefix="delete/", older_than=timedelta(days=30))
    keys = S3RestDeleteOperator(task_id="keys", keys=left.output)

    write() >> dry_run
    check(dry_run.output) >> temporary >> left >> old >> keys


s3rest_delete()
