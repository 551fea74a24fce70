# SPDX-License-Identifier: Apache-2.0
"""From the arguments of a sensor, or of its trigger, which have the same names, to the condition that they mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.filters import ObjectFilters
    from airflow_provider_s3rest.s3.waiting.conditions import (
        AbsentCondition,
        KeyCondition,
        PrefixCondition,
        UnchangedCondition,
    )
    from airflow_provider_s3rest.s3.waiting.wishes import Wishes

FILTERS = ("modified_after", "modified_before", "min_bytes", "max_bytes", "storage_class")
AGES = ("older_than", "newer_than")
PATTERNS = ("glob", "regex")


def key_condition(given: Mapping[str, Any]) -> KeyCondition:
    """Read the arguments of a wait for keys.

    :raises ValueError: one of them can't be; it is named.
    """
    from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition

    filters = _filters(given, *FILTERS, *AGES)
    return KeyCondition.parse(given["bucket_name"], _wishes(given), wait_for=given["wait_for"], filters=filters)


def prefix_condition(given: Mapping[str, Any]) -> PrefixCondition:
    """Read the arguments of a wait for enough objects.

    :raises ValueError: one of them can't be; it is named.
    """
    from airflow_provider_s3rest.s3.waiting.conditions import PrefixCondition

    return PrefixCondition.parse(
        given["bucket_name"],
        given["prefix"] or "",
        at_least_objects=given["at_least_objects"],
        at_least_bytes=given["at_least_bytes"],
        filters=_filters(given, *FILTERS, *AGES, *PATTERNS),
    )


def unchanged_condition(given: Mapping[str, Any]) -> UnchangedCondition:
    """Read the arguments of a wait for quiet.

    :raises ValueError: one of them can't be; it is named.
    """
    from airflow_provider_s3rest.s3.waiting.conditions import UnchangedCondition

    return UnchangedCondition.parse(
        given["bucket_name"],
        given["prefix"] or "",
        quiet_for=given["quiet_for"],
        at_least_objects=given["at_least_objects"],
        filters=_filters(given, *FILTERS, *PATTERNS),
    )


def absent_condition(given: Mapping[str, Any]) -> AbsentCondition:
    """Read the arguments of a wait for objects to be gone.

    :raises ValueError: one of them can't be; it is named.
    """
    from airflow_provider_s3rest.s3.waiting.conditions import AbsentCondition

    return AbsentCondition.parse(given["bucket_name"], _wishes(given), filters=_filters(given, *FILTERS, *AGES))


def as_json(value: Any, argument: str) -> Any:
    """Return an argument as JSON holds it: times as texts in ISO format, durations as seconds.

    :raises ValueError: it can't be held so.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item, argument) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"{argument}: {type(value).__name__} can't be stored for the triggerer; give a text or a number")


def _wishes(given: Mapping[str, Any]) -> Wishes:
    from airflow_provider_s3rest.s3.waiting.wishes import Wishes

    return Wishes(key=given["key"], glob=given["glob"], regex=given["regex"], prefix=given["prefix"])


def _filters(given: Mapping[str, Any], *names: str) -> ObjectFilters:
    return {name: given[name] for name in names}  # type: ignore[return-value]
