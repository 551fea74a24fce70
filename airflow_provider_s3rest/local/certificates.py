# SPDX-License-Identifier: Apache-2.0
"""Reads the certificates of a request and checks them against a trust anchor.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from airflow_provider_s3rest.local.model import HttpRequest, TrustAnchor, denied, invalid

if TYPE_CHECKING:
    from datetime import datetime

MAX_CHAIN_LENGTH = 5
_MIN_HASH_BYTES = 32
_SOURCE_IDENTITY_CHARACTERS = 64
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def read_leaf(request: HttpRequest) -> x509.Certificate:
    """Return the end-entity certificate: the header ``X-Amz-X509``, base64 of DER.

    :raises Refusal: it is missing, repeated or malformed.
    """
    values = request.header_values("x-amz-x509")
    if len(values) != 1:
        raise denied("Invalid signature", "X-Amz-X509 is missing or repeated")
    return _read_certificate(values[0])


def read_chain(request: HttpRequest) -> list[x509.Certificate]:
    """Return the certificates of the header ``X-Amz-X509-Chain``: at most five, comma-joined base64 of DER.

    :raises Refusal: the header is there but empty, repeated, too long or malformed.
    """
    values = request.header_values("x-amz-x509-chain")
    if not values:
        return []
    if len(values) > 1 or not values[0].strip():
        # An empty chain gets this answer of the service since November 2024.
        raise denied("Invalid signature", "X-Amz-X509-Chain is empty or repeated")
    members = values[0].split(",")
    if len(members) > MAX_CHAIN_LENGTH:
        raise invalid("Invalid certificate chain", f"{len(members)} certificates; {MAX_CHAIN_LENGTH} are allowed")
    return [_read_certificate(member.strip()) for member in members]


def check_leaf(certificate: x509.Certificate) -> None:
    """Check what the service demands of an end-entity certificate by itself.

    :raises Refusal: 403, its ``detail`` says which demand is not met.
    """
    faults = {
        "not X.509 version 3": certificate.version != x509.Version.v3,
        "the subject is empty": not list(certificate.subject),
        "the CA flag is set": _is_authority(certificate),
        "the key usage lacks digitalSignature": not _may_sign(certificate),
        "signed with a hash weaker than SHA-256": not _is_strong(certificate),
        "the key is neither RSA nor EC": not isinstance(
            certificate.public_key(), (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)
        ),
    }
    if found := [fault for fault, present in faults.items() if present]:
        raise denied("Untrusted certificate. Insufficient certificate", "; ".join(found))


def check_path(
    leaf: x509.Certificate, chain: list[x509.Certificate], *, trust_anchor: TrustAnchor, now: datetime
) -> None:
    """Check that a path leads from the certificate to the trust anchor, all of it valid now.

    The chain is a pool, not a sequence: the service documents no order, and clients send several.

    :param now: aware.
    :raises Refusal: 403, its ``detail`` has the verifier's words.
    """
    store = verification.Store(x509.load_pem_x509_certificates(trust_anchor.certificates.encode()))
    verifier = (
        verification.PolicyBuilder()
        .store(store)
        .time(now)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            # The defaults demand a subject alternative name and client-authentication usage; the service does not.
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, chain)
    except verification.VerificationError as error:
        raise denied("Untrusted signing certificate", str(error)) from None


def source_identity_of(certificate: x509.Certificate) -> str:
    """Return what the service sets as the source identity.

    See https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#source-identity.
    """
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if not names:
        serial = f"{certificate.serial_number:x}"
        return f"ID={serial.zfill(len(serial) + len(serial) % 2)}"
    name = str(names[0].value)
    prefixed = f"CN={name}"
    return prefixed if len(prefixed) <= _SOURCE_IDENTITY_CHARACTERS else name[:_SOURCE_IDENTITY_CHARACTERS]


def _read_certificate(value: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(value, validate=True))
        # These are decoded only when they are asked for, and may turn out to be malformed.
        _ = certificate.extensions, certificate.subject, certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise invalid("Invalid certificate", str(error)) from None
    return certificate


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _may_sign(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.KeyUsage)
    return usage is not None and usage.digital_signature


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _is_strong(certificate: x509.Certificate) -> bool:
    algorithm = certificate.signature_hash_algorithm
    return algorithm is not None and algorithm.digest_size >= _MIN_HASH_BYTES
