# SPDX-License-Identifier: Apache-2.0
"""Pages of listings without boto3, whose client takes 14 MiB and half a second.

It knows one request, a good answer to it, trouble that may pass, and the two plainest refusals. Whatever else comes is
left to the complete engine, which asks again.
"""

from __future__ import annotations

import functools
import ssl
import urllib.request
import weakref
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.clock import read_date
from airflow_provider_s3rest.s3.errors import UNTRUSTED, FaultError, read_refusal
from airflow_provider_s3rest.s3.pages import read_page
from airflow_provider_s3rest.s3.sigv4 import Signer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from airflow_provider_s3rest.auth.model import CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.clock import Clock
    from airflow_provider_s3rest.s3.pages import Page
    from airflow_provider_s3rest.s3.regions import Regions
    from airflow_provider_s3rest.s3.retry import RetryPolicy

_PARAMETERS = {
    "Prefix": "prefix",
    "Delimiter": "delimiter",
    "StartAfter": "start-after",
    "MaxKeys": "max-keys",
    "ContinuationToken": "continuation-token",
}
# They mean the same whoever asks, whenever, and wherever.
_FINAL_CODES = frozenset({"AccessDenied", "NoSuchBucket"})


class PlainLister:
    """Asks for pages of the objects of one account. Safe for threads."""

    def __init__(
        self,
        connection: S3RestConnection,
        credentials: CredentialSource,
        regions: Regions,
        clock: Clock,
        policy: RetryPolicy,
    ) -> None:
        self._connection = connection
        self._credentials = credentials
        self._regions = regions
        self._clock = clock
        self._policy = policy

    def page(self, bucket_name: str, terms: Mapping[str, str | int]) -> Page | None:
        """Ask for a page.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html

        :param terms: the parameters of the request as boto3 names them.
        :returns: None if the complete engine has to be asked.
        :raises S3RestNotFoundError: there is no such bucket.
        :raises botocore.exceptions.ClientError: it may not be listed, or S3 stayed busy through all retries.
        :raises botocore.exceptions.HTTPClientError: S3 did not answer through all retries.
        """
        # A directory bucket has credentials of its own; this knows no proxy.
        if bucket_name.endswith("--x-s3") or self._by_proxy:
            return None
        attempts = self._policy.attempts()
        while True:
            answer = self._ask(bucket_name, terms)
            if not isinstance(answer, FaultError):
                return answer
            if answer.transient and attempts.wait():
                continue
            if answer.transient or answer.code in _FINAL_CODES:
                raise answer.public("ListObjectsV2", bucket_name, retries=attempts.retries)
            return None

    def _ask(self, bucket_name: str, terms: Mapping[str, str | int]) -> Page | FaultError | None:
        import httpx

        try:
            answer = self._transport.handle_request(self._request(bucket_name, terms))
            body = answer.read()
            page = read_page(body) if answer.status_code == HTTPStatus.OK else None
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            asked = self._connection.endpoint_url or "S3"
            return FaultError(f"{asked} gave no answer: {said}", permanent=UNTRUSTED in said)
        except (httpx.InvalidURL, S3RestIntegrityError):
            return None
        if page:
            return replace(page, at=read_date(answer.headers.get("date")))
        return read_refusal(answer.status_code, body)

    def _request(self, bucket_name: str, terms: Mapping[str, str | int]) -> httpx.Request:
        import httpx

        region = self._regions.of(bucket_name)
        base, in_host = network.bucket_url(self._connection, bucket_name, region)
        query = {"list-type": "2", "encoding-type": "url"}
        # What follows a page may name terms of other listings too.
        query |= {_PARAMETERS[term]: str(value) for term, value in terms.items() if term in _PARAMETERS}
        headers = {"user-agent": network.user_agent()}
        if self._connection.requester_pays:
            headers["x-amz-request-payer"] = "requester"
        if self._connection.expected_bucket_owner:
            headers["x-amz-expected-bucket-owner"] = self._connection.expected_bucket_owner
        signer = Signer(self._credentials.current(), region, self._clock.now())
        url, signed = signer.request("GET", base, "/" if in_host else f"/{bucket_name}", query=query, headers=headers)
        timeout = httpx.Timeout(network.READ_TIMEOUT_SECONDS, connect=network.CONNECT_TIMEOUT_SECONDS)
        return httpx.Request("GET", url, headers=signed, extensions={"timeout": timeout.as_dict()})

    @functools.cached_property
    def _transport(self) -> httpx.HTTPTransport:
        # A client would write every URL to its log.
        import httpx

        context = ssl.create_default_context(cafile=network.ca_bundle(self._connection))
        transport = httpx.HTTPTransport(verify=context, limits=httpx.Limits(max_connections=None))
        weakref.finalize(self, transport.close).atexit = False
        return transport

    @functools.cached_property
    def _by_proxy(self) -> bool:
        scheme = (self._connection.endpoint_url or "https").partition(":")[0]
        return bool({scheme, "all"} & set(urllib.request.getproxies()))
