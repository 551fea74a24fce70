# SPDX-License-Identifier: Apache-2.0
"""The hook: the connection and the operations, for Python code in a task."""

from __future__ import annotations

DEFAULT_CONN_ID = "s3rest_default"
"""Here, since operators need it when DAG files are parsed, and the hook only at work."""
