# SPDX-License-Identifier: Apache-2.0
"""One operator for each operation; what they do is the hook's."""

from __future__ import annotations

from airflow_provider_s3rest.operators.s3rest.buckets import (
    S3RestBucketTagsOperator,
    S3RestCreateBucketOperator,
    S3RestDeleteBucketOperator,
)
from airflow_provider_s3rest.operators.s3rest.copy import S3RestCopyOperator
from airflow_provider_s3rest.operators.s3rest.delete import S3RestDeleteOperator
from airflow_provider_s3rest.operators.s3rest.get import S3RestGetOperator
from airflow_provider_s3rest.operators.s3rest.multipart import S3RestAbortMultipartOperator
from airflow_provider_s3rest.operators.s3rest.presign import S3RestPresignOperator
from airflow_provider_s3rest.operators.s3rest.query import S3RestQueryOperator
from airflow_provider_s3rest.operators.s3rest.select import S3RestSelectOperator
from airflow_provider_s3rest.operators.s3rest.sync import S3RestSyncOperator
from airflow_provider_s3rest.operators.s3rest.upsert import S3RestUpsertOperator

__all__ = [
    "S3RestAbortMultipartOperator",
    "S3RestBucketTagsOperator",
    "S3RestCopyOperator",
    "S3RestCreateBucketOperator",
    "S3RestDeleteBucketOperator",
    "S3RestDeleteOperator",
    "S3RestGetOperator",
    "S3RestPresignOperator",
    "S3RestQueryOperator",
    "S3RestSelectOperator",
    "S3RestSyncOperator",
    "S3RestUpsertOperator",
]
