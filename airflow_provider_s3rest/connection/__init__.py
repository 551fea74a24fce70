# SPDX-License-Identifier: Apache-2.0
"""The connection: read once from Airflow's fields, every fault reported together, then trusted."""

from __future__ import annotations

from airflow_provider_s3rest.connection.model import AccessKeys, RolesAnywhere, S3RestConnection

__all__ = ["AccessKeys", "RolesAnywhere", "S3RestConnection"]
