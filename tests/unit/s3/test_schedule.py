# SPDX-License-Identifier: Apache-2.0
"""Tests of the retry schedule: every operation by every fault, counted on the wire, with a clock that takes no time.

What obstore sends keeps the same schedule: see the tests of recovery.
"""

from __future__ import annotations

import ast
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import airflow_provider_s3rest.s3
from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.s3 import S3
from tests.unit.s3.api import CALLS, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DELAYS = (0.0, 10.0, 30.0, 60.0, 120.0, 300.0)
# Those that need no boto3.
PLAIN = (
    *("CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject", "DeleteObjects"),
    *("ListObjectVersions", "ListObjectsV2", "UploadPart"),
)
every_operation = pytest.mark.parametrize(
    ("world", "operation"), [("boto3", name) for name in CALLS] + [(None, name) for name in PLAIN], indirect=["world"]
)

# S3 begins to answer these before it knows how they end.
ERRORS_INSIDE_200 = [("boto3", name) for name in ("CompleteMultipartUpload", "CopyObject", "UploadPartCopy")]
ERRORS_INSIDE_200 += [(None, name) for name in ("CompleteMultipartUpload", "CopyObject", "DeleteObjects")]
# These tell of a refusal in their result, and do the rest.
COLLECTED = frozenset({"AbortMultipartUpload", "DeleteObject"})
# HeadBucket only looks before CreateBucket asks.
TAKEN_FOR_ABSENT = frozenset({("HeadBucket", 403), ("HeadBucket", 404)})


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, make_fake: Any, connect: Any, make_source: Any, make_sleeps: Any
) -> Iterator[World]:
    """One client of an engine for all tests: making one takes longer than any of them."""
    fake, sleeps = make_fake(), make_sleeps()
    s3 = S3(connect(endpoint_url=fake.url, retry_delays_seconds=DELAYS), make_source(), sleep=sleeps)
    s3.engines.forced = getattr(request, "param", "boto3")
    yield World(fake, s3, sleeps)
    fake.close()


@pytest.fixture
def fault(world: World) -> Callable[..., Any]:
    """Make an answer of S3 that tells of an error."""

    def make(status: int, code: str) -> Any:
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()
        return world.fake.make_answer(status, body)

    return make


def _fails(operation: str, status: int) -> Any:
    outage = status >= 500 and operation != "AbortMultipartUpload"
    if (operation in COLLECTED and not outage) or (operation, status) in TAKEN_FOR_ABSENT:
        return contextlib.nullcontext()
    # What S3 Select refuses is the fault of an argument.
    return pytest.raises((ClientError, BotoCoreError, S3RestError, ValueError))


@every_operation
@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown")])
def test_an_outage_takes_the_whole_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, operation: str, status: int, code: str
) -> None:
    """One request and six retries, after 0, 10, 30, 60, 120 and 300 seconds; then the error is raised."""
    with _fails(operation, status):
        world.call(monkeypatch, operation, faults=[fault(status, code)] * 50)
    # Two parts, each with a schedule of its own, of which the first that is over ends the other.
    parts = 2 if operation in {"UploadPart", "UploadPartCopy"} else 1
    assert 7 <= len(world.requests) <= 7 * parts
    assert set(world.sleeps) == set(DELAYS)
    assert 6 <= len(world.sleeps) <= 6 * parts


@every_operation
@pytest.mark.parametrize("kind", ["500", "503", "429", "timeout", "cut"])
def test_what_passes_is_survived(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, operation: str, kind: str
) -> None:
    """Two failures cost two more requests of this operation, and none of any other."""
    faults = {
        "500": fault(500, "InternalError"),
        "503": fault(503, "ServiceUnavailable"),
        "429": fault(429, "TooManyRequests"),
        "timeout": fault(400, "RequestTimeout"),
        "cut": world.fake.make_answer(cut=-1),
    }
    if kind == "timeout" and operation.startswith("Head"):
        kind = "503"
    world.call(monkeypatch, operation)
    usual, all_requests = len(world.requests), len(world.fake.requests)
    world.call(monkeypatch, operation, faults=[faults[kind]] * 2)
    assert len(world.requests) == usual + 2
    assert len(world.fake.requests) == all_requests + 2
    assert world.sleeps in ([0.0, 10.0], [0.0, 0.0])


@every_operation
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidRequest"),
        (403, "AccessDenied"),
        (404, "NoSuchThing"),
        (409, "OperationAborted"),
        (501, "NotImplemented"),
    ],
)
def test_what_lasts_is_not_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, operation: str, status: int, code: str
) -> None:
    """One request, no wait, and the error of the service."""
    with _fails(operation, 400 if status == 501 else status):
        world.call(monkeypatch, operation, faults=[fault(status, code)] * 50)
    assert len(world.requests) <= (2 if operation in {"UploadPart", "UploadPartCopy"} else 1)
    assert not world.sleeps


@pytest.mark.parametrize(("world", "operation"), ERRORS_INSIDE_200, indirect=["world"])
@pytest.mark.parametrize("code", ["InternalError", "SlowDown", "AccessDenied"])
def test_an_error_inside_a_200_is_one(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, operation: str, code: str
) -> None:
    """It is tried again by the same schedule, whatever its code: S3 had taken the request already."""
    world.call(monkeypatch, operation, faults=[fault(200, code)] * 2)
    assert world.sleeps in ([0.0, 10.0], [0.0, 0.0])
    with pytest.raises(ClientError, match=code):
        world.call(monkeypatch, operation, faults=[fault(200, code)] * 50)
    assert set(world.sleeps) == set(DELAYS)


@pytest.mark.parametrize(("world", "operation"), ERRORS_INSIDE_200, indirect=["world"])
def test_a_200_whose_body_is_cut_is_no_success(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Half an answer is tried again too."""
    world.call(monkeypatch, operation, faults=[world.fake.make_answer(200, b"<Result><ETag>e")] * 2)
    assert world.sleeps in ([0.0, 10.0], [0.0, 0.0])


@pytest.mark.parametrize("operation", ["UploadPart", "UploadPartCopy", "CompleteMultipartUpload"])
def test_an_upload_that_fails_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, operation: str
) -> None:
    """Its last request aborts it."""
    with _fails(operation, 403):
        world.call(monkeypatch, operation, faults=[fault(403, "AccessDenied")] * 2)
    assert world.fake.seen[-1] == ("DELETE", "/bucket/key?uploadId=u")


def test_the_table_has_every_operation(world: World) -> None:
    """Whatever the code calls on a client stands above."""
    known = world.s3.client().meta.method_to_api_mapping
    used: set[str] = set()
    for path in Path(airflow_provider_s3rest.s3.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, "attr", None) or getattr(node, "value", None)
            if isinstance(name, str) and name in known:
                used.add(known[name])
    assert used - set(CALLS) == set()
