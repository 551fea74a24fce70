# SPDX-License-Identifier: Apache-2.0
"""S3 and IAM Roles Anywhere on loopback, for demos and tests: ``python -m airflow_provider_s3rest.local``.

Imports neither Airflow nor the rest of this package, so that it judges our signer independently.
"""
