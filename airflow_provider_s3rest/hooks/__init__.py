# SPDX-License-Identifier: Apache-2.0
"""The hook: the connection and the operations, for Python code in a task."""
