# SPDX-License-Identifier: Apache-2.0
"""From a connection to live credentials; knows nothing of Airflow."""
