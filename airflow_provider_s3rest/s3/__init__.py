# SPDX-License-Identifier: Apache-2.0
"""S3 itself, by two engines behind one face; knows nothing of Airflow."""
