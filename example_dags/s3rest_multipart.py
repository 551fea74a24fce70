# SPDX-License-Identifier: Apache-2.0
"""Abort multipart uploads that nobody completed: their parts cost money, and no listing of objects shows them."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import S3RestAbortMultipartOperator


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_multipart():
    @task
    def break_off():
        """Do as a program that is killed in the middle of an upload."""
        client = S3RestHook("s3rest_access_keys").get_conn()
        target = {"Bucket": "s3rest-example", "Key": "multipart/backup.tar"}
        upload_id = client.create_multipart_upload(**target)["UploadId"]
        client.upload_part(**target, UploadId=upload_id, PartNumber=1, Body=b"the first part")

    # A week is the default; here nothing else is under way.
    look = S3RestAbortMultipartOperator(task_id="look", prefix="multipart/", older_than=0, dry_run=True)
    abort = S3RestAbortMultipartOperator(task_id="abort", prefix="multipart/", older_than=0)
    look_again = S3RestAbortMultipartOperator(task_id="look_again", prefix="multipart/", older_than=0, dry_run=True)

    break_off() >> look >> abort >> look_again


s3rest_multipart()
