# SPDX-License-Identifier: Apache-2.0
"""What the messages of a queue say: S3's own event notifications, also by way of SNS, and those of EventBridge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import unquote_plus

from airflow_provider_s3rest.s3.keys import check_bucket_name, check_key
from airflow_provider_s3rest.s3.results import unquote_etag

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

Kind = Literal["created", "deleted", "other"]

_TEST_EVENT = "s3:TestEvent"
_KINDS: dict[str, Kind] = {
    "ObjectCreated": "created",
    "ObjectRemoved": "deleted",
    "LifecycleExpiration": "deleted",
    "Object Created": "created",
    "Object Deleted": "deleted",
}
_MAJOR_VERSION = "2"


class PoisonError(ValueError):
    """A message is no notification that can be understood. What it says is why, and never a part of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing that happened to one object.

    :param key: the key as S3 knows it, with nothing encoded.
    :param kind: whether the object was written, or deleted (also by a delete marker, or just one of its versions).
    :param event_name: S3's or EventBridge's name of it, such as ``ObjectCreated:Put`` or ``Object Created``.
    :param sequencer: of two events on one key the later one has the greater; None where the event has none.
    """

    bucket_name: str
    key: str
    kind: Kind
    event_name: str
    etag: str | None = None
    size: int | None = None
    version_id: str | None = None
    sequencer: str | None = None
    time: datetime | None = None


def parse_message(body: str) -> tuple[Notification, ...]:
    """Read the body of one message.

    It may be S3's own, as it is or in the envelope of SNS, or an event of EventBridge, also in that envelope.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html

    :returns: what it notifies of; nothing for the test event that S3 sends when notifications are set up.
    :raises PoisonError: it is nothing of that kind.
    """
    message = _read_json(body, "the message")
    if message.get("Type") == "Notification" and "TopicArn" in message:
        message = _read_json(_take(message, "Message", str, "the envelope of SNS"), "the Message of SNS")
    if message.get("Event") == _TEST_EVENT:
        return ()
    if "Records" in message:
        records = _take(message, "Records", list, "the message")
        if not records:
            raise PoisonError("Records is empty")
        return tuple(_read_record(record, f"Records[{number}]") for number, record in enumerate(records))
    if "detail-type" in message:
        return (_read_event(message),)
    raise PoisonError("it is neither an event notification of S3, nor one in an envelope of SNS, nor of EventBridge")


def _read_json(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PoisonError(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise PoisonError(f"{what} is no JSON object")
    return value


def _read_record(record: object, where: str) -> Notification:
    if not isinstance(record, dict):
        raise PoisonError(f"{where} is no JSON object")
    if not _take(record, "eventSource", str, where).endswith(":s3"):
        raise PoisonError(f"{where}.eventSource is not S3")
    if _take(record, "eventVersion", str, where).partition(".")[0] != _MAJOR_VERSION:
        raise PoisonError(f"{where}.eventVersion is not {_MAJOR_VERSION}.x")
    what = _take(record, "s3", dict, where)
    # Other services than AWS leave the prefix on.
    name = _take(record, "eventName", str, where).removeprefix("s3:")
    where = f"{where}.s3"
    item = _take(what, "object", dict, where)
    try:
        key = unquote_plus(_take(item, "key", str, f"{where}.object"), errors="strict")
    except UnicodeDecodeError:
        raise PoisonError(f"{where}.object.key is not UTF-8") from None
    return _notification(
        _take(what, "bucket", dict, where),
        item | {"key": key, "etag": item.get("eTag"), "version-id": item.get("versionId")},
        where,
        name=name,
        time=record.get("eventTime"),
    )


def _read_event(event: Mapping[str, Any]) -> Notification:
    where = "the event of EventBridge"
    if event.get("source") != "aws.s3":
        raise PoisonError(f"source of {where} is not aws.s3")
    name = _take(event, "detail-type", str, where)
    detail = _take(event, "detail", dict, where)
    bucket, item = _take(detail, "bucket", dict, "detail"), _take(detail, "object", dict, "detail")
    return _notification(bucket, item, "detail", name=name, time=event.get("time"))


def _notification(
    bucket: Mapping[str, Any], item: Mapping[str, Any], where: str, *, name: str, time: object
) -> Notification:
    bucket_name, key = _take(bucket, "name", str, f"{where}.bucket"), _take(item, "key", str, f"{where}.object")
    try:
        check_bucket_name(bucket_name)
        check_key(key)
    except ValueError:
        raise PoisonError(f"{where} names a bucket or a key that can't exist") from None
    etag = _take(item, "etag", str, f"{where}.object", may_lack=True)
    size = _take(item, "size", int, f"{where}.object", may_lack=True)
    return Notification(
        bucket_name=bucket_name,
        key=key,
        kind=_KINDS.get(name.partition(":")[0], "other"),
        event_name=name,
        etag=unquote_etag(etag),
        size=size,
        version_id=_take(item, "version-id", str, f"{where}.object", may_lack=True),
        sequencer=_take(item, "sequencer", str, f"{where}.object", may_lack=True),
        time=_read_time(time),
    )


def _take(mapping: Mapping[str, Any], name: str, kind: type[T], where: str, *, may_lack: bool = False) -> Any:
    """Return a member, as what it must be; None for one that may lack and does.

    :raises PoisonError: it lacks, or is something else.
    """
    value = mapping.get(name)
    if may_lack and (value is None or value == ""):
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise PoisonError(f"{where} has no {name} of the right type")
    return value


def _read_time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
