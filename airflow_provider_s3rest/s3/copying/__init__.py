# SPDX-License-Identifier: Apache-2.0
"""Copying: inside S3 where one connection reads and writes, else through this process. Import it only to use it."""

from __future__ import annotations

from airflow_provider_s3rest.s3.copying.model import Rules, Source, Target
from airflow_provider_s3rest.s3.copying.objects import copy_listed, copy_object
from airflow_provider_s3rest.s3.copying.prefix import Choice, copy_prefix

__all__ = ["Choice", "Rules", "Source", "Target", "copy_listed", "copy_object", "copy_prefix"]
