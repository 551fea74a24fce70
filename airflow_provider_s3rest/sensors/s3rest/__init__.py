# SPDX-License-Identifier: Apache-2.0
"""The sensors of Amazon S3."""

from __future__ import annotations

from airflow_provider_s3rest.sensors.s3rest.absent import S3RestAbsentSensor
from airflow_provider_s3rest.sensors.s3rest.key import S3RestKeySensor
from airflow_provider_s3rest.sensors.s3rest.prefix import S3RestPrefixSensor
from airflow_provider_s3rest.sensors.s3rest.unchanged import S3RestUnchangedSensor

__all__ = [
    "S3RestAbsentSensor",
    "S3RestKeySensor",
    "S3RestPrefixSensor",
    "S3RestUnchangedSensor",
]
