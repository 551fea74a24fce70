# SPDX-License-Identifier: Apache-2.0
"""Tests of the filters for objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.results import ObjectSummary

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUMMARY = {
    "key": "data/x.csv",
    "size": 100,
    "etag": "e",
    "last_modified": NOW - timedelta(hours=1),
    "storage_class": "STANDARD",
}


def _matches(filters: dict[str, Any], **fields: Any) -> bool:
    summary = ObjectSummary(**(SUMMARY | fields))  # type: ignore[arg-type]
    return Filter.parse(filters, now=NOW).matches(summary)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "filters",
    [
        {"glob": "*.csv"},
        {"glob": ["*.json", "data/*"]},
        {"regex": r"x\.csv$"},
        {"regex": "^data/"},
        {"modified_after": NOW - timedelta(hours=1)},
        {"modified_after": "2026-11-24T11:00:00Z", "modified_before": "2026-11-24T11:00:00.001+00:00"},
        {"older_than": timedelta(hours=1)},
        {"older_than": "3600"},
        {"newer_than": 3600},
        {"older_than": 3600.0, "newer_than": 3600},
        {"min_bytes": 100, "max_bytes": "100"},
        {"min_bytes": "", "glob": None},
        {"storage_class": "standard"},
        {"storage_class": ["GLACIER", "STANDARD"]},
        {},
    ],
)
def test_objects_that_are_meant(filters: dict[str, Any]) -> None:
    """All filters hold; a filter that is None or that a template left empty is none."""
    assert _matches(filters)


@pytest.mark.parametrize(
    "filters",
    [
        {"glob": "*.json"},
        {"regex": "^x"},
        {"glob": "*.csv", "regex": "y"},
        {"modified_after": "2026-11-24T11:00:00.001Z"},
        {"modified_before": "2026-11-24T11:00:00Z"},
        {"older_than": 3601},
        {"newer_than": timedelta(minutes=59)},
        {"min_bytes": 101},
        {"max_bytes": 99},
        {"max_bytes": 0},
        {"storage_class": ["GLACIER"]},
    ],
)
def test_objects_that_are_not_meant(filters: dict[str, Any]) -> None:
    """One filter that does not hold is enough."""
    assert not _matches(filters)


def test_intervals_that_meet_share_no_object() -> None:
    """The first moment belongs to an interval, the last one to the next, as with data intervals of Airflow."""
    hour = timedelta(hours=1)
    intervals = [(NOW - 2 * hour, NOW - hour), (NOW - hour, NOW)]
    assert [_matches({"modified_after": first, "modified_before": last}) for first, last in intervals] == [False, True]


def test_a_marker_has_neither_size_nor_class() -> None:
    """So that filters for those don't mean it, and others may."""
    marker: Any = type("Marker", (), SUMMARY | {"size": None, "storage_class": None})
    filters: list[Any] = [{"min_bytes": 0}, {"max_bytes": 5}, {"storage_class": "STANDARD"}, {"older_than": 60}]
    assert [Filter.parse(given, now=NOW).matches(marker) for given in filters] == [False, False, False, True]


def test_no_filter_is_told() -> None:
    """What would mean every object can be asked about."""
    assert Filter.parse({}, now=NOW).is_empty
    assert not Filter.parse({"min_bytes": 0}, now=NOW).is_empty


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"glop": "*"}, "glop: is no option; there are glob, regex,"),
        ({"glob": []}, "glob: holds no pattern"),
        ({"regex": "("}, "regex: '\\(' is no regular expression: missing"),
        ({"regex": 5}, "regex: 5 is no regular expression"),
        ({"modified_after": datetime(2026, 1, 1)}, "modified_after: lacks its time zone"),  # noqa: DTZ001
        ({"modified_before": "yesterday"}, "modified_before: is no time"),
        ({"older_than": "1 day"}, "older_than: '1 day' is no duration; give a timedelta, or a number of seconds"),
        ({"older_than": True}, "older_than: True is no duration"),
        ({"newer_than": -1}, "newer_than: -1 is no duration"),
        ({"newer_than": "nan"}, "newer_than: 'nan' is no duration"),
        ({"older_than": "inf"}, "older_than: 'inf' is no duration"),
        ({"min_bytes": -1}, "min_bytes: must be a number, 0 or more, not -1"),
        ({"max_bytes": True}, "max_bytes: must be a number, 0 or more, not True"),
        ({"storage_class": []}, "storage_class: must be one storage class or a list of them"),
        ({"storage_class": [5]}, "storage_class: must be one storage class or a list of them"),
        ({"min_bytes": 2, "max_bytes": 1}, r"min_bytes: 2 is more than max_bytes \(1\)"),
        (
            {"modified_after": NOW, "modified_before": NOW},
            "modified_after: means from 2026-11-24T12:00:00.00:00 on, and modified_before before 2026-11-24T12",
        ),
        ({"newer_than": 60, "older_than": 61}, "newer_than: means from .* on, and older_than before"),
    ],
)
def test_filters_that_can_not_be(filters: dict[str, Any], message: str) -> None:
    """Each is named, with what is wrong."""
    with pytest.raises(ValueError, match=f"^{message}"):
        _matches(filters)
