# SPDX-License-Identifier: Apache-2.0
"""Loads the certificate and the private key of a connection, and checks all that can be checked without a call.

The rules are those of https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from airflow_provider_s3rest.connection import pem
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from airflow_provider_s3rest.connection import RolesAnywhere

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

SHORTEST_RSA_KEY = 2048
LONGEST_CHAIN = 5
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_WEAK_HASHES = (hashes.MD5, hashes.SHA1, hashes.SHA224)
_UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate that signs requests; see :class:`airflow_provider_s3rest.auth.signing.Signer`.

    :param leaf: the end-entity certificate.
    :param chain: the intermediates, each as base64 of its DER.
    :param key: the leaf's private key. Secret.
    """

    leaf: x509.Certificate
    chain: tuple[str, ...]
    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """Follows the key; what the CA hashed the certificate with plays no part."""
        return "AWS4-X509-RSA-SHA256" if isinstance(self.key, rsa.RSAPrivateKey) else "AWS4-X509-ECDSA-SHA256"

    @property
    def serial_number(self) -> int:
        """The serial number of the certificate."""
        return self.leaf.serial_number

    @property
    def certificate(self) -> str:
        """The certificate: base64 of its DER on one line."""
        return base64.b64encode(self.leaf.public_bytes(serialization.Encoding.DER)).decode()

    def sign(self, data: bytes) -> bytes:
        """The signature over the SHA-256 of some data: PKCS #1 v1.5 for RSA, ASN.1 DER for ECDSA."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


def load_identity(settings: RolesAnywhere, *, conn_id: str, now: datetime, key_is_checked: bool = False) -> Identity:
    """The identity of a connection, fit to be sent.

    :param now: the time at which the certificates must be valid, aware.
    :param key_is_checked: whether this very key has made a session before: the check that the numbers of an RSA key
        belong together takes longer than all the rest.
    :raises S3RestConnectionError: with everything that is wrong with the certificate, its chain and its key.
    """
    faults: list[Fault] = []
    own = pem.certificates(settings.certificate)
    leaf = _load_certificate("certificate", own[0], faults)
    chain = _load_chain(settings, own, faults, now)
    key = _load_key(settings, faults, is_checked=key_is_checked)
    if leaf:
        faults += _leaf_faults(leaf, chain.values(), key, now)
    if faults or leaf is None or key is None:
        raise S3RestConnectionError(conn_id, faults)
    return Identity(leaf=leaf, chain=tuple(base64.b64encode(der).decode() for der in chain), key=key)


def _load_chain(
    settings: RolesAnywhere, own: list[pem.PemBlock], faults: list[Fault], now: datetime
) -> dict[bytes, x509.Certificate]:
    others = [("certificate", block) for block in own[1:]]
    if settings.certificate_chain:
        others += [("certificate_chain", block) for block in pem.certificates(settings.certificate_chain)]
    chain: dict[bytes, x509.Certificate] = {}
    for name, block in others:
        # Exports of a key store often repeat the leaf among its own intermediates.
        if block.der == own[0].der or block.der in chain:
            continue
        certificate = _load_certificate(name, block, faults)
        if certificate:
            chain[block.der] = certificate
            faults += _validity_faults(name, "an intermediate certificate", certificate, now)
    if len(chain) > LONGEST_CHAIN:
        name = "certificate_chain" if settings.certificate_chain else "certificate"
        problem = f"brings the intermediates to {len(chain)}: keep those that lead to the CA, at most {LONGEST_CHAIN}"
        faults.append(Fault(name, problem))
    return chain


def _load_certificate(name: str, block: pem.PemBlock, faults: list[Fault]) -> x509.Certificate | None:
    try:
        certificate = x509.load_der_x509_certificate(block.der)
        _ = certificate.extensions, certificate.subject  # parsed lazily: damage shows only now
    except _UNREADABLE:
        faults.append(Fault(name, "is damaged: its PEM holds no well-formed X.509 certificate; copy it again"))
        return None
    return certificate


def _load_key(settings: RolesAnywhere, faults: list[Fault], *, is_checked: bool) -> PrivateKey | None:
    passphrase = settings.private_key_passphrase
    # Whatever the library says of a key is not repeated, nor kept as a cause: only which field to mend.
    key: object = None
    try:
        key = serialization.load_pem_private_key(
            settings.private_key.encode(),
            passphrase.encode() if passphrase else None,
            unsafe_skip_rsa_key_validation=is_checked,
        )
    except UnsupportedAlgorithm:
        faults.append(
            Fault("private_key", "is of a kind that can't be read: write it anew with `openssl pkcs8 -topk8`")
        )
        return None
    except (ValueError, TypeError):
        if passphrase:
            faults.append(Fault("private_key_passphrase", "does not open the private key, or the key is damaged"))
        else:
            faults.append(Fault("private_key", "is damaged: its PEM holds no private key; copy it again"))
        return None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size >= SHORTEST_RSA_KEY:
            return key
        faults.append(
            Fault("private_key", f"is an RSA key of {key.key_size} bits: the service takes {SHORTEST_RSA_KEY} or more")
        )
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        if isinstance(key.curve, _CURVES):
            return key
        faults.append(Fault("private_key", f"is on the curve {key.curve.name}: use P-256, P-384 or P-521"))
    else:
        kind = type(key).__name__.strip("_").removesuffix("PrivateKey")
        faults.append(Fault("private_key", f"is of the type {kind}: Roles Anywhere takes RSA and EC keys"))
    return None


def _leaf_faults(
    leaf: x509.Certificate, chain: Iterable[x509.Certificate], key: PrivateKey | None, now: datetime
) -> Iterator[Fault]:
    if key and _public_bytes(leaf) != _public_bytes(key):
        if any(_public_bytes(other) == _public_bytes(key) for other in chain):
            # Whatever else is unfit of a CA's certificate is no fault of the leaf.
            yield Fault("certificate", "does not come first: the private key belongs to a later one of the chain")
            return
        yield Fault(
            "private_key", "does not belong to the certificate: paste the key that the certificate was made for"
        )
    yield from _validity_faults("certificate", "the certificate", leaf, now)
    yield from _usage_faults(leaf)


def _validity_faults(name: str, what: str, certificate: x509.Certificate, now: datetime) -> Iterator[Fault]:
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < starts:
        here = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC here: wait, or set this machine's clock"
        yield Fault(name, f"{what} is valid only from {starts:%Y-%m-%d %H:%M} UTC, and it is {here}")
    if now > ends:
        yield Fault(name, f"{what} expired on {ends:%Y-%m-%d %H:%M} UTC: have a new one issued")


def _usage_faults(leaf: x509.Certificate) -> Iterator[Fault]:
    usage = _extension(leaf, x509.KeyUsage)
    constraints = _extension(leaf, x509.BasicConstraints)
    if leaf.version is not x509.Version.v3:
        yield Fault("certificate", "is not an X.509 certificate of version 3: have one issued with extensions")
    elif constraints and constraints.ca:
        yield Fault("certificate", "begins with the certificate of a CA: put the end-entity certificate first")
    elif usage is None or not usage.digital_signature:
        yield Fault("certificate", "lacks the key usage digitalSignature: have one issued with it")
    if not leaf.subject:
        yield Fault("certificate", "has no subject: have one issued with a common name")
    # A signature that this library does not know raises, and is the service's to judge.
    with suppress(UnsupportedAlgorithm):
        if isinstance(leaf.signature_hash_algorithm, _WEAK_HASHES):
            yield Fault("certificate", "is signed with a hash weaker than SHA-256: have a new one issued")


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _public_bytes(holder: x509.Certificate | PrivateKey) -> bytes | None:
    try:
        public = holder.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
