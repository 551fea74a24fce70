# SPDX-License-Identifier: Apache-2.0
"""Assets of Airflow that are objects of S3."""
