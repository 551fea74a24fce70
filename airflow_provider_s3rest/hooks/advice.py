# SPDX-License-Identifier: Apache-2.0
"""What to mend after a failed test of a connection, in the words of the connection form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.connection import AccessKeys, RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.exceptions import Fault, S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Sequence

# What S3 says, and the field that is wrong then; see
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_OF_ACCESS_KEYS: dict[str | None, tuple[str, ...]] = {
    "InvalidAccessKeyId": ("login",),
    "SignatureDoesNotMatch": ("password",),
    "ExpiredToken": ("aws_session_token",),
    "InvalidToken": ("aws_session_token",),
    "TokenRefreshRequired": ("aws_session_token",),
    "AuthorizationHeaderMalformed": ("region_name",),
}
_NETWORK = ("this machine's way to AWS",)
_NOT_ALLOWED = (
    "the credentials are good, but may not s3:ListAllMyBuckets, which nothing needs but this test: tasks may work"
)


def in_the_form(field: str) -> str:
    """A field as the form calls it, and as it is stored: ``Secret access key (password)``."""
    from airflow_provider_s3rest.get_provider_info.form import extra_fields, standard_fields

    labels = {name: each["label"] for name, each in extra_fields().items()}
    label = (labels | standard_fields()["relabeling"]).get(field)
    return f"{label.partition(' (')[0]} ({field})" if label else field


def told(faults: Sequence[Fault]) -> str:
    """The first fault of a connection, and the fields of the others: all of them would fill a screen."""
    first, *others = faults
    also = f". Wrong too: {', '.join(fault.field for fault in others)}" if others else ""
    return f"{in_the_form(first.field)}: {first.problem}{also}"


def hint(error: Exception, connection: S3RestConnection | None) -> str | None:
    """What to look at after an error of a service, or on the way to it; None where nobody knows."""
    from botocore.exceptions import ConnectionError as NoConnectionError
    from botocore.exceptions import HTTPClientError, SSLError

    answer: Any = getattr(error, "response", None) or {}
    code = answer.get("Error", {}).get("Code")
    if code == "AccessDenied" or connection is None:
        return _NOT_ALLOWED if connection else None
    settings = connection.authentication
    fields: tuple[str, ...] = ()
    if isinstance(error, SSLError):
        fields = ("verify",)
    elif isinstance(error, (HTTPClientError, NoConnectionError)):
        fields = ("host", "port") if connection.endpoint_url else _NETWORK
    elif isinstance(error, S3RestCredentialError) and error.status is None and isinstance(settings, RolesAnywhere):
        fields = ("rolesanywhere_endpoint_url",) if settings.endpoint_url else _NETWORK
    elif isinstance(settings, AccessKeys):
        fields = _OF_ACCESS_KEYS.get(code, ())
    return f"check {' and '.join(in_the_form(field) for field in fields)}" if fields and not _hinted(error) else None


def _hinted(error: Exception) -> bool:
    return isinstance(error, S3RestCredentialError) and error.hint is not None
