# SPDX-License-Identifier: Apache-2.0
"""Requests on buckets and objects: signed, retried by the policy, and sent again where that mends them."""

from __future__ import annotations

import re
import urllib.request
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.clock import SKEWED_CODE
from airflow_provider_s3rest.s3.engine import UNSIGNED_BYTES
from airflow_provider_s3rest.s3.errors import FaultError, read_refusal
from airflow_provider_s3rest.s3.plain.connections import Connections
from airflow_provider_s3rest.s3.recovery import Recovery
from airflow_provider_s3rest.s3.sigv4 import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.clock import Clock
    from airflow_provider_s3rest.s3.plain.connections import Answer, Arriving
    from airflow_provider_s3rest.s3.regions import Regions
    from airflow_provider_s3rest.s3.retry import RetryPolicy

T = TypeVar("T")

_ERROR_INSIDE = rb"\s*(?:<\?xml[^>]*>\s*)?<Error[\s>]"


class Request(NamedTuple):
    """A request in the terms of HTTP, without what all requests have.

    :param key: sent verbatim, whatever it holds.
    """

    method: str
    bucket_name: str
    key: str = ""
    query: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""


class PlainClient:
    """Sends requests for one connection. Safe for threads."""

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
        self._recovery = Recovery(credentials, regions)
        self._connections = Connections(connection)

    def reaches(self, bucket_name: str) -> bool:
        """Whether it can send requests about a bucket: not by a proxy; and a directory bucket wants its own session."""
        return not (bucket_name.endswith("--x-s3") or self._by_proxy)

    @property
    def source_terms(self) -> dict[str, str]:
        """The headers that the connection wants of a copy for its source."""
        owner = self._connection.expected_bucket_owner
        return {"x-amz-source-expected-bucket-owner": owner} if owner else {}

    @property
    def is_aws(self) -> bool:
        """Whether the service is that of AWS, which knows every checksum."""
        return not self._connection.endpoint_url

    def region_of(self, bucket_name: str) -> str:
        """Return the region of a bucket."""
        return self._regions.of(bucket_name)

    def send(self, request: Request) -> Answer:
        """Send a request until it is answered well, or has failed for good.

        :raises FaultError: it has failed; what it says of retries is how often it was repeated.
        """
        return self._repeat(request, _whole)

    def open(self, request: Request) -> Arriving:
        """Do as :meth:`send`, and leave the body of the answer to be read; it is that of an object.

        :raises FaultError: it has failed.
        """
        return self._repeat(request, lambda _, answer: answer)

    def _repeat(self, request: Request, take: Callable[[Request, Arriving], T]) -> T:
        attempts = self._policy.attempts()
        while True:
            credentials = self._credentials.current()
            try:
                return take(request, self._try(request, credentials))
            except FaultError as error:
                fault = error
            if self._is_late(fault, request) and attempts.once("clock") and self._clock.follow(fault.date):
                continue
            if not self._recovery.mend(fault, attempts, request.bucket_name, credentials):
                fault.retries = attempts.retries
                raise fault

    def _try(self, request: Request, credentials: Credentials) -> Arriving:
        base, target, headers = self._signed(request, credentials)
        answer = self._connections.open(request.method, base, target, headers, request.body)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise read_refusal(answer.status, answer.whole().body, answer.headers.get("date"))
        return answer

    def _signed(self, request: Request, credentials: Credentials) -> tuple[str, str, dict[str, str]]:
        """Return scheme and host, path and query, and all headers."""
        region = self._regions.of(request.bucket_name)
        base, in_host = network.bucket_url(self._connection, request.bucket_name, region)
        headers = {"user-agent": network.user_agent(), **request.headers}
        if self._connection.requester_pays:
            headers["x-amz-request-payer"] = "requester"
        if self._connection.expected_bucket_owner:
            headers["x-amz-expected-bucket-owner"] = self._connection.expected_bucket_owner
        path = "/".join(part for part in (None if in_host else request.bucket_name, request.key) if part)
        is_signed = base.startswith("http://") or len(request.body) < UNSIGNED_BYTES
        signer = Signer(credentials, region, self._clock.now())
        url, signed = signer.request(
            request.method,
            base,
            f"/{path}",
            query=request.query,
            headers=headers,
            body=request.body if is_signed else None,
        )
        return base, url[len(base) :], signed

    @staticmethod
    def _is_late(fault: FaultError, request: Request) -> bool:
        # The answer to a HEAD has no body, so that its code is the bare status.
        return fault.code == SKEWED_CODE or (request.method == "HEAD" and fault.code == str(HTTPStatus.FORBIDDEN))

    @cached_property
    def _by_proxy(self) -> bool:
        scheme = (self._connection.endpoint_url or "https").partition(":")[0]
        return bool({scheme, "all"} & set(urllib.request.getproxies()))


def _whole(request: Request, arriving: Arriving) -> Answer:
    answer = arriving.whole()
    # S3 may have begun its answer before it did the work.
    if re.match(_ERROR_INSIDE, answer.body):
        raise read_refusal(HTTPStatus.INTERNAL_SERVER_ERROR, answer.body, answer.headers.get("date"))
    if request.method != "GET" and answer.body and not answer.body.rstrip().endswith(b">"):
        raise FaultError("The answer was cut", status=HTTPStatus.INTERNAL_SERVER_ERROR, code="InternalError")
    return answer
