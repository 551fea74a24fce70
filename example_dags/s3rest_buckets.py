# SPDX-License-Identifier: Apache-2.0
"""Create a bucket, tag it, use it, and delete it with all that it holds."""

from __future__ import annotations

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import (
    S3RestBucketTagsOperator,
    S3RestCreateBucketOperator,
    S3RestDeleteBucketOperator,
    S3RestUpsertOperator,
)


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example-buckets"},
)
def s3rest_buckets():
    create = S3RestCreateBucketOperator(
        task_id="create",
        exist_ok=True,
        bucket_options={"versioning": True, "tags": {"team": "orders"}},
    )
    tag = S3RestBucketTagsOperator(task_id="tag", tags={"stage": "test"})
    first = S3RestUpsertOperator(task_id="first", key="report.txt", data="draft")
    second = S3RestUpsertOperator(task_id="second", key="report.txt", data="final")
    delete = S3RestDeleteBucketOperator(task_id="delete", force=True)

    create >> tag >> first >> second >> delete


s3rest_buckets()
