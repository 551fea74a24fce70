# SPDX-License-Identifier: Apache-2.0
"""Write objects: described and tagged, only where there is none yet, and only where something has changed."""

from __future__ import annotations

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestUpsertOperator


def numbers():
    """Give content of any size in pieces; it is made on the worker."""
    for number in range(1000):
        yield f"{number}\n".encode()


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_upsert():
    described = S3RestUpsertOperator(
        task_id="described",
        folder="upsert",
        file_name="orders.csv",
        data="id,amount\n1,10\n",
        write_options={
            "cache_control": "no-store",
            "metadata": {"run": "{{ run_id }}"},
            "tags": {"team": "orders"},
        },
    )
    unchanged = S3RestUpsertOperator(
        task_id="unchanged",
        key="upsert/orders.csv",
        data="id,amount\n1,10\n",
        skip_unchanged=True,
        write_options={"metadata": {"run": "{{ run_id }}"}},
    )
    create_only = S3RestUpsertOperator(
        task_id="create_only", key="upsert/numbers.txt", produce=numbers, write_options={"if_none_match": "*"}
    )
    delete = S3RestDeleteOperator(task_id="delete", keys=["upsert/orders.csv", "upsert/numbers.txt"])

    described >> unchanged >> delete
    create_only >> delete


s3rest_upsert()
