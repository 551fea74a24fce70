# SPDX-License-Identifier: Apache-2.0
"""Tests of a task that Airflow tells to end."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    from collections.abc import Iterator


class Waiting(S3RestOperator):
    """Waits for what never comes."""

    def operate(self, context: Any) -> None:  # noqa: ARG002 - it is the same for all
        """Tell itself to end, and wait."""
        signal.raise_signal(signal.SIGUSR1)
        threading.Event().wait()


class Quick(S3RestOperator):
    """Is over at once."""

    def operate(self, context: Any) -> str:  # noqa: ARG002 - it is the same for all
        """Do nothing."""
        return "done"


@pytest.fixture
def usual_handler() -> Iterator[None]:
    """Put the signal's handler back."""
    usual = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, usual)


@pytest.mark.usefixtures("usual_handler")
def test_a_task_that_is_told_to_end_does() -> None:
    """Airflow only calls on_kill, from its signal handler; nothing else would interrupt the work."""
    operator = Waiting(task_id="task")
    signal.signal(signal.SIGUSR1, lambda *_: operator.on_kill())
    with pytest.raises(KeyboardInterrupt, match="told to end"):
        operator.execute({})


def test_a_task_that_is_over_is_not_interrupted() -> None:
    """After a timeout Airflow calls on_kill too, and then raises the timeout, which must not get lost."""
    operator = Quick(task_id="task")
    operator.on_kill()
    assert operator.execute({}) == "done"
    operator.on_kill()
