# SPDX-License-Identifier: Apache-2.0
"""Apache Airflow provider for Amazon S3 with access keys and IAM Roles Anywhere."""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Read the version from the installed package's metadata, once somebody asks for it."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("airflow-provider-s3rest")
