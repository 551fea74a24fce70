# SPDX-License-Identifier: Apache-2.0
"""The scripted S3, as the connection of triggers."""

from __future__ import annotations

from tests.unit.sensors.conftest import account, authority, connected, make_fake, server, world

__all__ = ["account", "authority", "connected", "make_fake", "server", "world"]
