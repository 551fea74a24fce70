# SPDX-License-Identifier: Apache-2.0
"""The way to S3: endpoints and hosts, what TLS trusts, how long to wait, and who we say we are."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import S3RestConnection

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60

_CA_BUNDLE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@functools.cache
def user_agent() -> str:
    """Return how all engines name this provider to S3; the version stands in a file."""
    from airflow_provider_s3rest import __version__

    return f"airflow-provider-s3rest/{__version__}"


def ca_bundle(connection: S3RestConnection) -> str | None:
    """Return the path of the CA bundle to trust: the connection's own, else the environment's, else None.

    :raises S3RestConnectionError: the connection's names no file on this machine.
    :raises OSError: the environment's names none.
    """
    if isinstance(connection.verify, str):
        if not Path(connection.verify).is_file():
            fault = Fault("verify", "names no file on this machine: give the path of a PEM file that exists here")
            raise S3RestConnectionError(connection.conn_id, [fault])
        return connection.verify
    name = next((name for name in _CA_BUNDLE_VARIABLES if os.environ.get(name)), None)
    if name is None:
        return None
    if not Path(os.environ[name]).is_file():
        raise OSError(f"The environment variable {name} names no file on this machine")
    return os.environ[name]


def home_region(connection: S3RestConnection) -> str:
    """Return the region to ask for what belongs to no bucket; the partition is that of the role."""
    if connection.region_name:
        return connection.region_name
    partition = "aws"
    if isinstance(connection.authentication, RolesAnywhere):
        partition = connection.authentication.role_arn.split(":")[1]
    if partition in _HOME_REGIONS:
        return _HOME_REGIONS[partition]
    home: str = next(known for known in _partitions() if known["id"] == partition)["outputs"]["implicitGlobalRegion"]
    return home


def regional_host(region: str) -> str:
    """Return the host of S3 in a region of any partition.

    https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    suffix = "amazonaws.com"
    # Only botocore's data know the others; loading it takes too long for the usual ones.
    if region.startswith("cn-") or region.count("-") != "us-east-1".count("-"):
        found = (known for known in _partitions() if re.fullmatch(known["regionRegex"], region))
        suffix = next((known["outputs"]["dnsSuffix"] for known in found), suffix)
    return f"s3.{region}.{suffix}"


def _partitions() -> list[dict[str, Any]]:
    from botocore.loaders import create_loader

    partitions: list[dict[str, Any]] = create_loader().load_data("partitions")["partitions"]
    return partitions


def bucket_url(connection: S3RestConnection, bucket_name: str, region: str) -> tuple[str, bool]:
    """Return the address of a bucket as botocore would build it.

    :returns: the URL, and whether the bucket stands in its host already.
    """
    endpoint = connection.endpoint_url or f"https://{regional_host(region)}"
    scheme, _, host = endpoint.rstrip("/").partition("://")
    fits_host = bucket_name == bucket_name.lower() and "_" not in bucket_name
    fits_certificate = "." not in bucket_name or scheme == "http"
    style = connection.addressing_style
    wanted = style == "virtual" or (style == "auto" and not connection.endpoint_url)
    if wanted and fits_host and fits_certificate:
        return f"{scheme}://{bucket_name}.{host}", True
    return f"{scheme}://{host}", False
