# SPDX-License-Identifier: Apache-2.0
"""S3 itself, by several engines behind one face; knows nothing of Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest import lazy

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.store import S3

__all__ = ["S3"]

__getattr__ = lazy.attributes(__name__, store=("S3",))
