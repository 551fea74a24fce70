# SPDX-License-Identifier: Apache-2.0
"""Tests of which errors are worth waiting through."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)

from airflow_provider_s3rest.exceptions import (
    S3RestConnectionError,
    S3RestCredentialError,
    S3RestError,
    S3RestIntegrityError,
    S3RestNotFoundError,
)
from airflow_provider_s3rest.s3.errors import FaultError, is_passing


def _answer(status: int, code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "HeadObject",
    )


@pytest.mark.parametrize(
    "error",
    [
        _answer(503, "SlowDown"),
        _answer(500, "InternalError"),
        _answer(200, "InternalError"),
        _answer(429, "429"),
        _answer(400, "RequestTimeout"),
        EndpointConnectionError(endpoint_url="https://s3.amazonaws.com"),
        ConnectTimeoutError(endpoint_url="https://s3.amazonaws.com"),
        ReadTimeoutError(endpoint_url="https://s3.amazonaws.com"),
        HTTPClientError(error="connection reset"),
        S3RestCredentialError("throttled", retryable=True),
    ],
    ids=str,
)
def test_throttling_and_a_service_that_is_down_pass(error: Exception) -> None:
    """So a wait goes on."""
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        _answer(403, "AccessDenied"),
        _answer(403, "403"),
        _answer(400, "ExpiredToken"),
        _answer(501, "NotImplemented"),
        SSLError(endpoint_url="https://s3", error="[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
        FaultError("(the certificate is not trusted)", permanent=True).public("HeadObject", "bucket"),
        S3RestCredentialError("refused", retryable=False),
        S3RestConnectionError("id", []),
        S3RestNotFoundError("no bucket"),
        S3RestIntegrityError("a web page"),
        S3RestError("a bucket of others"),
        ValueError("key: is empty"),
        KeyError("a fault of ours"),
    ],
    ids=str,
)
def test_what_is_refused_and_what_cannot_be_does_not_pass(error: Exception) -> None:
    """So a wait ends at once."""
    assert not is_passing(error)
