# SPDX-License-Identifier: Apache-2.0
"""Prints the connection form as this Airflow's web interface gets it; run by the system tests in an installation."""

from __future__ import annotations

import json

from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

(meta,) = [each for each in HookMetaService.hook_meta_data() if each.connection_type == "s3rest"]
print("FORM", json.dumps(meta.model_dump(mode="json")))  # noqa: T201
