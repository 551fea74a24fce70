# SPDX-License-Identifier: Apache-2.0
"""The sensors: tasks that wait for objects."""
