# SPDX-License-Identifier: Apache-2.0
"""What Airflow reads of this provider: its modules, its connection form and its options.

Airflow calls this while it is being imported, twice in every process, and a fault here stops all of Airflow: so these
are literals that import nothing. https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
"""

from __future__ import annotations

_INTEGRATION = "Amazon S3 (s3rest)"
_FILES = "Local"

# The sections of the form, in its order.
_AUTHENTICATION, _ROLES_ANYWHERE, _ADVANCED = "Authentication", "IAM Roles Anywhere", "Advanced"

# Every region with a Roles Anywhere endpoint; a test compares it with botocore's data.
_ROLES_ANYWHERE_REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"),
    *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1"),
    *("mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    *("cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "eusc-de-east-1"),
    *("eu-isoe-west-1", "us-isof-east-1", "us-isof-south-1"),
)


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
                "ui-field-behaviour": _standard_fields(),
                "conn-fields": _authentication_fields() | _roles_anywhere_fields() | _advanced_fields(),
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


def _field(section: str, label: str, description: str, **schema: object) -> dict[str, object]:
    """One field of the form; without a type of its own it is text that may stay empty."""
    text: dict[str, object] = {"type": ["string", "null"], "section": section}
    return {"label": label, "description": description, "schema": text | schema}


def _standard_fields() -> dict[str, object]:
    return {
        "hidden-fields": ["schema"],
        "relabeling": {
            "host": "S3 endpoint",
            # Airflow 3.3.2 answers Test with "Bad Request" where the port was left blank.
            "port": "Port (443 for AWS; Test fails if blank)",
            "login": "Access key ID",
            "password": "Secret access key",
        },
        "placeholders": {
            "host": "blank for AWS, or for example https://minio.example.com",
            "port": "443",
            "login": "AKIAIOSFODNN7EXAMPLE (access keys only)",
            "password": "access keys only",
        },
    }


def _authentication_fields() -> dict[str, object]:
    return {
        "auth_type": _field(
            _AUTHENTICATION,
            "Authentication type",
            "Access keys go into Access key ID and Secret access key above, IAM Roles Anywhere into its section below.",
            type="string",
            enum=["access_keys", "roles_anywhere"],
            values_display={"access_keys": "Access keys", "roles_anywhere": "IAM Roles Anywhere"},
            default="access_keys",
        ),
        "aws_session_token": _field(
            _AUTHENTICATION,
            "Session token",
            "Only for temporary access keys, whose ID begins with ASIA. For example: IQoJb3JpZ2luX2VjE...",
            format="password",
        ),
    }


def _roles_anywhere_fields() -> dict[str, object]:
    return _roles_anywhere_session_fields() | _roles_anywhere_certificate_fields()


def _roles_anywhere_session_fields() -> dict[str, object]:
    arn = "arn:aws:rolesanywhere:us-east-1:123456789012"
    uuid = "8a7b6c5d-4e3f-4a1b-9c8d-7e6f5a4b3c2d"
    return {
        "profile_arn": _field(_ROLES_ANYWHERE, "Profile ARN", f"For example: {arn}:profile/{uuid}"),
        "role_arn": _field(_ROLES_ANYWHERE, "Role ARN", "For example: arn:aws:iam::123456789012:role/airflow-s3"),
        "trust_anchor_arn": _field(_ROLES_ANYWHERE, "Trust anchor ARN", f"For example: {arn}:trust-anchor/{uuid}"),
        "rolesanywhere_region": _field(
            _ROLES_ANYWHERE,
            "Region",
            "The region of the trust anchor and the profile. For example: us-east-1",
            enum=list(_ROLES_ANYWHERE_REGIONS),
            default="us-east-1",
        ),
        "rolesanywhere_custom_region": _field(
            _ROLES_ANYWHERE,
            "Custom region",
            "A region that is not in the list; when set, it wins. For example: us-new-1",
        ),
        "session_name": _field(
            _ROLES_ANYWHERE,
            "Session name",
            "Names this Airflow in CloudTrail: 2 to 64 letters, digits or any of +=,.@-_ . For example: airflow-prod",
        ),
        "duration_seconds": _field(
            _ROLES_ANYWHERE,
            "Duration (seconds)",
            "The life of the temporary credentials, 900 to 3600. For example: 3600",
            type=["integer", "null"],
            minimum=900,
            maximum=3600,
            default=3600,
        ),
    }


def _roles_anywhere_certificate_fields() -> dict[str, object]:
    return {
        "certificate": _field(
            _ROLES_ANYWHERE,
            "Public certificate",
            "PEM, the end-entity certificate first; intermediates may follow. "
            "For example: -----BEGIN CERTIFICATE----- MIIB... -----END CERTIFICATE-----",
            format="multiline",
        ),
        "certificate_chain": _field(
            _ROLES_ANYWHERE,
            "Certificate chain",
            "PEM of the intermediates, if the certificate above comes without them. "
            "For example: -----BEGIN CERTIFICATE----- MIIC... -----END CERTIFICATE-----",
            format="multiline",
        ),
        "private_key": _field(
            _ROLES_ANYWHERE,
            "Private key",
            "PEM of the certificate's RSA or EC key: PKCS#8, PKCS#1 or SEC1, encrypted or not. "
            "For example: -----BEGIN PRIVATE KEY----- MIGH... -----END PRIVATE KEY-----",
            format="multiline",
        ),
        "private_key_passphrase": _field(
            _ROLES_ANYWHERE,
            "Passphrase of the private key",
            "Only for an encrypted key. For example: correct horse",
            format="password",
        ),
        "rolesanywhere_endpoint_url": _field(
            _ROLES_ANYWHERE,
            "Endpoint",
            "Only for a VPC, FIPS or local endpoint. For example: https://rolesanywhere-fips.us-east-1.amazonaws.com",
        ),
    }


def _advanced_fields() -> dict[str, object]:
    return {
        "region_name": _field(
            _ADVANCED, "S3 region", "Blank: the region of each bucket is found out. For example: eu-central-1"
        ),
        "addressing_style": _field(
            _ADVANCED,
            "Addressing style",
            "How a bucket stands in a URL; many servers other than AWS need path. For example: path",
            enum=["auto", "path", "virtual"],
            default="auto",
        ),
        "verify": _field(
            _ADVANCED,
            "CA bundle",
            "A PEM file on the workers to check TLS with, blank for the system's. For example: /etc/ssl/corp.pem",
        ),
        "requester_pays": _field(
            _ADVANCED,
            "Requester pays",
            "Whether this account pays for requests to the buckets of others. For example: off",
            type=["boolean", "null"],
            default=False,
        ),
        "expected_bucket_owner": _field(
            _ADVANCED, "Expected bucket owner", "The account that must own every bucket. For example: 123456789012"
        ),
        "retry_delays_seconds": _field(
            _ADVANCED, "Retry delays (seconds)", "The waits before each retry. For example: 0, 10, 30, 60, 120, 300"
        ),
        "max_concurrency": _field(
            _ADVANCED,
            "Concurrent requests",
            "How many requests a task may have in flight. For example: 32",
            type=["integer", "null"],
            minimum=1,
            maximum=256,
        ),
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
