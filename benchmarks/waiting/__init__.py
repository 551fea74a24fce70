# SPDX-License-Identifier: Apache-2.0
"""What many waiting triggers cost in one process, ours beside those of Airflow's amazon provider."""
