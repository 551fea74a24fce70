# SPDX-License-Identifier: Apache-2.0
"""Airflow's LocalExecutor for Airflow 3.0, which may begin a task before the scheduler has committed that it is queued.

The API then answers "TI was not in a state where it could be marked as running", and the task has failed without having
begun. It happens now and then; Airflow 3.1 no longer does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.executors.local_executor import LocalExecutor
from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class PatientLocalExecutor(LocalExecutor):
    """Hands a task over when the transaction that queues it has been committed."""

    def queue_workload(self, workload: Any, session: Session) -> None:  # of another type in each Airflow
        """See the base class."""
        hand_over = super().queue_workload
        event.listen(session, "after_commit", lambda _: hand_over(workload, session=session), once=True)
