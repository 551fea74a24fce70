# SPDX-License-Identifier: Apache-2.0
"""The errors of this provider.

S3RestError
├ S3RestConnectionError(ValueError)        the connection is wrong: permanent, names every bad field, echoes no value
├ S3RestCredentialError                    CreateSession was refused or not reached
├ S3RestNotFoundError(FileNotFoundError)   the object (or its bucket) does not exist
│ └ S3RestNoBucketError                    not even the bucket does
├ S3RestPreconditionError                  a conditional write lost
├ S3RestIntegrityError                     a length, a checksum or an ETag did not match
└ S3RestWaitError                          a wait in the triggerer ended with an error

Every other answer of the service stays ``botocore.exceptions.ClientError``. All of these pickle, since Airflow carries
errors between processes, and none holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class S3RestError(Exception):
    """The base of every error that this provider raises itself."""


class Fault(NamedTuple):
    """One thing that is wrong with a connection.

    :param field: the connection's field, as it is stored (``duration_seconds``, ``login``, ...).
    :param problem: what is wrong with its value and how to mend it; never the value itself.
    """

    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class S3RestConnectionError(S3RestError, ValueError):
    """The connection can't work as it is; trying again changes nothing.

    :param conn_id: the connection's id; empty where it has none yet.
    :param faults: everything that is wrong with it, at least one.
    """

    def __init__(self, conn_id: str, faults: Sequence[Fault]) -> None:
        self.conn_id = conn_id
        self.faults = tuple(faults)
        super().__init__(conn_id, self.faults)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the bad fields, in the order in which they were found."""
        return tuple(fault.field for fault in self.faults)

    def __str__(self) -> str:
        name = f"Connection {self.conn_id!r}" if self.conn_id else "The connection"
        if len(self.faults) == 1:
            return f"{name}: {self.faults[0]}"
        return "\n".join([f"{name} has {len(self.faults)} faults:", *(f"- {fault}" for fault in self.faults)])


class S3RestCredentialError(S3RestError):
    """Roles Anywhere gave no credentials.

    :param message: the service's own words, or what happened on the way to it.
    :param status: HTTP status of the answer; None where there was none.
    :param code: the service's error code, such as ``AccessDeniedException``; None where there was none.
    :param request_id: the service's id of the request, for AWS support; None where there was none.
    :param retryable: whether the same call may go well later.
    :param hint: what usually causes this answer and how to mend it; None where the cause is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.hint = hint
        super().__init__(message)

    def as_dict(self) -> dict[str, object]:
        """Everything but the message, as the keyword arguments of this class."""
        return {name: getattr(self, name) for name in ("status", "code", "request_id", "retryable", "hint")}

    def __str__(self) -> str:
        said = f"{self.code}: {self.message}" if self.code else self.message
        details = []
        if self.status:
            details.append(f"HTTP {self.status}")
        if self.request_id:
            details.append(f"request id {self.request_id}")
        text = f"IAM Roles Anywhere CreateSession failed: {said}" + (f" ({', '.join(details)})" if details else "")
        return f"{text.rstrip('.')}. Hint: {self.hint}" if self.hint else text


class S3RestNotFoundError(S3RestError, FileNotFoundError):
    """The object, or the bucket that should hold it, does not exist."""


class S3RestNoBucketError(S3RestNotFoundError):
    """The bucket does not exist."""


class S3RestPreconditionError(S3RestError):
    """A condition of the request did not hold: somebody else wrote the object first, or it is not as it was to be.

    :param retried: whether the request had been sent before, so that the object may be what it wrote itself.
    """

    def __init__(self, message: str, *, retried: bool = False) -> None:
        super().__init__(message)
        self.retried = retried


class S3RestIntegrityError(S3RestError):
    """What arrived is not what was sent: a length, a checksum or an ETag differs."""


class S3RestWaitError(S3RestError):
    """A wait in the triggerer ended with an error, whose words these are.

    :param final: whether trying again can't mend it.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final
