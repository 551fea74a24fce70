# SPDX-License-Identifier: Apache-2.0
"""Tests of what watchers tell of a message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_s3rest.s3.notifications.events import payloads
from airflow_provider_s3rest.s3.notifications.parse import parse_message
from airflow_provider_s3rest.s3.notifications.queue import Message
from tests.unit.s3.notifications import samples

ALL = ("new", "changed", "deleted")


def _message(*records: dict[str, Any], message_id: str = "m1") -> Message:
    return Message(
        message_id=message_id, receipt="r", receive_count=1, notifications=parse_message(samples.plain(*records))
    )


def _ids(*records: dict[str, Any], message_id: str = "m1") -> list[str]:
    return [told["event_id"] for told in payloads(_message(*records, message_id=message_id), "mybucket", "", ALL)]


def test_what_was_written_is_new() -> None:
    """Everything that the notification says is told, for JSON."""
    (told,) = payloads(_message(samples.record()), "mybucket", "Happy", ALL)
    assert json.loads(json.dumps(told)) == {
        "event": "new",
        "bucket_name": "mybucket",
        "key": "HappyFace.jpg",
        "version_id": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        "etag": "d41d8cd98f00b204e9800998ecf8427e",
        "size": 1024,
        "last_modified": "1970-01-01T00:00:00+00:00",
        "event_id": told["event_id"],
    }


def test_what_was_deleted_lacks_what_nobody_knows() -> None:
    """Its size, for one."""
    gone = samples.record("ObjectRemoved:DeleteMarkerCreated", size=None, eTag=None)
    del gone["eventTime"]
    (told,) = payloads(_message(gone), "mybucket", "", ["deleted"])
    assert (told["event"], told["size"], told["etag"], told["last_modified"]) == ("deleted", None, None, None)


@pytest.mark.parametrize(
    ("bucket", "prefix", "events", "pattern"),
    [
        ("other", "", ALL, ""),
        ("mybucket", "happy", ALL, ""),
        ("mybucket", "", ["deleted"], ""),
        ("mybucket", "", ALL, ".png"),
    ],
)
def test_what_is_not_watched_is_not_told(bucket: str, prefix: str, events: list[str], pattern: str) -> None:
    """By bucket, prefix, kind and pattern."""
    assert not list(payloads(_message(samples.record()), bucket, prefix, events, lambda key: key.endswith(pattern)))


def test_what_neither_writes_nor_deletes_is_not_told() -> None:
    """Such as tags."""
    assert not list(payloads(_message(samples.record("ObjectTagging:Put")), "mybucket", "", ALL))


def test_an_event_keeps_its_id_over_redelivery() -> None:
    """Also where S3 itself notifies twice, in two messages."""
    assert _ids(samples.record()) == _ids(samples.record(), message_id="m2")


@pytest.mark.parametrize(
    "other",
    [
        samples.record(sequencer="0055AED6DCD90281E6"),
        samples.record("ObjectRemoved:Delete"),
        samples.record(key="SadFace.jpg"),
    ],
)
def test_another_event_has_another_id(other: dict[str, Any]) -> None:
    """By its order, its kind or its key."""
    assert _ids(samples.record()) != _ids(other)


def test_without_a_sequencer_the_object_tells_events_apart() -> None:
    """Other services than AWS have none."""
    one, two = (samples.record(sequencer=None, eTag=etag) for etag in ("a", "b"))
    assert _ids(one) == _ids(one, message_id="m2")
    assert _ids(one) != _ids(two)


def test_without_anything_the_message_tells_events_apart() -> None:
    """Nothing else is left."""
    bare = samples.record(sequencer=None, eTag=None, versionId=None, size=None)
    del bare["eventTime"]
    assert _ids(bare) == _ids(bare)
    assert _ids(bare) != _ids(bare, message_id="m2")
