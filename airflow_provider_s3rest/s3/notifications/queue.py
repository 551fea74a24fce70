# SPDX-License-Identifier: Apache-2.0
"""One queue of SQS: its messages are received, read, and deleted once somebody has done with them."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.notifications.address import QueueAddress
from airflow_provider_s3rest.s3.notifications.parse import PoisonError, parse_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airflow_provider_s3rest.s3.notifications.parse import Notification
    from airflow_provider_s3rest.s3.store import S3

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
WAIT_SECONDS = 20
_BATCH = 10
_LONGEST_HIDDEN_SECONDS = 12 * 3600

HIDDEN_SECONDS = 120
"""How long nobody else sees a message that was received, and so how soon it comes again if its receiver dies."""

# The longest counts from when a message was received, which is a moment ago.
_ASIDE_SECONDS = _LONGEST_HIDDEN_SECONDS - 300
_FIRST_BACK_SECONDS, _LAST_BACK_SECONDS = 30, 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that was received and waits to be deleted.

    :param receipt: what deletes it, or makes it visible again.
    :param receive_count: how often anybody has received it, this time included.
    :param notifications: at least one.
    """

    message_id: str
    receipt: str
    receive_count: int
    notifications: tuple[Notification, ...]


class Queue:
    """A queue, by the credentials of an account. Safe for threads; its calls block.

    A message that is no notification is reported, and set aside: nobody sees it for 12 hours, the longest that SQS
    knows, so that it is in nobody's way. It stays in the queue, whose own redrive policy or retention period ends it.

    Every error of the service is a ``botocore.exceptions.ClientError`` that names the queue.

    :param queue_url: see :class:`~airflow_provider_s3rest.s3.notifications.address.QueueAddress`.
    :raises ValueError: the URL can't be.
    """

    def __init__(self, s3: S3, queue_url: str | None) -> None:
        self._s3 = s3
        self._address = QueueAddress.parse(queue_url)

    @property
    def url(self) -> str:
        """The queue's URL."""
        return self._address.url

    def receive(self, *, wait_seconds: int = WAIT_SECONDS, hidden_seconds: int = HIDDEN_SECONDS) -> list[Message]:
        """Receive up to ten messages.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html

        :param wait_seconds: how long to wait for the first, 0 to 20.
        :param hidden_seconds: how long nobody else sees them, unless they are deleted before.
        :returns: those that notify of something.
        """
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=_BATCH,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=hidden_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        received: list[Message] = []
        poisoned: list[str] = []
        empty: list[str] = []
        for item in answer.get("Messages", ()):
            try:
                message = _read(item)
            except PoisonError as error:
                log.warning("Message %s of %s is set aside for 12 hours: %s", item["MessageId"], self.url, error)
                poisoned.append(item["ReceiptHandle"])
                continue
            if message.notifications:
                received.append(message)
            else:
                empty.append(message.receipt)
        self._put_away(poisoned, empty)
        return received

    def _put_away(self, poisoned: Iterable[str], empty: Iterable[str]) -> None:
        try:
            self.hide(dict.fromkeys(poisoned, _ASIDE_SECONDS))
            self.delete(empty)
        except Exception as error:
            if not is_passing(error):
                raise
            # They come again soon; those that came with them need not.
            log.warning("Messages of %s could not be set aside: %s", self.url, error)

    def delete(self, receipts: Iterable[str]) -> None:
        """Delete messages that are done with. One that SQS does not delete comes again; that is reported.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
        """
        self._batches("delete_message_batch", [{"ReceiptHandle": receipt} for receipt in receipts], "deleted")

    def hide(self, seconds: Mapping[str, int]) -> None:
        """Set how long nobody sees messages from now on.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html

        :param seconds: by their receipts; 0 to be seen at once.
        """
        entries = [{"ReceiptHandle": receipt, "VisibilityTimeout": left} for receipt, left in seconds.items()]
        self._batches("change_message_visibility_batch", entries, "hidden or shown")

    def give_back(self, messages: Iterable[Message]) -> None:
        """Leave messages to others: they are seen again after 30 s, later each time that nobody wanted them."""
        self.hide({message.receipt: _back_seconds(message.receive_count) for message in messages})

    def _batches(self, operation: str, entries: Sequence[Mapping[str, Any]], done: str) -> None:
        for start in range(0, len(entries), _BATCH):
            batch = [{"Id": str(number), **entry} for number, entry in enumerate(entries[start : start + _BATCH])]
            failures = self._call(operation, Entries=batch).get("Failed", ())
            again = {failure["Id"] for failure in failures if not failure.get("SenderFault")}
            failures = [failure for failure in failures if failure["Id"] not in again]
            if again:
                rest = [entry for entry in batch if entry["Id"] in again]
                failures += self._call(operation, Entries=rest).get("Failed", ())
            if failures:
                told = f"{failures[0].get('Code', '')}: {failures[0].get('Message', '')}"
                log.warning("%s messages of %s could not be %s (%s)", len(failures), self.url, done, told)

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        address = self._address
        client = self._s3.engines.queue_client(address.region, address.endpoint_url)
        with _named(address.url):
            answer: dict[str, Any] = getattr(client, operation)(QueueUrl=address.url, **parameters)
        return answer


def _read(item: Mapping[str, Any]) -> Message:
    return Message(
        message_id=item["MessageId"],
        receipt=item["ReceiptHandle"],
        receive_count=int(item.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
        notifications=parse_message(item["Body"]),
    )


def _back_seconds(receive_count: int) -> int:
    doublings = min(receive_count - 1, _LAST_BACK_SECONDS.bit_length())
    return min(_FIRST_BACK_SECONDS << doublings, _LAST_BACK_SECONDS)


@contextmanager
def _named(queue_url: str) -> Iterator[None]:
    """Have the errors of the service tell which queue they are about, and pickle, as botocore's own kinds do not."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        said = dict(error.response["Error"])
        said["Message"] = f"{said.get('Message', '')} (queue {queue_url})".lstrip()
        raise ClientError({**error.response, "Error": said}, error.operation_name) from None
