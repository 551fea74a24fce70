# SPDX-License-Identifier: Apache-2.0
"""Where a bucket is: its region, the endpoint that serves it, and what TLS trusts on the way there."""

from __future__ import annotations

import os
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING

from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.s3.errors import FaultError

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.retry import RetryPolicy

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60

_HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_DISCOVERED: dict[str, str] = {}
"""The region of every bucket met by this process: bucket names are unique within a partition."""


def user_agent() -> str:
    """Return how both engines name this provider to S3."""
    from airflow_provider_s3rest import __version__

    return f"airflow-provider-s3rest/{__version__}"


def ca_bundle(connection: S3RestConnection) -> str | None:
    """Return the path of the CA bundle to trust: the connection's own, else the environment's, else None."""
    if isinstance(connection.verify, str):
        return connection.verify
    names = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def home_region(connection: S3RestConnection) -> str:
    """Return the region to ask for what belongs to no bucket; the partition is that of the role."""
    if connection.region_name:
        return connection.region_name
    partition = "aws"
    if isinstance(connection.authentication, RolesAnywhere):
        partition = connection.authentication.role_arn.split(":")[1]
    if partition in _HOME_REGIONS:
        return _HOME_REGIONS[partition]
    from botocore.session import Session

    regions: list[str] = Session().get_available_regions("s3", partition_name=partition)
    return regions[0]


def regional_host(region: str) -> str:
    """Return the host of S3 in a region of any partition.

    https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    suffix = "amazonaws.com"
    if region.startswith("cn-") or region.count("-") != "us-east-1".count("-"):
        from botocore.session import Session

        suffix = Session().get_component("endpoint_resolver").construct_endpoint("s3", region)["dnsSuffix"]
    return f"s3.{region}.{suffix}"


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


class Regions:
    """The region of each bucket of one connection: given, or asked from AWS once in a process.

    :param region_name: the region to use for all, whatever the connection says.
    """

    def __init__(self, connection: S3RestConnection, region_name: str | None, policy: RetryPolicy) -> None:
        self._connection = connection
        self._given = region_name or connection.region_name
        self._policy = policy
        self._corrected: dict[str, str] = {}

    @property
    def home(self) -> str:
        """The region for what belongs to no bucket."""
        return self._given or home_region(self._connection)

    def of(self, bucket_name: str) -> str:
        """Return the region of a bucket; the home region for one that does not exist."""
        if bucket_name in self._corrected:
            return self._corrected[bucket_name]
        if self._given or self._connection.endpoint_url:
            return self.home
        if bucket_name not in _DISCOVERED:
            region = self._ask(bucket_name)
            if region is None:
                return self.home
            _DISCOVERED[bucket_name] = region
        return _DISCOVERED[bucket_name]

    def correct(self, bucket_name: str) -> bool:
        """Ask AWS again, since it sent a request for the bucket elsewhere.

        :returns: whether the bucket is in another region than was thought.
        """
        if self._connection.endpoint_url:
            return False
        before = self.of(bucket_name)
        region = self._ask(bucket_name)
        if region is None or region == before:
            return False
        self._corrected[bucket_name] = _DISCOVERED[bucket_name] = region
        return True

    def _ask(self, bucket_name: str) -> str | None:
        """Ask for the region, unsigned: AWS names it to everybody, whatever the status.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        """
        attempts = self._policy.attempts()
        while True:
            fault, region = self._head(bucket_name)
            if fault is None or not (fault.transient and attempts.wait()):
                break
        if fault is not None and fault.status != HTTPStatus.NOT_FOUND:
            raise fault.public("HeadBucket", bucket_name) from None
        return region

    def _head(self, bucket_name: str) -> tuple[FaultError | None, str | None]:
        context = ssl.create_default_context(cafile=ca_bundle(self._connection))
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
        url = f"https://{regional_host(self.home)}/{bucket_name}"
        request = urllib.request.Request(url, method="HEAD")
        try:
            with opener.open(request, timeout=CONNECT_TIMEOUT_SECONDS) as answer:
                return None, answer.headers.get("x-amz-bucket-region")
        except urllib.error.HTTPError as error:
            with error:
                region = error.headers.get("x-amz-bucket-region")
                fault = FaultError(error.reason, status=error.code, code=str(error.code))
                return (None if region else fault), region
        except OSError as error:
            return FaultError(f"The region of bucket {bucket_name!r} could not be asked for: {error}"), None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing: the answer that redirects names the region itself."""
