# SPDX-License-Identifier: Apache-2.0
"""Twenty tasks write an object each; one more reads, one deletes them all.

The connection ``s3rest_default`` authenticates by IAM Roles Anywhere. Every task runs in a process of its own, and all
of them share one set of temporary credentials: whichever task comes first fetches it.
"""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_provider_s3rest.operators.s3rest import (
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestQueryOperator,
    S3RestUpsertOperator,
)

KEYS = [f"roles_anywhere/part-{number:02}.txt" for number in range(20)]


@dag(schedule=None, tags=["s3rest"], default_args={"bucket_name": "s3rest-example"})
def s3rest_roles_anywhere():
    @task
    def keys_of(objects):
        return [found["key"] for found in objects]

    upsert = S3RestUpsertOperator.partial(task_id="upsert", data="One of twenty").expand(key=KEYS)
    query = S3RestQueryOperator(task_id="query", prefix="roles_anywhere/")
    get = S3RestGetOperator(task_id="get", key=KEYS[-1])
    delete = S3RestDeleteOperator(task_id="delete", keys=keys_of(query.output))

    upsert >> [query, get] >> delete


s3rest_roles_anywhere()
