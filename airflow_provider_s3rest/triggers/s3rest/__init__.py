# SPDX-License-Identifier: Apache-2.0
"""The triggers of Amazon S3."""

from __future__ import annotations

from airflow_provider_s3rest.triggers.s3rest.objects import S3RestObjectTrigger

__all__ = [
    "S3RestObjectTrigger",
]
