# SPDX-License-Identifier: Apache-2.0
"""Objects that arrive below a prefix start a DAG, which reads just these."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator, S3RestUpsertOperator
from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger

ARGUMENTS = {"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"}

arrivals = S3RestObjectTrigger(
    prefix="watch/",
    glob="*.csv",
    events=["new", "changed"],
    existing=True,
    poll_interval=5,
    **ARGUMENTS,
)
orders = Asset("s3rest_watch_orders", watchers=[AssetWatcher(name="arrivals", trigger=arrivals)])


@dag(schedule=[orders], tags=["s3rest"], default_args=ARGUMENTS)
def s3rest_watch():
    @task
    def arrived(triggering_asset_events=None):
        events = [event.extra["payload"] for event in triggering_asset_events[orders]]
        # One event can come twice, and one key can have been written twice.
        return sorted({event["event_id"]: event["key"] for event in events}.values())

    keys = arrived()
    get = S3RestGetOperator.partial(task_id="get").expand(key=keys)
    delete = S3RestDeleteOperator(task_id="delete", keys=keys)

    get >> delete


@dag(schedule=None, tags=["s3rest"], default_args=ARGUMENTS)
def s3rest_watch_upsert():
    S3RestUpsertOperator(task_id="upsert", key="watch/orders.csv", data="id,amount\n1,10\n")


s3rest_watch()
s3rest_watch_upsert()
