# SPDX-License-Identifier: Apache-2.0
"""How a wait ends that does not go well: alike in every way of waiting, on every Airflow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.hooks.failures import permanent_ones_are_final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.providers.common.compat.sdk import BaseSensorOperator


@contextmanager
def ends_as_told(sensor: BaseSensorOperator) -> Iterator[None]:
    """Make errors final that trying again can't mend, and skips of timeouts also where Airflow forgets to."""
    from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

    with permanent_ones_are_final():
        try:
            yield
        except AirflowSensorTimeout as error:
            if sensor.soft_fail or sensor.never_fail:
                raise AirflowSkipException(f"Skipped instead of failed: {error}") from error
            raise
        except AirflowSkipException as skipped:
            # A class that is elsewhere in each Airflow; a timeout is of another.
            if sensor.never_fail or type(skipped.__cause__).__name__ != "TaskDeferralError":
                raise
            raise S3RestError(f"The triggerer could not wait: {skipped.__cause__}") from skipped.__cause__


@contextmanager
def as_a_poke(sensor: BaseSensorOperator) -> Iterator[None]:
    """Treat errors as Airflow treats those of a poke: where it resumes a task, it would skip some with soft_fail."""
    from airflow.providers.common.compat.sdk import (
        AirflowException,
        AirflowFailException,
        AirflowSensorTimeout,
        AirflowSkipException,
    )

    try:
        yield
    except (AirflowSensorTimeout, AirflowSkipException):
        raise
    except Exception as error:
        is_final = isinstance(error, AirflowFailException)
        if sensor.never_fail or (sensor.soft_fail and is_final):
            raise AirflowSkipException(f"Skipped instead of failed: {error}") from error
        if isinstance(error, AirflowException) and not is_final:
            raise S3RestError(str(error)) from error
        raise
