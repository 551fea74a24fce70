# SPDX-License-Identifier: Apache-2.0
"""The triggers of Amazon S3."""

from __future__ import annotations

from airflow_provider_s3rest.triggers.s3rest.absent import S3RestAbsentTrigger
from airflow_provider_s3rest.triggers.s3rest.key import S3RestKeyTrigger
from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger
from airflow_provider_s3rest.triggers.s3rest.prefix import S3RestPrefixTrigger
from airflow_provider_s3rest.triggers.s3rest.unchanged import S3RestUnchangedTrigger

__all__ = [
    "S3RestAbsentTrigger",
    "S3RestKeyTrigger",
    "S3RestObjectTrigger",
    "S3RestPrefixTrigger",
    "S3RestUnchangedTrigger",
]
