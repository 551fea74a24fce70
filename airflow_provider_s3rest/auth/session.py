# SPDX-License-Identifier: Apache-2.0
"""A session straight from Roles Anywhere, past every cache: checked, signed, asked for once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.auth.endpoint import rolesanywhere_url
from airflow_provider_s3rest.auth.identity import load_identity
from airflow_provider_s3rest.auth.rolesanywhere import create_session

if TYPE_CHECKING:
    from airflow_provider_s3rest.auth.rolesanywhere import Session
    from airflow_provider_s3rest.connection import RolesAnywhere, S3RestConnection


def fetch_session(connection: S3RestConnection, settings: RolesAnywhere, *, key_is_checked: bool = False) -> Session:
    """Check the certificate and make one CreateSession call.

    :param key_is_checked: see :func:`~airflow_provider_s3rest.auth.identity.load_identity`.
    :raises S3RestConnectionError: the certificate or its key can't work, or the region has no endpoint.
    :raises S3RestCredentialError: the service refused or was not reached.
    """
    now = datetime.now(UTC)
    identity = load_identity(settings, conn_id=connection.conn_id, now=now, key_is_checked=key_is_checked)
    url = rolesanywhere_url(settings, conn_id=connection.conn_id)
    return create_session(settings, identity, url=url, verify=connection.verify)
