# SPDX-License-Identifier: Apache-2.0
"""Wait for objects in the triggerer, where one sensor even begins, and map tasks over what was found."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestGetOperator
from airflow_provider_s3rest.sensors.s3rest import (
    S3RestAbsentSensor,
    S3RestKeySensor,
    S3RestPrefixSensor,
    S3RestUnchangedSensor,
)

CONNECTION = {"s3rest_conn_id": "s3rest_access_keys"}
BUCKET = {"bucket_name": "s3rest-example"}
FOLDER = "wait/{{ run_id }}/"
# Where a wait ends before the process that deferred its task does, Airflow may take the task for killed: hence retries.
IN_TRIGGERER = {
    "deferrable": True,
    "poke_interval": 1,
    "timeout": 300,
    "retries": 2,
    "retry_delay": timedelta(seconds=1),
}


@task
def write(run_id=None):
    hook = S3RestHook(**CONNECTION)
    for number in range(3):
        hook.upsert_object("s3rest-example", f"wait/{run_id}/part-{number}.csv", f"part {number}")
    hook.upsert_object("s3rest-example", f"wait/{run_id}/_SUCCESS", "", metadata={"parts": "3"})


def is_complete(heads):
    return heads[0].metadata["parts"] == "3"


@dag(schedule=None, tags=["s3rest"], default_args=CONNECTION | BUCKET)
def s3rest_wait():
    # Begins in the triggerer: until all is there, it takes no slot of a worker.
    parts = S3RestPrefixSensor(
        task_id="parts", prefix=FOLDER, glob="*.csv", at_least_objects=3, start_from_trigger=True, **IN_TRIGGERER
    )
    # The triggerer waits for the key; a worker then asks the function.
    complete = S3RestKeySensor(task_id="complete", key=f"{FOLDER}_SUCCESS", check=is_complete, **IN_TRIGGERER)
    quiet = S3RestUnchangedSensor(task_id="quiet", prefix=FOLDER, quiet_for=timedelta(seconds=2), **IN_TRIGGERER)

    # One task for each object that was found.
    get = S3RestGetOperator.partial(task_id="get").expand(key=parts.output.map(lambda row: row["key"]))
    delete = S3RestDeleteOperator(task_id="delete", prefix=FOLDER)
    gone = S3RestAbsentSensor(task_id="gone", prefix=FOLDER, mode="reschedule", poke_interval=1, timeout=300)

    write()
    [get, complete, quiet] >> delete >> gone


s3rest_wait()
