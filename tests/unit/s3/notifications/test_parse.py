# SPDX-License-Identifier: Apache-2.0
"""Tests of what messages are read as, whatever has wrapped them, and of those that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_s3rest.s3.notifications.parse import Notification, PoisonError, parse_message
from tests.unit.s3.notifications import samples

SECRET = "echo-nothing-of-me"


def _only(body: str) -> Notification:
    (found,) = parse_message(body)
    return found


CREATED = Notification(
    bucket_name="mybucket",
    key="HappyFace.jpg",
    kind="created",
    event_name="ObjectCreated:Put",
    etag="d41d8cd98f00b204e9800998ecf8427e",
    size=1024,
    version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
    sequencer="0055AED6DCD90281E5",
    time=datetime(1970, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("wrap", [str, samples.sns], ids=["as it is", "by SNS"])
def test_a_notification_of_s3_is_read_whole(wrap: Any) -> None:
    """Everything that it says of the object is there, also in an envelope of SNS."""
    assert _only(wrap(samples.plain())) == CREATED


def test_every_record_of_a_message_is_read() -> None:
    """A message may hold several."""
    found = parse_message(samples.plain(samples.record(key="a"), samples.record("ObjectRemoved:Delete", key="b")))
    assert [(item.key, item.kind) for item in found] == [("a", "created"), ("b", "deleted")]


@pytest.mark.parametrize("wrap", [str, samples.sns], ids=["as it is", "by SNS"])
def test_an_event_of_eventbridge_is_read_whole(wrap: Any) -> None:
    """It names the same things in other words."""
    assert _only(wrap(json.dumps(samples.event()))) == Notification(
        bucket_name="example-bucket",
        key="example-key",
        kind="created",
        event_name="Object Created",
        etag="b1946ac92492d2347c6235b4d2611184",
        size=5,
        version_id="IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        sequencer="617f08299329d189",
        time=datetime(2021, 11, 12, tzinfo=UTC),
    )


def test_a_deletion_in_eventbridge_has_no_size() -> None:
    """What lacks is None."""
    found = _only(json.dumps(samples.deleted_event()))
    assert (found.kind, found.size, found.version_id) == ("deleted", None, "1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF")


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("red+flower.jpg", "red flower.jpg"),
        ("a%2Bb.txt", "a+b.txt"),
        ("100%25+%2F%2F%3F%23%26", "100% //?#&"),
        ("%C3%A9t%C3%A9/%F0%9F%98%80", "été/😀"),
        ("dir/", "dir/"),
        ("%2520", "%20"),
        ("line%0Abreak%00", "line\nbreak\0"),
    ],
)
def test_keys_of_s3_are_decoded_once(encoded: str, key: str) -> None:
    """S3 encodes them as a form does."""
    assert _only(samples.plain(samples.record(key=encoded))).key == key


@pytest.mark.parametrize("key", ["red+flower.jpg", "a b", "%20", "é"])
def test_keys_of_eventbridge_are_verbatim(key: str) -> None:
    """EventBridge encodes nothing."""
    assert _only(json.dumps(samples.event(item={"key": key}))).key == key


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:Put", "created"),
        ("ObjectCreated:Post", "created"),
        ("ObjectCreated:Copy", "created"),
        ("ObjectCreated:CompleteMultipartUpload", "created"),
        ("s3:ObjectCreated:Put", "created"),
        ("ObjectRemoved:Delete", "deleted"),
        ("ObjectRemoved:DeleteMarkerCreated", "deleted"),
        ("LifecycleExpiration:Delete", "deleted"),
        ("LifecycleExpiration:DeleteMarkerCreated", "deleted"),
        ("LifecycleTransition", "other"),
        ("ObjectRestore:Completed", "other"),
        ("ObjectTagging:Put", "other"),
        ("ObjectAcl:Put", "other"),
        ("Replication:OperationFailedReplication", "other"),
        ("IntelligentTiering", "other"),
        ("ReducedRedundancyLostObject", "other"),
        ("SomethingNew:Tomorrow", "other"),
    ],
)
def test_every_event_of_s3_has_a_kind(name: str, kind: str) -> None:
    """Creation and deletion are told from what neither writes nor deletes."""
    assert _only(samples.plain(samples.record(name))).kind == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Object Restore Completed", "other"), ("Object Tags Added", "other"), ("Object Deleted", "deleted")],
)
def test_every_event_of_eventbridge_has_a_kind(name: str, kind: str) -> None:
    """Likewise."""
    assert _only(json.dumps(samples.event(name))).kind == kind


@pytest.mark.parametrize("wrap", [str, samples.sns], ids=["as it is", "by SNS"])
def test_the_test_event_notifies_of_nothing(wrap: Any) -> None:
    """S3 sends it when notifications are set up; it is no fault."""
    assert parse_message(wrap(json.dumps(samples.TEST_EVENT))) == ()


def test_members_may_lack() -> None:
    """Other services than AWS, and deletions, tell less."""
    bare = samples.record(size=None, eTag="", versionId=None, sequencer=None)
    del bare["eventTime"]
    found = _only(samples.plain(bare))
    assert (found.size, found.etag, found.version_id, found.sequencer, found.time) == (None,) * 5


@pytest.mark.parametrize("time", ["yesterday", "2021-11-12T00:00:00", 5])
def test_a_time_that_can_not_be_read_is_none(time: Any) -> None:
    """Nothing depends on it."""
    assert _only(samples.plain(samples.record() | {"eventTime": time})).time is None


def _altered(where: str, value: Any) -> str:
    """A message with one member replaced; None takes it away."""
    made = samples.record()
    *path, last = where.split(".")
    inner = made
    for name in path:
        inner = inner[name]
    inner[last] = value
    if value is None:
        del inner[last]
    return samples.plain(made)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (SECRET, "the message is not JSON"),
        ("", "the message is not JSON"),
        ("[" * 100_000, "the message is not JSON"),
        (json.dumps([SECRET]), "the message is no JSON object"),
        (json.dumps({"hello": SECRET}), "it is neither an event notification of S3"),
        (json.dumps({"Records": []}), "Records is empty"),
        (json.dumps({"Records": SECRET}), "the message has no Records of the right type"),
        (json.dumps({"Records": [SECRET]}), r"Records\[0\] is no JSON object"),
        (samples.sns(SECRET), "the Message of SNS is not JSON"),
        (samples.sns(samples.sns(samples.plain())), "it is neither"),
        (json.dumps({"Type": "Notification", "TopicArn": "a", "Message": 5}), "the envelope of SNS has no Message"),
        (_altered("eventSource", "aws:sqs"), r"Records\[0\].eventSource is not S3"),
        (_altered("eventVersion", "3.0"), r"Records\[0\].eventVersion is not 2.x"),
        (_altered("eventName", None), r"Records\[0\] has no eventName"),
        (_altered("s3", None), r"Records\[0\] has no s3"),
        (_altered("s3.object", SECRET), r"Records\[0\].s3 has no object"),
        (_altered("s3.bucket", SECRET), r"Records\[0\].s3 has no bucket"),
        (_altered("s3.bucket.name", f"{SECRET}/"), "names a bucket or a key that can't exist"),
        (_altered("s3.object.key", ""), "names a bucket or a key that can't exist"),
        (_altered("s3.object.key", "k" * 1025), "names a bucket or a key that can't exist"),
        (_altered("s3.object.key", "\ud800"), "names a bucket or a key that can't exist"),
        (_altered("s3.object.key", "%ff"), "key is not UTF-8"),
        (_altered("s3.object.key", 5), "object has no key of the right type"),
        (_altered("s3.object.size", SECRET), "object has no size of the right type"),
        (_altered("s3.object.size", []), "object has no size of the right type"),
        (samples.plain(samples.record(size=True)), "object has no size of the right type"),
        (_altered("s3.object.eTag", 5), "object has no etag of the right type"),
        (json.dumps(samples.event() | {"source": SECRET}), "source of the event of EventBridge is not aws.s3"),
        (json.dumps(samples.event() | {"detail": SECRET}), "the event of EventBridge has no detail"),
        (json.dumps(samples.event(item={})), "detail.object has no key"),
    ],
)
def test_anything_else_is_poison(body: str, reason: str) -> None:
    """The reason is told, and nothing of the message."""
    with pytest.raises(PoisonError, match=reason) as caught:
        parse_message(body)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
