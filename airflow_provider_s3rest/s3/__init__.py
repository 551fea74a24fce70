# SPDX-License-Identifier: Apache-2.0
"""S3 itself, by two engines behind one face; knows nothing of Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.store import S3

__all__ = ["S3"]


def __getattr__(name: str) -> Any:
    """Load the store when it is asked for: a DAG file that needs a small part of this package pays for no more."""
    if name == "S3":
        from airflow_provider_s3rest.s3.store import S3

        return S3
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
