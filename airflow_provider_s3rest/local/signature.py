# SPDX-License-Identifier: Apache-2.0
"""Verifies the AWS4-X509 signature of a request, rebuilding everything from the request as it arrived.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from airflow_provider_s3rest.local.model import HttpRequest, Refusal, denied

if TYPE_CHECKING:
    from cryptography import x509

MAX_SKEW_SECONDS = 300
"""The service's own limit is undocumented; this is Signature Version 4's."""

_AUTHORIZATION = re.compile(
    r"(?P<algorithm>[A-Z0-9-]+) +Credential=(?P<serial>[0-9]+)/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/(?P<terminator>[a-z0-9_]+), *SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r", *Signature=(?P<signature>[0-9a-f]+)"
)
_REQUIRED_HEADERS = frozenset({"content-type", "host", "x-amz-date", "x-amz-x509"})
_CHAIN_HEADER = "x-amz-x509-chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The parts of the ``Authorization`` header.

    :param serial_number: of the certificate, decimal digits.
    :param scope: ``YYYYMMDD/region/service/terminator``.
    :param signature: lower-case hexadecimal.
    """

    algorithm: str
    serial_number: str
    scope: str
    signed_headers: tuple[str, ...]
    signature: str


def verify_signature(request: HttpRequest, certificate: x509.Certificate, *, region: str, now: datetime) -> None:
    """Check that the holder of the certificate's private key signed this very request, here and now.

    :param region: the endpoint's.
    :param now: aware.
    :raises Refusal: 403 with the service's one message for all of these faults; its ``detail`` says which.
    """
    authorization = parse_authorization(request)
    if authorization.algorithm != _algorithm_of(certificate):
        raise _refusal(f"the algorithm {authorization.algorithm} does not fit the certificate's key")
    if authorization.serial_number != str(certificate.serial_number):
        raise _refusal("the credential's serial number is not the certificate's")
    timestamp = _checked_timestamp(request, now)
    expected_scope = f"{timestamp[:8]}/{region}/rolesanywhere/aws4_request"
    if authorization.scope != expected_scope:
        raise _refusal(f"the credential scope is {authorization.scope}, not {expected_scope}")
    _check_signed_headers(request, authorization.signed_headers)
    digest = hashlib.sha256(canonical_request(request, authorization.signed_headers).encode()).hexdigest()
    _check_signature(
        certificate,
        authorization.signature,
        f"{authorization.algorithm}\n{timestamp}\n{authorization.scope}\n{digest}",
    )


def parse_authorization(request: HttpRequest) -> Authorization:
    """Parse the ``Authorization`` header.

    :raises Refusal: there is none, there are several, or it is malformed.
    """
    values = request.header_values("authorization")
    if not values:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise _refusal("the Authorization header is malformed")
    return Authorization(
        algorithm=match["algorithm"],
        serial_number=match["serial"],
        scope="/".join(match.group("date", "region", "service", "terminator")),
        signed_headers=tuple(match["headers"].split(";")),
        signature=match["signature"],
    )


def canonical_request(request: HttpRequest, signed_headers: tuple[str, ...]) -> str:
    """Rebuild the canonical request from the request as it arrived."""
    headers = [f"{name}:{_canonical_value(request.header_values(name))}\n" for name in signed_headers]
    return "\n".join(
        (
            request.method,
            request.path,
            _canonical_query(request.query),
            "".join(headers),
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_value(values: list[str]) -> str:
    return ",".join(re.sub(" +", " ", value.strip()) for value in values)


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = ((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _algorithm_of(certificate: x509.Certificate) -> str:
    # The name follows the key of this certificate; the hash and the key that its issuer signed with are of no account.
    kind = "RSA" if isinstance(certificate.public_key(), rsa.RSAPublicKey) else "ECDSA"
    return f"AWS4-X509-{kind}-SHA256"


def _checked_timestamp(request: HttpRequest, now: datetime) -> str:
    values = request.header_values("x-amz-date")
    if len(values) != 1 or not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", values[0]):
        raise _refusal("X-Amz-Date is missing or malformed")
    try:
        moment = datetime.strptime(values[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _refusal("X-Amz-Date is no date") from None
    skew = (moment - now).total_seconds()
    if abs(skew) > MAX_SKEW_SECONDS:
        raise _refusal(f"X-Amz-Date is {skew:+.0f} s away from the endpoint's clock")
    return values[0]


def _check_signed_headers(request: HttpRequest, signed_headers: tuple[str, ...]) -> None:
    if list(signed_headers) != sorted(set(signed_headers)):
        raise _refusal("SignedHeaders is not sorted or has repeated names")
    required = _REQUIRED_HEADERS | ({_CHAIN_HEADER} if request.header_values(_CHAIN_HEADER) else set())
    if unsigned := required.difference(signed_headers):
        raise _refusal(f"not signed: {', '.join(sorted(unsigned))}")
    if missing := [name for name in signed_headers if not request.header_values(name)]:
        raise _refusal(f"signed but not sent: {', '.join(missing)}")


def _check_signature(certificate: x509.Certificate, signature: str, string_to_sign: str) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(bytes.fromhex(signature), string_to_sign.encode(), padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(bytes.fromhex(signature), string_to_sign.encode(), ec.ECDSA(hashes.SHA256()))
        else:
            raise _refusal("the certificate's key is neither RSA nor EC")
    except (InvalidSignature, ValueError):
        raise _refusal("the signature does not verify with the certificate's key") from None


def _refusal(detail: str) -> Refusal:
    return denied("Invalid signature", detail)
