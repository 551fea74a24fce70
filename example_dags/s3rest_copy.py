# SPDX-License-Identifier: Apache-2.0
"""Copy an object inside S3, the same one from another connection, and then all that is missing of its prefix."""

from __future__ import annotations

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import (
    S3RestCopyOperator,
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestUpsertOperator,
)


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_copy():
    orders = S3RestUpsertOperator(
        task_id="orders",
        key="copy/in/orders.csv",
        data="id,amount\n1,10\n",
        write_options={"metadata": {"shop": "7"}, "tags": {"team": "orders"}},
    )
    returns = S3RestUpsertOperator(task_id="returns", key="copy/in/returns.csv", data="id\n1\n")
    inside = S3RestCopyOperator(
        task_id="inside",
        source_key="s3://s3rest-example/copy/in/orders.csv",
        key="copy/archive/orders.csv",
        write_options={"metadata": {"run": "{{ run_id }}"}},
    )
    between = S3RestCopyOperator(
        task_id="between",
        source_s3rest_conn_id="s3rest_default",
        source_key="s3://s3rest-example/copy/in/orders.csv",
        key="copy/out/orders.csv",
    )
    prefix = S3RestCopyOperator(
        task_id="prefix",
        source_prefix="s3://s3rest-example/copy/in/",
        prefix="copy/out/",
        glob="*.csv",
        skip_existing=True,
    )
    get = S3RestGetOperator(task_id="get", key="copy/archive/orders.csv", include_tags=True)
    delete = S3RestDeleteOperator(
        task_id="delete",
        keys=[
            *("copy/in/orders.csv", "copy/in/returns.csv", "copy/archive/orders.csv"),
            *("copy/out/orders.csv", "copy/out/returns.csv"),
        ],
    )

    orders >> [inside, between]
    [between, returns] >> prefix
    inside >> get
    [get, prefix] >> delete


s3rest_copy()
