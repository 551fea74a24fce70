# SPDX-License-Identifier: Apache-2.0
"""Failures of all engines as one: what a request met on its way, and the error that callers see for it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_s3rest.exceptions import (
    S3RestCredentialError,
    S3RestIntegrityError,
    S3RestNoBucketError,
    S3RestNotFoundError,
    S3RestPreconditionError,
)
from airflow_provider_s3rest.s3.retry import is_transient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.exceptions import ClientError

_NOT_FOUND = 404
_NOT_FOUND_CODES = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NotFound"})
_PRECONDITION_CODES = frozenset({"412", "304", "ConditionalRequestConflict", "NotModified", "PreconditionFailed"})

# What an error tells beside its code and its words, and is of use: the rest can echo the session token.
_ABOUT = ("BucketName", "Condition")

# Our own word for an answer that obstore could make nothing of.
_UNREADABLE = "UnreadableAnswer"

_STATUS = r"Server returned non-2xx status code: (\d{3})[^:\n]*: ?(.*?)(?:\n\nDebug source:|\Z)"
_EMBEDDED = r"Server returned error response: ?(.*?)(?:\n\nDebug source:|\Z)"
_REASON = r'message: "([^"\n]{1,200})"'
_PERMANENT = {
    "InvalidCertificate(": "the certificate is not trusted",
    "kind: Redirect": "its redirect leads nowhere",
}
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""What the standard library says of a certificate that is not trusted."""
# What the errors of every engine say then.
_PERMANENT_SIGNS = (UNTRUSTED, *_PERMANENT.values())
_FIRST_LINE = r"\A[^\n]*"


class FaultError(Exception):
    """What went wrong with one request, before anybody decides what to do about it.

    :param status: of HTTP; 0 where there was no answer.
    :param code: the service's error code, or the status as text; ``""`` where there was no answer.
    :param message: the service's words; never the body of its answer, which can echo the session token.
    :param permanent: whether it would fail again for sure, though there was no answer.
    :param about: what else the service tells of what it refuses, such as ``Condition`` and ``BucketName``.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
        permanent: bool = False,
        about: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.about = about or {}
        self.retries = 0
        """How often the request had been repeated."""
        self.date: str | None = None
        """When it was answered, by the header ``Date``."""
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id

    @property
    def transient(self) -> bool:
        """Whether the same request may go well later."""
        return not self.permanent and (not self.code or is_transient(self.status, self.code))

    def public(self, operation: str, bucket_name: str, key: str | None = None) -> Exception:
        """Make the error that callers of every engine see.

        :param operation: the name of the operation in the API of S3.
        """
        if self.code == _UNREADABLE:
            return S3RestIntegrityError(f"{operation} on bucket {bucket_name!r}: {self.message}")
        error = self.botocores(operation)
        return translate(error, bucket_name, key) if self.code else error

    def botocores(self, operation: str) -> Any:
        """Make what botocore raises for it: a ClientError; or an HTTPClientError where there was no answer."""
        from botocore.exceptions import ClientError, HTTPClientError

        if not self.code:
            return HTTPClientError(error=self.message)
        told = {"HTTPStatusCode": self.status, "RequestId": self.request_id, "RetryAttempts": self.retries}
        error = {"Code": self.code, "Message": self.message, **self.about}
        return ClientError({"Error": error, "ResponseMetadata": told}, operation)


def is_passing(error: BaseException) -> bool:
    """Whether an error that came in spite of all retries may be gone later: throttling, a service that is down.

    What was refused, and what can't be, is none; nor is an answer that can't be read.
    """
    if isinstance(error, S3RestCredentialError):
        return error.retryable
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotocoreConnectionError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return is_transient(status, error.response.get("Error", {}).get("Code", ""))
    if isinstance(error, HTTPClientError | BotocoreConnectionError):
        return not any(sign in str(error) for sign in _PERMANENT_SIGNS)
    return False


def translate(error: ClientError, bucket_name: str, key: str | None = None) -> Exception:
    """Give an error of the service the type that callers catch; what has no type of ours stays as it is."""
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    said = f"{code}: {message}" if message else code
    if code == "NoSuchBucket" or (key is None and code in _NOT_FOUND_CODES):
        return S3RestNoBucketError(f"There is no bucket {bucket_name!r} ({said})")
    if code in _NOT_FOUND_CODES:
        return S3RestNotFoundError(f"There is no object {key!r} in bucket {bucket_name!r} ({said})")
    if code in _PRECONDITION_CODES:
        return S3RestPreconditionError(
            f"A condition does not hold for object {key!r} in bucket {bucket_name!r} ({said})",
            retried=bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts")),
        )
    return cast("Exception", error)


@contextmanager
def translated(bucket_name: str, key: str | None = None) -> Iterator[None]:
    """Give the errors of the service the types that callers catch."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        public = translate(error, bucket_name, key)
        if public is error:
            raise
        raise public from None


def read_refusal(status: int, body: bytes, date: str | None = None) -> FaultError:
    """Read the service's answer to a request that it refuses."""
    text = body.decode(errors="replace")
    fault = FaultError(
        _element(text, "Message"),
        status=status,
        code=_element(text, "Code") or str(status),
        request_id=_element(text, "RequestId"),
        about={name: told for name in _ABOUT if (told := _element(text, name))},
    )
    fault.date = date
    return fault


def read_obstore_error(error: Exception) -> FaultError:
    """Take apart the text of an error of obstore, which carries the service's answer in no other way."""
    text = str(error)
    if answer := re.search(_STATUS, text, re.DOTALL):
        return read_refusal(int(answer[1]), answer[2].encode())
    if answer := re.search(_EMBEDDED, text, re.DOTALL):
        # It stood inside a 200, whose work had begun.
        body = answer[1]
        return FaultError(_element(body, "Message"), status=500, code=_element(body, "Code") or _UNREADABLE)
    if "Received redirect without LOCATION" in text:
        return FaultError("The bucket is in another region.", status=301, code="PermanentRedirect")
    summary = re.search(_FIRST_LINE, text)
    line = summary[0] if summary else ""
    if "HTTP error:" in line:
        # What really happened stands at the innermost end of the debug text.
        reason = re.search(_REASON, text)
        detail = next((told for sign, told in _PERMANENT.items() if sign in text), "")
        said = detail or (reason[1] if reason else "")
        return FaultError(f"{line} ({said})" if said else line, permanent=bool(detail))
    return FaultError(line.partition("<")[0], status=200, code=_UNREADABLE)


def _element(body: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", body)
    return unescape(found[1]) if found else ""
