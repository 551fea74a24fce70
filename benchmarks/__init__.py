# SPDX-License-Identifier: Apache-2.0
"""What the provider costs, measured in fresh processes: ``python -m benchmarks``."""
