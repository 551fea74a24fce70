# SPDX-License-Identifier: Apache-2.0
"""Tests of the words of Test Connection that no real service can be made to give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_s3rest.hooks.diagnosis import LONGEST_MESSAGE, Diagnosis, Stage, _certificate, _counted

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def certificate(days: float) -> x509.Certificate:
    """Make a certificate that is valid for so long."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string
    return (
        x509.CertificateBuilder()
        .subject_name(name("CN=worker,O=Ours"))
        .issuer_name(name("CN=Our CA"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("days", "left"),
    [
        (30, "30 days left"),
        (29.9, "29 days left: have a new one issued"),
        (1.5, "1 day left: have a new one issued"),
        (0.5, "0 days left: have a new one issued"),
    ],
)
def test_a_certificate_that_ends_soon_is_told_to_be_renewed(days: float, left: str) -> None:
    """With under 30 days left."""
    assert _certificate(certificate(days), NOW) == f"CN=worker,O=Ours issued by CN=Our CA, {left}"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "0 buckets seen"),
        (("a",), "1 bucket seen: a"),
        (tuple("abcde"), "5 buckets seen: a, b, c, d, e"),
        (tuple("abcdef"), "6 buckets seen: a, b, c, d, e, ..."),
    ],
)
def test_the_first_buckets_are_named(names: tuple[str, ...], said: str) -> None:
    """As many as fit a toast."""
    assert _counted(names) == said


def test_a_message_fits_what_airflow_keeps_of_it() -> None:
    """However much a service says."""
    assert len(Diagnosis((Stage("S3", good=False, said="x" * 9999),), 0.1).message) == LONGEST_MESSAGE
