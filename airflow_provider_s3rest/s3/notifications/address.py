# SPDX-License-Identifier: Apache-2.0
"""The address of a queue: which endpoint and region it belongs to, read from its URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from airflow_provider_s3rest.connection.endpoints import fault_of_host, is_loopback, join_endpoint
from airflow_provider_s3rest.s3.values import choice

SOURCES = ("poll", "sqs")

_REGION = r"[a-z]{2,}(?:-[a-z]+)+-\d+"
# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html - the usual, FIPS, VPC, and the ones of old.
_HOSTS = (
    re.compile(rf"(?:[a-z0-9-]+\.)?sqs(?:-fips)?\.({_REGION})\..+"),
    re.compile(rf"({_REGION})\.queue\.amazonaws\..+"),
)
_OLDEST = "queue.amazonaws.com"
_OLDEST_REGION = "us-east-1"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """One queue.

    :param url: as SQS knows it.
    :param endpoint_url: where its requests go.
    :param region: None where the host names none.
    """

    url: str
    endpoint_url: str
    region: str | None

    @classmethod
    def parse(cls, queue_url: str | None) -> Self:
        """Read the URL of a queue.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html

        :raises ValueError: it is none, or one that no request may go to.
        """
        if not queue_url:
            raise ValueError("queue_url: is missing; give the URL of the queue that the bucket notifies")
        if queue_url.startswith("arn:"):
            raise ValueError(
                "queue_url: is an ARN; give the queue's URL, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"
            )
        try:
            url = urlsplit(queue_url)
            port = url.port
        except ValueError:
            raise ValueError("queue_url: is not a valid URL; write https://HOST/ACCOUNT/NAME") from None
        host = url.hostname or ""
        if url.scheme not in ("http", "https") or not host or port == 0:
            raise ValueError("queue_url: is no URL of a queue; write https://HOST/ACCOUNT/NAME")
        if url.username is not None or any(mark in queue_url for mark in "?#"):
            raise ValueError("queue_url: must hold no user name, query or fragment; write https://HOST/ACCOUNT/NAME")
        if fault := fault_of_host(host):
            raise ValueError(f"queue_url: {fault}")
        if url.scheme == "http" and not is_loopback(host):
            raise ValueError("queue_url: must start with https://; plain http is for a loopback address only")
        _check_name(url.path.rpartition("/")[2])
        return cls(queue_url, join_endpoint(url, port), _region(host))


def queue_of(source: object, queue_url: str | None) -> str | None:
    """Return the URL of the queue to be received from; None where S3 is to be asked.

    :param source: ``poll`` or ``sqs``.
    :raises ValueError: one of them can't be, or they do not belong together.
    """
    if choice(str(source), "source", SOURCES) == "sqs":
        return QueueAddress.parse(queue_url).url
    if queue_url:
        raise ValueError('queue_url: belongs to source="sqs"; give that too, or leave it out')
    return None


def _check_name(name: str) -> None:
    if name.endswith(".fifo"):
        raise ValueError("queue_url: is a FIFO queue, which S3 does not notify; give a standard queue")
    if not _NAME.fullmatch(name):
        raise ValueError("queue_url: does not end with the name of a queue; write https://HOST/ACCOUNT/NAME")


def _region(host: str) -> str | None:
    if host == _OLDEST:
        return _OLDEST_REGION
    return next((found[1] for pattern in _HOSTS if (found := pattern.fullmatch(host))), None)
