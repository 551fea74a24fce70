# SPDX-License-Identifier: Apache-2.0
"""Write an object that is an asset, and by that start another DAG, which reads it."""

from __future__ import annotations

from airflow.sdk import Asset, dag

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator, S3RestUpsertOperator

REPORT = Asset("s3rest://s3rest-example/assets/report.csv")
CONNECTION = {"s3rest_conn_id": "s3rest_access_keys"}


@dag(schedule=None, tags=["s3rest"], default_args=CONNECTION)
def s3rest_assets():
    S3RestUpsertOperator(task_id="write", key=REPORT.uri, data="id,amount\n1,10\n", outlets=[REPORT])


@dag(schedule=[REPORT], tags=["s3rest"], default_args=CONNECTION)
def s3rest_assets_consumer():
    read = S3RestGetOperator(task_id="read", key=REPORT.uri, inlets=[REPORT])
    delete = S3RestDeleteOperator(task_id="delete", keys=REPORT.uri)

    read >> delete


s3rest_assets()
s3rest_assets_consumer()
