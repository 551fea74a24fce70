# SPDX-License-Identifier: Apache-2.0
"""Tests of SIGTERM in a real process: it ends within 2 seconds, whatever it was waiting for, and clears up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("interrupted.py")
CREATED = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
LARGE = 40 * 1024 * 1024


@pytest.fixture
def interrupt(fake: Any) -> Iterator[Callable[..., dict[str, Any]]]:
    """Run the program until the server has had so many requests, then send it SIGTERM."""
    reached, over = threading.Event(), threading.Event()

    def run(operation: str, reply: Callable[[Any, threading.Event], Any], *, after: int = 1, size: int = 10) -> Any:
        def answer(request: Any) -> Any:
            if len(fake.requests) >= after:
                reached.set()
            return reply(request, over)

        fake.otherwise = answer
        command = [sys.executable, PROGRAM, fake.url, operation, str(size)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert reached.wait(60)
                process.send_signal(signal.SIGTERM)
                said, _ = process.communicate(timeout=10)
            finally:
                process.kill()
        return json.loads(said)

    yield run
    over.set()


@pytest.mark.parametrize("operation", ["get", "put", "delete"])
def test_a_service_that_does_not_answer(fake: Any, interrupt: Callable[..., dict[str, Any]], operation: str) -> None:
    """The request is left behind."""
    found = interrupt(operation, lambda _, over: over.wait(60) and fake.make_answer())
    assert found["ended"].startswith("interrupted")
    assert found["seconds"] < 2


def test_a_body_that_does_not_come(fake: Any, interrupt: Callable[..., dict[str, Any]]) -> None:
    """Half of it is there, and no more follows."""

    def reply(request: Any, over: threading.Event) -> Any:
        if "range" in request.headers:
            over.wait(60)
        return fake.make_answer(200, bytes(1000), {"ETag": '"e1"'}, 500)

    assert interrupt("get", reply, after=2)["seconds"] < 2


def test_a_wait_for_a_retry(fake: Any, interrupt: Callable[..., dict[str, Any]]) -> None:
    """The third request would come after 10 seconds."""
    found = interrupt("put", lambda *_: fake.make_answer(503), after=2)
    assert found["ended"].startswith("interrupted")
    assert found["seconds"] < 2


@pytest.mark.parametrize("stalls", [True, False])
def test_parts_in_flight(
    fake: Any,
    interrupt: Callable[..., dict[str, Any]],
    stalls: bool,  # noqa: FBT001
) -> None:
    """Whether they stall or wait for a retry, the upload is aborted at once."""

    def reply(request: Any, over: threading.Event) -> Any:
        if request.method == "POST":
            return fake.make_answer(200, CREATED)
        if request.method == "PUT" and stalls:
            over.wait(60)
        return fake.make_answer(204 if request.method == "DELETE" else 503)

    found = interrupt("put", reply, after=4, size=LARGE)
    assert found["ended"].startswith("interrupted")
    assert found["seconds"] < 2
    assert ("DELETE", "/bucket/key?uploadId=u") in fake.seen


def test_an_abort_that_gets_no_answer(fake: Any, interrupt: Callable[..., dict[str, Any]]) -> None:
    """It is given a moment, and what stays behind is told."""

    def reply(request: Any, over: threading.Event) -> Any:
        if request.method != "POST":
            over.wait(60)
        return fake.make_answer(200, CREATED)

    found = interrupt("put", reply, after=4, size=LARGE)
    assert found["seconds"] < 2
    assert "TimeoutError" in found["ended"]
    assert "AbortIncompleteMultipartUpload" in found["ended"]


def test_every_upload_of_a_synchronisation_is_aborted(fake: Any, interrupt: Callable[..., dict[str, Any]]) -> None:
    """Each runs inside the whole, which leaves it the time for that."""

    def reply(request: Any, over: threading.Event) -> Any:
        if request.method == "GET":
            return fake.make_answer(200, b"<ListBucketResult/>")
        if request.method == "POST":
            return fake.make_answer(200, CREATED)
        if request.method == "PUT":
            over.wait(60)
        return fake.make_answer(204)

    # The listing, and for each of the two files its beginning and two parts at least.
    found = interrupt("sync", reply, after=7, size=LARGE)
    assert found["ended"].startswith("interrupted")
    assert found["seconds"] < 2
    begun = [target.partition("?")[0] for method, target in fake.seen if method == "POST"]
    ended = [target.partition("?")[0] for method, target in fake.seen if method == "DELETE"]
    assert begun
    assert sorted(begun) == sorted(ended)
