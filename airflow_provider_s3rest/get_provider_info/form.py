# SPDX-License-Identifier: Apache-2.0
"""The connection form: its only definition, from which the forms of every Airflow are made.

Airflow shows a field's schema by https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html .
"""

from __future__ import annotations

from airflow_provider_s3rest.get_provider_info.regions import ROLES_ANYWHERE, S3

TYPE_CHECKING = False  # as typing has it, which not even Airflow has imported yet
if TYPE_CHECKING:
    from typing import Any

# The sections, in the order in which a person fills them in.
AUTHENTICATION = "Authentication"
ROLE = "IAM Roles Anywhere: trust anchor, profile, role"
CERTIFICATE = "IAM Roles Anywhere: certificate and private key"
OPTIONS = "S3 options"

_ARN = "arn:aws:rolesanywhere:us-east-1:123456789012"


def standard_fields() -> dict[str, Any]:
    """How the form names the fields that every connection has, and what it shows in them while they are blank."""
    return {
        "hidden-fields": ["schema"],
        "relabeling": {
            "host": "S3 endpoint (blank for AWS)",
            # Airflow 3.3.2 answers Test with "Bad Request" where the port was left blank, and has no default for it.
            "port": "Port (enter 443 for AWS)",
            "login": "Access key ID",
            "password": "Secret access key",
        },
        "placeholders": {
            "host": "only for other servers: https://minio.example.com",
            "port": "443; with a blank port, Test answers only Bad Request",
            "login": "AKIA... (IAM > Users > Security credentials), or blank",
            "password": "AWS shows it once, when the key is created; or blank",
        },
    }


def extra_fields() -> dict[str, Any]:
    """All other fields, in the form's order."""
    return _authentication() | _role() | _certificate() | _options() | _pace()


def plain(markdown: str) -> str:
    """A help text without its marks, for forms that show none."""
    return markdown.replace("*", "").replace("  \n", " ")


def _field(section: str, label: str, what: str, where: str, **schema: object) -> dict[str, object]:
    """One field of the form; without a type of its own it is text that may stay empty.

    :param what: what it is, with an example.
    :param where: where in AWS to find it: in its console, and by a command.
    """
    # Markdown, but without backticks, since the form's code covers the line above it, and without https://, of which
    # it makes a link that leads out of a form half filled in.
    text: dict[str, object] = {"type": ["string", "null"], "section": section, "description_md": f"{what}  \n{where}"}
    return {"label": label, "schema": text | schema}


def _authentication() -> dict[str, object]:
    return {
        "auth_type": _field(
            AUTHENTICATION,
            "Authentication type",
            "For example: Access keys; then fill in Access key ID and Secret access key above.",
            "For IAM Roles Anywhere, fill in its two sections below instead.",
            type="string",
            enum=["access_keys", "roles_anywhere"],
            values_display={"access_keys": "Access keys", "roles_anywhere": "IAM Roles Anywhere"},
            default="access_keys",
        ),
        "aws_session_token": _field(
            AUTHENTICATION,
            "Session token",
            "Only for temporary access keys (ASIA...). For example: IQoJb3JpZ2luX2VjE...",
            "Find it: **AWS access portal > Access keys**, or *aws sts get-session-token*",
            format="password",
        ),
    }


def _role() -> dict[str, object]:
    return {
        "rolesanywhere_region": _field(
            ROLE,
            "Roles Anywhere region",
            "The region in the ARNs of trust anchor and profile. For example: us-east-1",
            "Find it: at the top right of the AWS console.",
            enum=list(ROLES_ANYWHERE),
            values_display={code: f"{name} {code}" for code, name in ROLES_ANYWHERE.items()},
            default="us-east-1",
        ),
        "rolesanywhere_custom_region": _field(
            ROLE,
            "Roles Anywhere custom region",
            "A region that the list above lacks; when set, it wins. For example: us-new-1",
            "Find it: at the top right of the AWS console.",
        ),
        "trust_anchor_arn": _field(
            ROLE,
            "Trust anchor ARN",
            f"For example: {_ARN}:trust-anchor/1f2e3d4c-...",
            "Find it: **IAM Roles Anywhere > Trust anchors**, or *aws rolesanywhere list-trust-anchors*",
        ),
        "profile_arn": _field(
            ROLE,
            "Profile ARN",
            f"For example: {_ARN}:profile/8a7b6c5d-...",
            "Find it: **IAM Roles Anywhere > Profiles**, or *aws rolesanywhere list-profiles*",
        ),
        "role_arn": _field(
            ROLE,
            "Role ARN",
            "One that the profile lists. For example: arn:aws:iam::123456789012:role/airflow-s3",
            "Find it: **IAM > Roles**, or *aws iam list-roles*",
        ),
        **_session(),
    }


def _session() -> dict[str, object]:
    return {
        "session_name": _field(
            ROLE,
            "Role session name",
            "Needed; CloudTrail shows it. 2 to 64 of A-Z a-z 0-9 _+=,.@- For example: airflow-prod",
            "Find out if it is accepted: **Roles Anywhere > Profiles > Custom role session name**",
        ),
        "duration_seconds": _field(
            ROLE,
            "Session duration (seconds)",
            "How long temporary credentials live, 900 to 3600. For example: 3600",
            "Find the most allowed: **IAM Roles Anywhere > Profiles > Session duration**",
            type=["integer", "null"],
            minimum=900,
            maximum=3600,
            default=3600,
        ),
        "rolesanywhere_endpoint_url": _field(
            ROLE,
            "Roles Anywhere endpoint",
            "For VPC or FIPS endpoints. For example: rolesanywhere-fips.us-east-1.amazonaws.com",
            "Find it: **VPC > Endpoints > DNS names**, or *aws ec2 describe-vpc-endpoints*",
        ),
    }


def _certificate() -> dict[str, object]:
    return {
        "certificate": _field(
            CERTIFICATE,
            "Public certificate",
            "PEM, leaf first, intermediates may follow. For example: -----BEGIN CERTIFICATE-----...",
            "Find it: in the file from your CA; in AWS Private CA, *aws acm-pca get-certificate*",
            format="multiline",
        ),
        "private_key": _field(
            CERTIFICATE,
            "Private key",
            "PEM of the certificate's RSA or EC key. For example: -----BEGIN PRIVATE KEY-----...",
            "Find it: in the file made with the certificate request; AWS never has it.",
            format="multiline",
        ),
        "private_key_passphrase": _field(
            CERTIFICATE,
            "Passphrase of the private key",
            "Only for a key that begins BEGIN ENCRYPTED PRIVATE KEY. For example: correct horse",
            "Find it: with whoever made the key; AWS never has it.",
            format="password",
        ),
        "certificate_chain": _field(
            CERTIFICATE,
            "Certificate chain",
            "PEM of intermediates not in the first field. For example: -----BEGIN CERTIFICATE-----...",
            "Find it: in the file from your CA; in AWS Private CA, *aws acm-pca get-certificate*",
            format="multiline",
        ),
    }


def _options() -> dict[str, object]:
    return {
        "region_name": _field(
            OPTIONS,
            "S3 region",
            "Blank: the region of each bucket is found out. For example: eu-central-1",
            "Find it: **Amazon S3 > Buckets**, or *aws s3api get-bucket-location --bucket NAME*",
            examples=list(S3),
        ),
        "addressing_style": _field(
            OPTIONS,
            "Addressing style",
            "How URLs name a bucket. For example: path for many servers other than AWS, or auto",
            "Find it: in the manual of the server; AWS needs only auto.",
            enum=["auto", "path", "virtual"],
            default="auto",
        ),
        "verify": _field(
            OPTIONS,
            "CA bundle",
            "A PEM file on the workers; blank: the system's. For example: /etc/ssl/corp.pem",
            "Find it: with whoever runs your proxy or your server; AWS needs none.",
        ),
        "requester_pays": _field(
            OPTIONS,
            "Requester pays",
            "Whether you pay for requests to the buckets of others. For example: off",
            "Find it: **Amazon S3 > the bucket > Properties > Requester pays**",
            type=["boolean", "null"],
            default=False,
        ),
        "expected_bucket_owner": _field(
            OPTIONS,
            "Expected bucket owner",
            "The account that must own every bucket. For example: 123456789012",
            "Find it: at the top right of the AWS console, or *aws sts get-caller-identity*",
        ),
    }


def _pace() -> dict[str, object]:
    return {
        "retry_delays_seconds": _field(
            OPTIONS,
            "Retry delays (seconds)",
            "The wait before each retry. For example: 0, 5, 20; blank: 0, 10, 30, 60, 120, 300",
            "Yours to choose: AWS has no say in it.",
        ),
        "max_concurrency": _field(
            OPTIONS,
            "Concurrent requests",
            "How many requests a task has in flight, 1 to 256. For example: 32, as if blank",
            "Yours to choose: AWS has no say in it.",
            type=["integer", "null"],
            minimum=1,
            maximum=256,
        ),
    }
