# SPDX-License-Identifier: Apache-2.0
"""boto3 clients for the local S3 server, deaf to the environment: no profile, proxy or credentials but those given."""

from __future__ import annotations

import os
from typing import Any

import botocore.config
import botocore.session
from botocore.exceptions import ClientError

from airflow_provider_s3rest.local.model import SessionRequest, TemporaryCredentials, denied

REGION = "us-east-1"


def make_client(
    service: str,
    endpoint_url: str,
    *,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None = None,
    verify: str | None = None,
    timeout_seconds: float = 30,
) -> Any:
    """Make a botocore client that does not retry.

    :param verify: path of the CA bundle for an HTTPS endpoint.
    :param timeout_seconds: to connect, and then to wait for an answer.
    """
    nowhere = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull, "ca_bundle": None}
    session = botocore.session.Session(
        session_vars={name: (None, None, default, None) for name, default in nowhere.items()}
    )
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        aws_session_token=session_token,
        verify=verify,
        config=botocore.config.Config(
            retries={"total_max_attempts": 1},
            proxies={},
            connect_timeout=timeout_seconds,
            read_timeout=timeout_seconds,
            max_pool_connections=50,
        ),
    )


def assume_role(sts: Any, session: SessionRequest) -> TemporaryCredentials:
    """Obtain temporary credentials for a verified request.

    :param sts: a client of STS.
    :raises Refusal: 403 in the words of IAM Roles Anywhere, when STS refuses.
    """
    try:
        answer = sts.assume_role(
            RoleArn=session.role_arn, RoleSessionName=session.session_name, DurationSeconds=session.duration_seconds
        )
    except ClientError as error:
        raise denied(f"Unable to assume role for {session.role_arn}", str(error)) from None
    credentials = answer["Credentials"]
    return TemporaryCredentials(
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=credentials["SecretAccessKey"],
        session_token=credentials["SessionToken"],
        expires_at=credentials["Expiration"],
    )
