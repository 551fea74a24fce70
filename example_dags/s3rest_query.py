# SPDX-License-Identifier: Apache-2.0
"""List objects by filters, and map tasks over what is found: one for each object, or one for each chunk of them."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator, S3RestQueryOperator

CONNECTION = {"s3rest_conn_id": "s3rest_access_keys"}
BUCKET = {"bucket_name": "s3rest-example"}


@task
def write():
    hook = S3RestHook(**CONNECTION)
    for number in range(5):
        hook.upsert_object("s3rest-example", f"query/orders/{number}.csv", f"order {number}")
    hook.upsert_object("s3rest-example", "query/notes.txt", "No order")


@task
def total(objects):
    return sum(row["size"] for row in objects)


@dag(schedule=None, tags=["s3rest"], default_args=CONNECTION | BUCKET)
def s3rest_query():
    # What a folder holds, as `ls` shows it.
    folder = S3RestQueryOperator(task_id="folder", prefix="query/", delimiter="/", fields="key")

    # One task for each object: the fields are the arguments of the operator.
    recent = S3RestQueryOperator(
        task_id="recent", prefix="query/", glob="*.csv", newer_than=3600, limit=2, fields=["bucket_name", "key"]
    )
    get = S3RestGetOperator.partial(task_id="get").expand_kwargs(recent.output)

    # One task for each chunk of at most two objects.
    chunks = S3RestQueryOperator(
        task_id="chunks", prefix="query/orders/", regex=r"/\d+\.csv$", fields=["key", "size"], chunk_size=2
    )
    sizes = total.expand(objects=chunks.output)
    delete = S3RestDeleteOperator.partial(task_id="delete").expand(keys=chunks.output)
    delete_rest = S3RestDeleteOperator(task_id="delete_rest", keys="query/notes.txt")

    write() >> [folder, recent, chunks]
    [folder, get, sizes] >> delete >> delete_rest


s3rest_query()
