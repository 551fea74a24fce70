# SPDX-License-Identifier: Apache-2.0
"""The errors say what they know, fit into Python's own tree and travel between processes."""

from __future__ import annotations

import copy
import errno
import pickle
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.exceptions import (
    Fault,
    S3RestConnectionError,
    S3RestCredentialError,
    S3RestError,
    S3RestIntegrityError,
    S3RestNoBucketError,
    S3RestNotFoundError,
    S3RestPreconditionError,
    S3RestWaitError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CREDENTIAL = S3RestCredentialError(
    "Untrusted certificate.",
    status=403,
    code="AccessDeniedException",
    request_id="8a7b6c5d",
    retryable=True,
    hint="ask the issuer",
)
CONNECTION = S3RestConnectionError("lake", [Fault("login", "is missing"), Fault("verify", "must not be false")])


def _pickled(error: S3RestError) -> S3RestError:
    return pickle.loads(pickle.dumps(error))  # type: ignore[no-any-return]  # noqa: S301


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (CONNECTION, ValueError),
        (CREDENTIAL, S3RestError),
        (S3RestNotFoundError("s3://lake/key does not exist"), FileNotFoundError),
        (S3RestNoBucketError("There is no bucket 'lake'"), S3RestNotFoundError),
        (S3RestPreconditionError("s3://lake/key was changed"), S3RestError),
        (S3RestIntegrityError("s3://lake/key: 3 bytes of 4"), S3RestError),
        (S3RestWaitError("AccessDenied: no", final=True), S3RestError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
@pytest.mark.parametrize("carry", [_pickled, copy.copy, copy.deepcopy])
def test_errors_travel(error: S3RestError, base: type[Exception], carry: Callable[[S3RestError], S3RestError]) -> None:
    """Pickled or copied, an error keeps its class, its words and its attributes."""
    error = copy.copy(error)
    error.add_note("while listing")
    carried = carry(error)
    assert isinstance(carried, base)
    assert isinstance(carried, S3RestError)
    assert (type(carried), str(carried), carried.args) == (type(error), str(error), error.args)
    assert vars(carried) == vars(error)


def test_the_faults_of_a_connection() -> None:
    """Several faults stand on lines of their own, and their fields can be asked for."""
    assert str(CONNECTION) == "Connection 'lake' has 2 faults:\n- login: is missing\n- verify: must not be false"
    assert CONNECTION.fields == ("login", "verify")


@pytest.mark.parametrize(("conn_id", "name"), [("lake", "Connection 'lake'"), ("", "The connection")])
def test_one_fault_of_a_connection(conn_id: str, name: str) -> None:
    """One fault makes one line, with the connection's id where it has one."""
    assert str(S3RestConnectionError(conn_id, [Fault("login", "is missing")])) == f"{name}: login: is missing"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            CREDENTIAL,
            "AccessDeniedException: Untrusted certificate. (HTTP 403, request id 8a7b6c5d). Hint: ask the issuer",
        ),
        (S3RestCredentialError("timed out"), "timed out"),
        (S3RestCredentialError("Bad gateway.", status=502), "Bad gateway. (HTTP 502)"),
        (S3RestCredentialError("Denied.", hint="ask"), "Denied. Hint: ask"),
        (S3RestCredentialError("Denied", code="D", request_id="r"), "D: Denied (request id r)"),
    ],
)
def test_the_words_of_a_refusal(error: S3RestCredentialError, text: str) -> None:
    """A refusal says code, message, status and request id as far as they are known, then the hint."""
    assert str(error) == f"IAM Roles Anywhere CreateSession failed: {text}"


def test_the_attributes_of_a_refusal() -> None:
    """What a refusal was told of the answer can be asked for."""
    assert vars(CREDENTIAL) == {
        "message": "Untrusted certificate.",
        "status": 403,
        "code": "AccessDeniedException",
        "request_id": "8a7b6c5d",
        "retryable": True,
        "hint": "ask the issuer",
    }


def test_a_refusal_can_be_built_again() -> None:
    """The details of a refusal are the keyword arguments that make it again."""
    again = S3RestCredentialError(CREDENTIAL.message, **CREDENTIAL.as_dict())  # type: ignore[arg-type]
    assert (str(again), again.as_dict()) == (str(CREDENTIAL), CREDENTIAL.as_dict())


def test_not_found_as_an_operating_system_error() -> None:
    """A missing object can carry errno and name, as a missing file does."""
    error = S3RestNotFoundError(errno.ENOENT, "No such object", "s3://lake/key")
    assert (error.errno, error.filename) == (errno.ENOENT, "s3://lake/key")
