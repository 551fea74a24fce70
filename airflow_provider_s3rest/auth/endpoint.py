# SPDX-License-Identifier: Apache-2.0
"""Where Roles Anywhere is, in every AWS partition, by botocore's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    return settings.endpoint_url or f"https://{_regional_host(settings, conn_id)}"


def _regional_host(settings: RolesAnywhere, conn_id: str) -> str:
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    # Of the environment only the kind of endpoint may count: no profile, no endpoint URL.
    session = Session(session_vars={"profile": (None, None, None, None)})
    kind = ""
    try:
        fips = bool(session.get_config_variable("use_fips_endpoint"))
        dual_stack = bool(session.get_config_variable("use_dualstack_endpoint"))
        kind = "FIPS " * fips + "dual-stack " * dual_stack
        # botocore makes up a FIPS endpoint for a region that has none.
        if not fips or settings.region in _fips_regions(session.get_data("endpoints")):
            endpoint = session.get_component("endpoint_resolver").construct_endpoint(
                SERVICE,
                settings.region,
                partition_name=settings.trust_anchor_arn.split(":")[1],
                use_fips_endpoint=fips,
                use_dualstack_endpoint=dual_stack,
            )
            if endpoint:
                return str(endpoint["hostname"])
        reason = ""
    except BotoCoreError as error:
        reason = f" ({type(error).__name__})"
    problem = f"has no {kind}endpoint of Roles Anywhere that fits botocore's configuration on this machine{reason}"
    raise S3RestConnectionError(conn_id, [Fault("rolesanywhere_region", problem)])


def _fips_regions(endpoints: dict[str, list[dict[str, Any]]]) -> frozenset[str]:
    return frozenset(
        region
        for partition in endpoints["partitions"]
        for region, endpoint in partition["services"].get(SERVICE, {}).get("endpoints", {}).items()
        if any("fips" in variant["tags"] for variant in endpoint.get("variants", ()))
    )
