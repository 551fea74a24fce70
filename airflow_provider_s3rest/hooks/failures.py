# SPDX-License-Identifier: Apache-2.0
"""Which errors no retry of the task can mend."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestCredentialError, S3RestWaitError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSALS = frozenset(
    {
        "403",  # all that the answer to a HEAD says
        "AWS.SimpleQueueService.NonExistentQueue",
        "AWS.SimpleQueueService.UnsupportedOperation",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "EntityTooLarge",
        "IllegalLocationConstraintException",
        "InvalidAccessKeyId",
        "InvalidAddress",
        "InvalidArgument",
        "InvalidBucketName",
        "InvalidClientTokenId",
        "InvalidLocationConstraint",
        "InvalidObjectState",
        "InvalidRange",
        "InvalidRequest",
        "InvalidSecurity",
        "InvalidSignatureException",
        "InvalidStorageClass",
        "InvalidTag",
        "KMS.AccessDeniedException",
        "KMS.DisabledException",
        "KMS.NotFoundException",
        "MethodNotAllowed",
        "NotImplemented",
        "SignatureDoesNotMatch",
        "TooManyBuckets",
    }
)


@contextmanager
def permanent_ones_are_final() -> Iterator[None]:
    """Turn errors that would come again into ``AirflowFailException``, which Airflow does not retry.

    These are bad connections and arguments, credentials that are refused, and what S3 or SQS does not allow.
    """
    from airflow.providers.common.compat.sdk import AirflowFailException

    try:
        yield
    except Exception as error:
        if is_permanent(error):
            raise AirflowFailException(str(error)) from error
        raise


def is_permanent(error: Exception) -> bool:
    """Whether the same call would fail the same way again."""
    if isinstance(error, S3RestCredentialError):
        return not error.retryable
    if isinstance(error, S3RestWaitError):
        return error.final
    answer = getattr(error, "response", None)
    refused = isinstance(answer, dict) and answer.get("Error", {}).get("Code") in _REFUSALS
    return refused or isinstance(error, ValueError)
