# SPDX-License-Identifier: Apache-2.0
"""An S3 that costs next to nothing, so that what is measured is its clients."""

from __future__ import annotations

from benchmarks.server.serving import Options, figures, refill, serve

__all__ = ["Options", "figures", "refill", "serve"]
