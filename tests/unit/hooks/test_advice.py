# SPDX-License-Identifier: Apache-2.0
"""What a failed test of a connection says should be mended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError, SSLError

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError, S3RestCredentialError
from airflow_provider_s3rest.hooks.advice import hint, in_the_form, told
from airflow_provider_s3rest.hooks.diagnosis import LONGEST_MESSAGE, diagnose

if TYPE_CHECKING:
    from collections.abc import Callable

AWS = S3RestConnection.parse(
    conn_id="aws", host=None, port=443, login="AKIAIOSFODNN7EXAMPLE", password="secret", extra=None
)
SERVER = replace(AWS, endpoint_url="https://minio.example.com")


def refused(code: str) -> ClientError:
    """An answer of S3's."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListBuckets")


def test_a_field_has_the_name_that_the_form_shows() -> None:
    """And the one that it is stored under; what is in no form has only that."""
    assert in_the_form("password") == "Secret access key (password)"
    assert in_the_form("host") == "S3 endpoint (host)"
    assert in_the_form("verify") == "CA bundle (verify)"
    assert in_the_form("extra") == "extra"


def test_the_first_fault_is_told_in_full_and_the_others_are_named() -> None:
    """All of them would not fit a toast."""
    faults = [Fault("role_arn", "is missing"), Fault("login", "is odd"), Fault("verify", "is odd too")]
    assert told(faults) == "Role ARN (role_arn): is missing. Wrong too: login, verify"
    assert told(faults[:1]) == "Role ARN (role_arn): is missing"


@pytest.mark.parametrize(
    ("error", "connection", "words"),
    [
        (refused("SignatureDoesNotMatch"), AWS, "check Secret access key (password)"),
        (refused("InvalidAccessKeyId"), AWS, "check Access key ID (login)"),
        (refused("ExpiredToken"), AWS, "check Session token (aws_session_token)"),
        (refused("AuthorizationHeaderMalformed"), AWS, "check S3 region (region_name)"),
        (refused("AccessDenied"), AWS, "may not s3:ListAllMyBuckets"),
        (EndpointConnectionError(endpoint_url="x"), SERVER, "check S3 endpoint (host) and Port (port)"),
        (ReadTimeoutError(endpoint_url="x"), AWS, "check this machine's way to AWS"),
        (SSLError(endpoint_url="x", error="bad"), AWS, "check CA bundle (verify)"),
    ],
)
def test_the_field_is_named(error: Exception, connection: S3RestConnection, words: str) -> None:
    """By what the service said, or by how it was not reached."""
    assert words in (hint(error, connection) or "")


@pytest.mark.parametrize(
    "error", [refused("InternalError"), ValueError("x"), S3RestCredentialError("x", status=403, code="AccessDenied")]
)
def test_nothing_is_said_where_nobody_knows(error: Exception) -> None:
    """The service's words stand alone."""
    assert hint(error, AWS) is None


def test_without_a_connection_nothing_can_be_checked() -> None:
    """It could not even be read."""
    assert hint(refused("AccessDenied"), None) is None


def _raise(error: Exception) -> Callable[[], S3RestConnection]:
    def read() -> S3RestConnection:
        raise error

    return read


def test_the_toast_of_many_faults_is_short_and_the_command_tells_all() -> None:
    """Without the id that Airflow makes up for a test."""
    names = ["role_arn", "profile_arn", "trust_anchor_arn", "certificate", "private_key"]
    error = S3RestConnectionError("made-up", [Fault(name, "is missing: " + "x" * 200) for name in names])
    diagnosis = diagnose(_raise(error), region_name=None, mask=lambda _: None)
    assert diagnosis.message.startswith("Connection: Role ARN (role_arn): is missing: xxx")
    assert "made-up" not in diagnosis.message
    assert diagnosis.message.endswith("Wrong too: profile_arn, trust_anchor_arn, certificate, private_key")
    assert len(diagnosis.message) < LONGEST_MESSAGE
    assert all(f"{name}: is missing" in diagnosis.stages[-1].said for name in names)


def test_a_message_that_is_cut_says_so() -> None:
    """By three dots."""
    message = diagnose(_raise(ValueError("x" * 5000)), region_name=None, mask=lambda _: None).message
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("x...")
