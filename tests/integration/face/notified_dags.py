# SPDX-License-Identifier: Apache-2.0
"""Wait for orders, and react to them, without asking S3 again and again: the bucket tells a queue of each."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor
from airflow_provider_s3rest.triggers.s3rest import S3RestObjectTrigger

# What concerns the waits of one queue is deleted by them, so watchers have another.
WAITS = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-waits"
WATCHERS = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-watchers"

orders = Asset(
    "orders",
    watchers=[
        AssetWatcher(
            name="orders",
            trigger=S3RestObjectTrigger(
                bucket_name="orders", prefix="in/", glob="*.csv", events="new", source="sqs", queue_url=WATCHERS
            ),
        )
    ],
)


@dag(schedule=None, tags=["s3rest"])
def s3rest_wait_for_notification():
    S3RestKeySensor(
        task_id="wait",
        bucket_name="orders",
        key="in/{{ ds }}.csv",
        source="sqs",
        queue_url=WAITS,
        deferrable=True,
        timeout=6 * 3600,
    )


@dag(schedule=[orders], tags=["s3rest"])
def s3rest_react_to_notification():
    @task
    def show(triggering_asset_events=None):
        for event in triggering_asset_events[orders]:
            print(event.extra["payload"]["key"])

    show()


s3rest_wait_for_notification()
s3rest_react_to_notification()
