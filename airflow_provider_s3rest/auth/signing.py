# SPDX-License-Identifier: Apache-2.0
"""AWS4-X509 signing of a request: pure functions, the clock is an argument.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html, which is Signature
Version 4 with the derived key replaced by the private key of a certificate.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

SERVICE = "rolesanywhere"


class Signer(Protocol):
    """An end-entity certificate together with its private key."""

    @property
    def algorithm(self) -> str:
        """The name of the signing algorithm, such as ``AWS4-X509-RSA-SHA256``."""

    @property
    def serial_number(self) -> int:
        """The serial number of the certificate."""

    @property
    def certificate(self) -> str:
        """The certificate: base64 of its DER on one line."""

    @property
    def chain(self) -> Sequence[str]:
        """The intermediates, each like the certificate."""

    def sign(self, data: bytes) -> bytes:
        """The signature over the SHA-256 of some data."""


def sign(
    signer: Signer, *, url: str, region: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Sign a POST request.

    :param url: the whole URL; its host is signed.
    :param region: the region of the trust anchor.
    :param headers: headers that shall be signed beside those that the protocol adds.
    :param body: the body as it is sent.
    :param now: the time of the signature, aware.
    :returns: every header to send, ``Authorization`` among them.
    """
    parts = urlsplit(url)
    timestamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    signed = {**headers, "Host": parts.netloc, "X-Amz-Date": timestamp, "X-Amz-X509": signer.certificate}
    if signer.chain:
        # An empty chain header makes the service call the signature invalid.
        signed["X-Amz-X509-Chain"] = ",".join(signer.chain)
    request, names = canonical_request(parts.path, signed, body)
    scope = f"{timestamp[:8]}/{region}/{SERVICE}/aws4_request"
    signature = signer.sign(string_to_sign(signer.algorithm, timestamp, scope, request).encode()).hex()
    credential = f"{signer.serial_number}/{scope}"
    signed["Authorization"] = (
        f"{signer.algorithm} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return signed


def canonical_request(path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Task 1 of the signing process, for a POST without a query.

    :returns: the canonical request, and the names of the signed headers joined by semicolons.
    """
    values = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    names = sorted(values)
    signed = ";".join(names)
    lines = ["POST", quote(path), "", *(f"{name}:{values[name]}" for name in names), "", signed]
    return "\n".join([*lines, hashlib.sha256(body).hexdigest()]), signed


def string_to_sign(algorithm: str, timestamp: str, scope: str, request: str) -> str:
    """Task 2 of the signing process."""
    return "\n".join([algorithm, timestamp, scope, hashlib.sha256(request.encode()).hexdigest()])
