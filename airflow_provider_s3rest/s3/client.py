# SPDX-License-Identifier: Apache-2.0
"""boto3 clients of a connection. Import it only to use it: boto3 takes half a second.

They are for S3, and for the queues that it notifies. They take no setting from the environment or from files, ask the
credential source at every signing, and retry each HTTP request by the policy.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import HTTPClientError, SSLError

from airflow_provider_s3rest.s3 import network, pages
from airflow_provider_s3rest.s3.clock import SKEWED_CODE
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.retry import EXPIRED_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.clock import Clock
    from airflow_provider_s3rest.s3.retry import Attempts, RetryPolicy

_ATTEMPTS = "airflow_provider_s3rest_attempts"
_SERVICES = ("s3", "sqs")
_HEAD_OPERATIONS = frozenset({"HeadBucket", "HeadObject"})
_SKEWED_CODES = {
    "s3": frozenset({SKEWED_CODE}),
    # What else these can mean is told apart by the Date header.
    "sqs": frozenset({"InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"}),
}
_TIMESTAMP = "%Y%m%dT%H%M%SZ"


def call(client: Any, operation: str, terms: Mapping[str, Any], **parameters: Any) -> Any:
    """Call an operation of S3 with those terms that it knows: a request carries all that it can, and nothing else.

    :param operation: the name of the client's method, such as ``put_object``.
    :param terms: parameters of S3's API; see :mod:`airflow_provider_s3rest.s3.options`.
    :param parameters: those that the operation must know.
    """
    name = client.meta.method_to_api_mapping[operation]
    known = client.meta.service_model.operation_model(name).input_shape.members
    return getattr(client, operation)(**{term: terms[term] for term in terms if term in known}, **parameters)


class Clients:
    """The boto3 clients of one connection, one for each service and region. Safe for threads."""

    def __init__(
        self, connection: S3RestConnection, source: CredentialSource, policy: RetryPolicy, clock: Clock
    ) -> None:
        self._connection = connection
        self._policy = policy
        self._clock = clock
        self._credentials = SourceCredentials(source)
        self._lock = threading.Lock()
        self._session: boto3.session.Session | None = None
        self._clients: dict[tuple[str, str, str | None], Any] = {}

    def of(self, region: str) -> Any:
        """Return the client of S3 in a region."""
        return self._kept("s3", region, self._connection.endpoint_url)

    def of_queues(self, region: str, endpoint_url: str) -> Any:
        """Return the client of SQS in a region, at one of its endpoints."""
        return self._kept("sqs", region, endpoint_url)

    def _kept(self, service: str, region: str, endpoint_url: str | None) -> Any:
        which = (service, region, endpoint_url)
        with self._lock:
            if which not in self._clients:
                self._clients[which] = self._new_client(*which)
            return self._clients[which]

    def _new_client(self, service: str, region: str, endpoint_url: str | None) -> Any:
        if self._session is None:
            self._session = boto3.session.Session(botocore_session=_new_session(self._credentials))
        connection = self._connection
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            verify=network.ca_bundle(connection) or True,
            config=_config(connection),
        )
        events = client.meta.events
        events.register_first(f"needs-retry.{service}", self._needs_retry)
        events.register(f"before-sign.{service}", self._set_clock)
        events.register(f"after-call.{service}", _count_retries)
        # By these names they come before botocore's own handlers, one of which would parse the body just for its root.
        events.register("before-parse.*.*", _notice_cut)
        if service == "s3":
            events.register("before-parameter-build.s3", self._add_terms)
            for operation in ("ListObjectsV2", "ListObjectVersions"):
                events.register(f"before-parse.*.{operation}", pages.read_answer)
        return client

    def _add_terms(self, params: dict[str, Any], model: Any, **_: object) -> None:
        """Add the connection's terms to every operation that knows them."""
        known = model.input_shape.members if model.input_shape else {}
        if self._connection.requester_pays and "RequestPayer" in known:
            params.setdefault("RequestPayer", "requester")
        for term in {"ExpectedBucketOwner", "ExpectedSourceBucketOwner"} & set(known):
            if self._connection.expected_bucket_owner:
                params.setdefault(term, self._connection.expected_bucket_owner)

    def _needs_retry(
        self,
        response: tuple[Any, dict[str, Any]] | None,
        caught_exception: Exception | None,
        operation: Any,
        request_dict: dict[str, Any],
        **_: object,
    ) -> float | None:
        """Wait for the request's next try; the other handlers of botocore decide about what is left alone here.

        :returns: 0 to send the request again, signed anew; None to leave it.
        """
        fault = _read_fault(response, caught_exception)
        if fault is None:
            return None
        if self._connection.endpoint_url:
            # botocore looks for the bucket in other regions of AWS even then.
            request_dict["context"].setdefault("s3_redirect", {})["redirected"] = True
        attempts: Attempts = request_dict["context"].setdefault(_ATTEMPTS, self._policy.attempts())
        again = (
            self._renewed(fault, attempts, operation.name)
            or self._on_time(fault, attempts, operation, response)
            or (fault.transient and attempts.wait())
        )
        return 0 if again else None

    def _set_clock(self, request: Any, **_: object) -> None:
        """Sign by the time of the service, where that is known to be another."""
        if self._clock.is_wrong:
            request.context = _ServiceTime(request.context, self._clock)

    def _on_time(
        self, fault: FaultError, attempts: Attempts, operation: Any, response: tuple[Any, dict[str, Any]] | None
    ) -> bool:
        # The answer to a HEAD has no body, so that its code is the bare status.
        unexplained = fault.code == "403" and operation.name in _HEAD_OPERATIONS
        skewed = fault.code in _SKEWED_CODES[operation.service_model.service_name]
        if response is None or not (unexplained or skewed):
            return False
        return attempts.once("clock") and self._clock.follow(response[0].headers.get("date"))

    def _renewed(self, fault: FaultError, attempts: Attempts, operation: str) -> bool:
        used = self._credentials.used
        if used is None:
            return False
        # The answer to a HEAD has no body, so that its code is the bare status.
        unexplained = fault.code == "400" and operation in _HEAD_OPERATIONS and bool(used.session_token)
        expired = fault.code in EXPIRED_CODES or unexplained
        return expired and attempts.once("credentials") and self._credentials.source.reject(used)


class SourceCredentials(BotocoreCredentials):  # type: ignore[misc]
    """Credentials that botocore asks for at every signing, without a clock or a cache of its own."""

    method = "custom-s3rest"
    account_id = None

    def __init__(self, source: CredentialSource) -> None:
        self.source = source
        self._local = threading.local()

    @property
    def used(self) -> Credentials | None:
        """What this thread signed with last; None before its first signed request."""
        return getattr(self._local, "used", None)

    @property
    def access_key(self) -> str:
        """What botocore asks for where it signs nothing."""
        return self.source.current().access_key_id

    @property
    def secret_key(self) -> str:
        """Likewise."""
        return self.source.current().secret_access_key

    @property
    def token(self) -> str | None:
        """Likewise."""
        return self.source.current().session_token

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give one consistent set to one signing."""
        self._local.used = used = self.source.current()
        return ReadOnlyCredentials(used.access_key_id, used.secret_access_key, used.session_token)

    def load_credentials(self) -> SourceCredentials:
        """Stand in for botocore's search through environment, files and instance metadata."""
        return self


class _ServiceTime(dict[str, Any]):
    """What botocore's signers know of a request; the time that they note there themselves is corrected."""

    def __init__(self, context: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(context)
        self._clock = clock

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "timestamp":
            value = self._clock.now().strftime(_TIMESTAMP)
        super().__setitem__(name, value)


@functools.cache
def _loader(_process_id: int) -> Any:
    """Share the parsed models of services among all sessions of a process."""
    loader = botocore.session.Session().get_component("data_loader")
    # It keeps what it has read: of 7 MB about the endpoints of all services of AWS, these are used.
    for partition in loader.load_data("endpoints")["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in _SERVICES if name in services}
    return loader


def _new_session(credentials: SourceCredentials) -> botocore.session.Session:
    defaults = {name: (None, None, what[2], None) for name, what in botocore.session.Session.SESSION_VARIABLES.items()}
    no_file = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=defaults | {"config_file": no_file, "credentials_file": no_file})
    # These two are sections with variables of their own in the environment.
    for section in ("s3", "proxies_config"):
        session.get_component("config_store").set_config_provider(section, ConstantProvider(None))
    session.register_component("data_loader", _loader(os.getpid()))
    session.register_component("credential_provider", credentials)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=pages.read_timestamp)
    return session


def _config(connection: S3RestConnection) -> Config:
    # Other services than AWS often lack the checksums that botocore adds by default.
    checksums = "when_required" if connection.endpoint_url else "when_supported"
    return Config(
        connect_timeout=network.CONNECT_TIMEOUT_SECONDS,
        read_timeout=network.READ_TIMEOUT_SECONDS,
        max_pool_connections=connection.max_concurrency,
        retries={"mode": "standard", "total_max_attempts": 1},
        s3={"addressing_style": connection.addressing_style, "us_east_1_regional_endpoint": "regional"},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
        ignore_configured_endpoint_urls=True,
        user_agent_extra=network.user_agent(),
    )


def _notice_cut(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:
    """Make an answer that broke off an error of the service, to be retried; botocore takes it for the whole."""
    body, length = response_dict["body"], response_dict["headers"].get("content-length")
    if length is None or not isinstance(body, bytes) or operation_model.name in _HEAD_OPERATIONS:
        return
    if len(body) < int(length):
        said = f"The answer was cut after {len(body)} of {length} bytes"
        response_dict["status_code"] = HTTPStatus.INTERNAL_SERVER_ERROR
        code = "InternalError"
        response_dict["body"] = (
            json.dumps({"__type": code, "message": said})
            if operation_model.service_model.protocol == "json"
            else f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
        ).encode()


def _count_retries(parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """Tell our retries in the answer, and keep "reached max retries: 0" out of the errors."""
    told = parsed.get("ResponseMetadata", {})
    told.pop("MaxAttemptsReached", None)
    told["RetryAttempts"] = context[_ATTEMPTS].retries if _ATTEMPTS in context else 0


def _read_fault(response: tuple[Any, dict[str, Any]] | None, exception: Exception | None) -> FaultError | None:
    if response is None:
        if not isinstance(exception, HTTPClientError | BotocoreConnectionError):
            return None
        untrusted = isinstance(exception, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(exception)
        return FaultError(str(exception), permanent=untrusted)
    error = response[1].get("Error")
    if not error:
        return None
    return FaultError(error.get("Message", ""), status=response[0].status_code, code=error.get("Code", ""))
