# SPDX-License-Identifier: Apache-2.0
"""What real processes make of one cache directory and one real endpoint."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from airflow_provider_s3rest.local.rolesanywhere import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.local.stack import LocalStack

PROCESSES = 64
PROGRAM = Path(__file__).with_name("processes.py")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(local_stack: LocalStack, tmp_path: Path) -> Iterator[Start]:
    """Start the program with its orders; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(
        count: int, rounds: int = 1, *, reject: bool = False, longest_wait_seconds: float = 20.0
    ) -> subprocess.Popen[str]:
        orders = {
            "connection": local_stack.connection("roles_anywhere", retry_delays_seconds=[]),
            "cache_dirs": [str(tmp_path / f"cache-{number}") for number in range(rounds)],
            "count": count,
            "reject": reject,
            "longest_wait_seconds": longest_wait_seconds,
        }
        process = subprocess.Popen(
            [sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        running.append(process)
        assert process.stdin
        process.stdin.write(json.dumps(orders))
        process.stdin.close()
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def answers_of(process: subprocess.Popen[str]) -> list[list[dict[str, Any]]]:
    """What the processes of each round got."""
    assert process.stdout
    return [json.loads(line) for line in process.stdout]


def test_64_cold_processes_make_one_call_in_20_runs_of_20(start: Start, local_stack: LocalStack) -> None:
    """Each run begins with an empty cache, and all of its processes go at once."""
    rounds = answers_of(start(PROCESSES, rounds=20))
    assert [len(answers) for answers in rounds] == [PROCESSES] * 20
    assert all(len({answer["key"] for answer in answers}) == 1 for answers in rounds)
    assert local_stack.rolesanywhere.sessions_created == len(local_stack.rolesanywhere.calls) == 20


def test_fresh_interpreters_share_as_forks_do(start: Start, local_stack: LocalStack) -> None:
    """Nothing is inherited: pods of one node, or operators run by hand, share the directory only."""
    answers = [answers_of(process) for process in [start(1) for _ in range(8)]]
    assert len({answer[0][0]["key"] for answer in answers}) == 1
    assert local_stack.rolesanywhere.sessions_created == 1


def test_64_processes_hear_of_one_refused_call(start: Start, local_stack: LocalStack) -> None:
    """A service in trouble is not asked 64 times."""
    body = json.dumps({"message": "Try later"}).encode()
    local_stack.rolesanywhere.fault = lambda _: Answer(status=503, headers={}, body=body)
    (answers,) = answers_of(start(PROCESSES))
    assert len(answers) == PROCESSES
    assert all("Try later" in answer["error"] for answer in answers)
    assert len(local_stack.rolesanywhere.calls) == 1


def test_64_processes_whose_credentials_are_rejected_make_one_renewal(start: Start, local_stack: LocalStack) -> None:
    """One of them renews, the others find what it got."""
    (answers,) = answers_of(start(PROCESSES, reject=True))
    assert len(answers) == PROCESSES
    assert not [answer for answer in answers if "error" in answer]
    # A process that comes late enough to be given the renewed credentials rejects those: each time one call.
    assert local_stack.rolesanywhere.sessions_created == 1 + len({answer["key"] for answer in answers})


@pytest.mark.parametrize(
    ("fate", "longest_wait_seconds"), [(signal.SIGKILL, 20.0), (signal.SIGSTOP, 6.0)], ids=["killed", "stopped"]
)
def test_a_holder_that_dies_or_hangs_in_its_call_costs_one_more(
    fate: signal.Signals, longest_wait_seconds: float, start: Start, local_stack: LocalStack
) -> None:
    """The kernel frees the lock of the dead; those who wait for a hung one take the next lock."""
    asked, answered = threading.Event(), threading.Event()

    def hold_first(_request: object) -> None:
        if not asked.is_set():
            asked.set()
            answered.wait(60)

    local_stack.rolesanywhere.fault = hold_first
    holder = start(1)
    try:
        assert asked.wait(60)
        for process in psutil.Process(holder.pid).children():
            process.send_signal(fate)
        (answers,) = answers_of(start(32, longest_wait_seconds=longest_wait_seconds))
        assert len({answer["key"] for answer in answers}) == 1
        # The holder's own call has not been answered yet, so it is not on record.
        assert local_stack.rolesanywhere.sessions_created == 1
    finally:
        answered.set()
        for process in psutil.Process(holder.pid).children():
            process.kill()
