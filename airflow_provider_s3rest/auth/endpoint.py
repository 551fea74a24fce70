# SPDX-License-Identifier: Apache-2.0
"""Where Roles Anywhere is, in every AWS partition, by botocore's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.auth.signing import SERVICE
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import RolesAnywhere


def rolesanywhere_url(settings: RolesAnywhere, *, conn_id: str) -> str:
    """The endpoint of a connection: its own, or that of its region.

    FIPS and dual-stack endpoints are used where botocore is configured to (``AWS_USE_FIPS_ENDPOINT``,
    ``AWS_USE_DUALSTACK_ENDPOINT``, or the default profile of its configuration file):
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html

    :raises S3RestConnectionError: the region has no endpoint of the configured kind.
    """
    if settings.endpoint_url:
        return settings.endpoint_url
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    # Of the environment only the kind of endpoint may count: no profile, no endpoint URL.
    session = Session(session_vars={"profile": (None, None, None, None)})
    fips = bool(session.get_config_variable("use_fips_endpoint"))
    if not fips or settings.region in _fips_regions(session):
        try:
            client = session.create_client(
                SERVICE,
                region_name=settings.region,
                aws_access_key_id="none",
                aws_secret_access_key="none",  # noqa: S106 - no request is ever signed with it
                config=Config(ignore_configured_endpoint_urls=True),
            )
            return str(client.meta.endpoint_url)
        except BotoCoreError:
            fips = False
    kind = "FIPS" if fips else "dual-stack"
    problem = f"has no {kind} endpoint of Roles Anywhere, which botocore's configuration on this machine asks for"
    raise S3RestConnectionError(conn_id, [Fault("rolesanywhere_region", problem)])


def _fips_regions(session: object) -> frozenset[str]:
    """The regions whose FIPS endpoint exists; botocore makes up a name for every other one."""
    partitions = session.get_data("endpoints")["partitions"]  # type: ignore[attr-defined]
    return frozenset(
        region
        for partition in partitions
        for region, endpoint in partition["services"].get(SERVICE, {}).get("endpoints", {}).items()
        if any("fips" in variant["tags"] for variant in endpoint.get("variants", ()))
    )
