# SPDX-License-Identifier: Apache-2.0
"""The operators against the real S3 server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestCredentialError, S3RestNotFoundError
from airflow_provider_s3rest.hooks.failures import is_permanent
from airflow_provider_s3rest.operators.s3rest import (
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestQueryOperator,
    S3RestUpsertOperator,
)
from airflow_provider_s3rest.sensors.s3rest import S3RestKeySensor

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_bad_connection_fails_for_good(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow does not retry what a person must mend."""
    monkeypatch.setenv("AIRFLOW_CONN_S3REST_DEFAULT", json.dumps({"conn_type": "s3rest", "login": "only"}))
    with pytest.raises(AirflowFailException, match="password: is missing"):
        run(S3RestQueryOperator)


def refusal(code: str) -> ClientError:
    """An error of S3."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (refusal("AccessDenied"), True),
        (refusal("403"), True),
        (refusal("BucketAlreadyExists"), True),
        (refusal("InvalidAccessKeyId"), True),
        (refusal("SignatureDoesNotMatch"), True),
        (refusal("InvalidRange"), True),
        (refusal("SlowDown"), False),
        (refusal("NoSuchUpload"), False),
        (S3RestCredentialError("no", retryable=False), True),
        (S3RestCredentialError("later", retryable=True), False),
        (ValueError("argument"), True),
        (S3RestNotFoundError("key"), False),
        (OSError("disk"), False),
    ],
)
def test_what_no_retry_can_mend_is_permanent(*, error: Exception, permanent: bool) -> None:
    """Everything else is Airflow's to retry."""
    assert is_permanent(error) is permanent


@pytest.mark.parametrize(
    "operator",
    [S3RestUpsertOperator, S3RestGetOperator, S3RestQueryOperator, S3RestDeleteOperator, S3RestKeySensor],
)
def test_what_a_user_varies_is_templated(operator: type) -> None:
    """Bucket, connection, region and keys at least."""
    assert {"bucket_name", "s3rest_conn_id", "region_name"} < set(operator.template_fields)
