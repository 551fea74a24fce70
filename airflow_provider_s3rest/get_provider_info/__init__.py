# SPDX-License-Identifier: Apache-2.0
"""What Airflow reads of this provider: its modules, its connection form and its options.

Airflow calls this while it is being imported, twice in every process, and a fault here stops all of Airflow: so these
are literals, and no module outside this package is imported. https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
"""

from __future__ import annotations

from airflow_provider_s3rest.get_provider_info.form import extra_fields, standard_fields

_INTEGRATION = "Amazon S3 (s3rest)"
_FILES = "Local"


def get_provider_info() -> dict[str, object]:
    """Describe this provider to Airflow.

    :returns: a new mapping that fits both ``provider_info.schema.json`` and ``provider.yaml.schema.json`` of Airflow.
    """
    return {
        "package-name": "airflow-provider-s3rest",
        "name": "Amazon S3 (s3rest)",
        "description": "Amazon S3 with access keys and `IAM Roles Anywhere <https://aws.amazon.com/iam/roles-anywhere/>`__.",
        "state": "ready",
        "source-date-epoch": 1795392000,
        "versions": ["0.1.0"],
        "integrations": [
            {"integration-name": _INTEGRATION, "external-doc-url": "https://aws.amazon.com/s3/", "tags": ["aws"]},
            {
                "integration-name": _FILES,
                "external-doc-url": "https://filesystem-spec.readthedocs.io/",
                "tags": ["software"],
            },
        ],
        "hooks": [_modules("airflow_provider_s3rest.hooks.s3rest")],
        "operators": [_modules("airflow_provider_s3rest.operators.s3rest")],
        "sensors": [_modules("airflow_provider_s3rest.sensors.s3rest")],
        "triggers": [_modules("airflow_provider_s3rest.triggers.s3rest")],
        "transfers": [_transfer("local_to_s3rest", to_s3=True), _transfer("s3rest_to_local", to_s3=False)],
        "asset-uris": [
            {
                "schemes": ["s3rest"],
                "handler": "airflow_provider_s3rest.assets.s3rest.sanitize_uri",
                "factory": "airflow_provider_s3rest.assets.s3rest.create_asset",
                "to_openlineage_converter": "airflow_provider_s3rest.assets.s3rest.convert_asset_to_openlineage",
            }
        ],
        "connection-types": [
            {
                "connection-type": "s3rest",
                "hook-class-name": "airflow_provider_s3rest.hooks.s3rest.S3RestHook",
                "hook-name": "Amazon S3 (s3rest)",
                "ui-field-behaviour": standard_fields(),
                "conn-fields": extra_fields(),
            }
        ],
        "config": {"s3rest": _options()},
    }


def _modules(name: str) -> dict[str, object]:
    return {"integration-name": _INTEGRATION, "python-modules": [name]}


def _transfer(module: str, *, to_s3: bool) -> dict[str, object]:
    return {
        "source-integration-name": _FILES if to_s3 else _INTEGRATION,
        "target-integration-name": _INTEGRATION if to_s3 else _FILES,
        "python-module": f"airflow_provider_s3rest.transfers.{module}",
    }


def _options() -> dict[str, object]:
    return {
        "description": "Options of the Amazon S3 (s3rest) provider.",
        "options": {
            "cache_dir": {
                "description": (
                    "The directory of the credential cache, on a disk of the worker's own, never on a network share. "
                    "Blank: airflow-s3rest in $XDG_RUNTIME_DIR, or airflow-s3rest-UID in the temporary directory."
                ),
                "version_added": "0.1.0",
                "type": "string",
                "example": "/var/cache/airflow-s3rest",
                "default": "",
            },
            "cache_enabled": {
                "description": (
                    "Whether IAM Roles Anywhere credentials are kept, encrypted, on the worker's disk, where all "
                    "its tasks share them. When off, each process calls CreateSession for itself."
                ),
                "version_added": "0.1.0",
                "type": "boolean",
                "example": "False",
                "default": "True",
            },
        },
    }
