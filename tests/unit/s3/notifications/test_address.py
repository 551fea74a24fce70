# SPDX-License-Identifier: Apache-2.0
"""Tests of which endpoint and region the URL of a queue stands for."""

from __future__ import annotations

import pytest

from airflow_provider_s3rest.s3.notifications.address import QueueAddress, queue_of


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("https://sqs.us-east-1.amazonaws.com", "us-east-1"),
        ("https://sqs-fips.us-west-2.amazonaws.com", "us-west-2"),
        ("https://sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("https://sqs.eu-central-1.api.aws", "eu-central-1"),
        ("https://vpce-0a1b-2c3d.sqs.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
        ("https://vpce-0a1b-2c3d-us-east-1a.sqs.us-east-1.vpce.amazonaws.com", "us-east-1"),
        ("https://eu-west-1.queue.amazonaws.com", "eu-west-1"),
        ("https://queue.amazonaws.com", "us-east-1"),
        ("https://sqs.example.com:8443", None),
        ("http://127.0.0.1:4566", None),
        ("http://localhost:9324", None),
        ("http://[::1]:9324", None),
    ],
)
def test_endpoint_and_region_stand_in_the_host(host: str, region: str | None) -> None:
    """Those of AWS name their region, in each of their forms; others need not."""
    url = f"{host}/123456789012/a-queue"
    assert QueueAddress.parse(url) == QueueAddress(url, host, region)


def test_the_default_port_is_left_out() -> None:
    """Clients leave it out of the Host header, which is signed."""
    assert QueueAddress.parse("https://sqs.example.com:443/1/q").endpoint_url == "https://sqs.example.com"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "is missing"),
        ("", "is missing"),
        ("arn:aws:sqs:us-east-1:123456789012:q", "is an ARN; give the queue's URL"),
        ("a-queue", "is no URL of a queue"),
        ("sqs://host/q", "is no URL of a queue"),
        ("https:///q", "is no URL of a queue"),
        ("https://host:0/1/q", "is no URL of a queue"),
        ("https://host:99999/1/q", "is not a valid URL"),
        ("https://[::1/1/q", "is not a valid URL"),
        ("https://user:secret@host/1/q", "must hold no user name"),
        ("https://host/1/q?a=b", "must hold no user name, query or fragment"),
        ("https://host/1/q#", "must hold no user name, query or fragment"),
        ("https://ho st/1/q", "a character that no host name has"),
        ("https://169.254.169.254/1/q", "link-local address"),
        ("http://169.254.169.254/1/q", "link-local address"),
        ("http://sqs.us-east-1.amazonaws.com/1/q", "must start with https://"),
        ("http://10.0.0.1/1/q", "must start with https://"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo", "is a FIFO queue"),
        ("https://sqs.us-east-1.amazonaws.com", "does not end with the name of a queue"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/", "does not end with the name of a queue"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/a.b", "does not end with the name of a queue"),
    ],
)
def test_what_can_not_be_asked_is_refused(url: str | None, reason: str) -> None:
    """The argument is named, and a secret in it is not told."""
    with pytest.raises(ValueError, match=f"^queue_url: .*{reason}") as caught:
        QueueAddress.parse(url)
    assert "secret" not in str(caught.value)


def test_a_queue_belongs_to_one_source() -> None:
    """S3 is asked without one."""
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
    assert queue_of("sqs", url) == url
    assert queue_of("poll", None) is None
    assert queue_of("poll", "") is None


@pytest.mark.parametrize(
    ("source", "url", "reason"),
    [
        ("sns", None, "source: 'sns' is none of poll, sqs"),
        (None, None, "source: 'None' is none of"),
        ("sqs", None, "queue_url: is missing"),
        ("poll", "https://sqs.us-east-1.amazonaws.com/1/q", 'queue_url: belongs to source="sqs"'),
    ],
)
def test_what_does_not_belong_together_is_refused(source: str | None, url: str | None, reason: str) -> None:
    """The argument is named."""
    with pytest.raises(ValueError, match=reason):
        queue_of(source, url)
