# SPDX-License-Identifier: Apache-2.0
"""Asks AWS where a bucket is, with the standard library: boto3 would take half a second for it."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.network import CONNECT_TIMEOUT_SECONDS, ca_bundle, regional_host, user_agent

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.retry import RetryPolicy


def discover_region(connection: S3RestConnection, bucket_name: str, any_region: str, policy: RetryPolicy) -> str | None:
    """Ask for the region of a bucket, unsigned: AWS names it to everybody, whatever the status.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html

    :param any_region: a region of the bucket's partition, to be asked.
    :returns: the region; None where no such bucket exists.
    """
    context = ssl.create_default_context(cafile=ca_bundle(connection))
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
    url = f"https://{regional_host(any_region)}/{bucket_name}"
    attempts = policy.attempts()
    while True:
        answer = _send(opener, url)
        if not isinstance(answer, FaultError):
            return answer
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not (answer.transient and attempts.wait()):
            raise answer.public("HeadBucket", bucket_name)


def _send(opener: urllib.request.OpenerDirector, url: str) -> str | FaultError:
    # A new one for each try, since a proxy alters it.
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": user_agent()})  # noqa: S310 - https
    try:
        with opener.open(request, timeout=CONNECT_TIMEOUT_SECONDS) as answer:
            status, headers = answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            status, headers = error.code, error.headers
    except OSError as error:
        untrusted = isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError)
        return FaultError(f"The bucket's region could not be asked for: {error}", permanent=untrusted)
    region: str | None = headers.get("x-amz-bucket-region")
    return region or FaultError("The answer names no region.", status=status, code=str(status))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing: the answer that redirects names the region itself."""
