# SPDX-License-Identifier: Apache-2.0
"""Apache Airflow provider for Amazon S3 with access keys and IAM Roles Anywhere."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
