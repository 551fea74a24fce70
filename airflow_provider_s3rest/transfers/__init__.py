# SPDX-License-Identifier: Apache-2.0
"""Transfers between S3 and files: of the worker, or of any storage that Airflow or fsspec knows."""
