# SPDX-License-Identifier: Apache-2.0
"""Kills a real triggerer at random moments while objects arrive: ``python -m benchmarks.restarts``."""
