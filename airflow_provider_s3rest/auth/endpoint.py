# SPDX-License-Identifier: Apache-2.0
"""Where Roles Anywhere is, in every AWS partition, by botocore's data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.auth.signing import SERVICE
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from botocore.session import Session

    from airflow_provider_s3rest.connection import RolesAnywhere

_OPTIONS = ("use_fips_endpoint", "use_dualstack_endpoint")
# The files in which botocore looks for them.
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}


def rolesanywhere_url(settings: RolesAnywhere, *, conn_id: str) -> str:
    """The endpoint of a connection: its own, or that of its region.

    FIPS and dual-stack endpoints are used where botocore is configured to (``AWS_USE_FIPS_ENDPOINT``,
    ``AWS_USE_DUALSTACK_ENDPOINT``, or the default profile of its configuration file):
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html

    :raises S3RestConnectionError: the region has no endpoint of the configured kind.
    """
    if settings.endpoint_url:
        return settings.endpoint_url
    # botocore takes half a second to say the same.
    if _is_usual(settings.region) and not _is_configured():
        return f"https://{SERVICE}.{settings.region}.amazonaws.com"
    return _regional_url(settings, conn_id)


def _is_usual(region: str) -> bool:
    return region.count("-") == "us-east-1".count("-") and not region.startswith("cn-")


def _is_configured() -> bool:
    """Whether this machine may ask for another kind of endpoint."""
    if any(os.environ.get(f"AWS_{option.upper()}") for option in _OPTIONS):
        return True
    return any(_may_ask(Path(os.environ.get(name) or usual)) for name, usual in _FILES.items())


def _may_ask(file: Path) -> bool:
    try:
        text = file.expanduser().read_text(errors="replace").lower()
    except FileNotFoundError:
        return False
    except (OSError, RuntimeError):
        return True  # botocore tells what is wrong with it
    return any(option in text for option in _OPTIONS)


def _regional_url(settings: RolesAnywhere, conn_id: str) -> str:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    # Of the environment only the kind of endpoint may count: no profile, no endpoint URL, no mode of anything else.
    session = Session(session_vars={"profile": (None, None, None, None)})
    config = Config(ignore_configured_endpoint_urls=True, defaults_mode="legacy", retries={"mode": "standard"})
    try:
        # botocore makes up a FIPS endpoint for a region that has none.
        if not session.get_config_variable("use_fips_endpoint") or settings.region in _fips_regions(session):
            client = session.create_client(
                SERVICE,
                region_name=settings.region,
                aws_access_key_id="none",
                aws_secret_access_key="none",  # noqa: S106 - no request is ever signed with it
                config=config,
            )
            return str(client.meta.endpoint_url)
        problem = "has no FIPS endpoint of Roles Anywhere, which botocore's configuration on this machine asks for"
    except BotoCoreError as error:
        problem = f"leads to no endpoint by botocore's configuration on this machine ({type(error).__name__})"
    raise S3RestConnectionError(conn_id, [Fault("rolesanywhere_region", problem)])


def _fips_regions(session: Session) -> frozenset[str]:
    return frozenset(
        region
        for partition in session.get_data("endpoints")["partitions"]
        for region, endpoint in partition["services"].get(SERVICE, {}).get("endpoints", {}).items()
        if any("fips" in variant["tags"] for variant in endpoint.get("variants", ()))
    )
