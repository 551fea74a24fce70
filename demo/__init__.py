# SPDX-License-Identifier: Apache-2.0
"""Runs the example DAGs under a real Airflow, against servers on this machine."""
