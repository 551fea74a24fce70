# SPDX-License-Identifier: Apache-2.0
"""A bucket of moto that notifies a queue of moto, and what moto is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_s3rest.s3 import S3


class Place:
    """A bucket that notifies a queue of the same name."""

    def __init__(self, s3: S3, bucket: str) -> None:
        self.s3 = s3
        self.bucket = bucket
        self.sqs = s3.engines.queue_client(None, str(s3.connection.endpoint_url))
        self.url = self.sqs.create_queue(QueueName=bucket)["QueueUrl"]
        target = {"QueueArn": self.attributes("QueueArn")[0], "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        s3.client().put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [target]}
        )

    def attributes(self, *names: str) -> list[Any]:
        """Ask about the queue."""
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names))["Attributes"]
        return [found[name] for name in names]

    def held(self) -> tuple[int, int]:
        """How many messages are to be seen, and how many are hidden."""
        names = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        seen, hidden = map(int, self.attributes(*names))
        return seen, hidden

    def put(self, *keys: str) -> None:
        """Write objects."""
        for key in keys:
            self.s3.client().put_object(Bucket=self.bucket, Key=key, Body=b"data")

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.s3.client().delete_object(Bucket=self.bucket, Key=key)


def asked_of_s3(lines: Iterable[str]) -> list[str]:
    """Return the requests to S3 in the log of moto, such as ``HEAD /bucket/key``; SQS is asked at ``/``."""
    found = (re.search(r'"(?:\x1b\[\w+m)*([A-Z]+ /\S+)', line) for line in lines)
    return [request[1] for request in found if request]
