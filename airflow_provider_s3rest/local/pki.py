# SPDX-License-Identifier: Apache-2.0
"""A throw-away X.509 PKI: root, intermediate, RSA and EC end-entity certificates, and a TLS server certificate.

Follows https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html: end-entity certificates carry
neither an extended key usage nor a subject alternative name, since the service demands neither.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
HashAlgorithm = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512
KeyKind = Literal["rsa-2048", "rsa-3072", "p-256", "p-384", "p-521"]
Validity = tuple[datetime, datetime]

_CURVES: dict[str, type[ec.EllipticCurve]] = {"p-256": ec.SECP256R1, "p-384": ec.SECP384R1, "p-521": ec.SECP521R1}


def generate_key(kind: KeyKind) -> PrivateKey:
    """Make a new private key of a kind that IAM Roles Anywhere accepts."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa-")))


def validity_of(days: float) -> Validity:
    """Return a validity that began a day ago and ends ``days`` from now (negative: already over)."""
    now = datetime.now(UTC).replace(microsecond=0)
    end = now + timedelta(days=days)
    return min(now, end) - timedelta(days=1), end


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An end-entity certificate and its private key.

    :param certificate: PEM.
    :param private_key: PEM, PKCS#8, not encrypted.
    """

    certificate: str
    private_key: str = field(repr=False)

    @property
    def serial_number(self) -> int:
        """The certificate's serial number."""
        return x509.load_pem_x509_certificate(self.certificate.encode()).serial_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certification authority.

    :param certificate: PEM.
    :param private_key: PEM, PKCS#8, not encrypted.
    """

    certificate: str
    private_key: str = field(repr=False)

    def issue_leaf(
        self,
        *,
        key: PrivateKey | None = None,
        common_name: str | None = "s3rest-local",
        validity: Validity | None = None,
        digital_signature: bool | None = True,
        ca: bool | None = False,
        hash_algorithm: HashAlgorithm | None = None,
        serial_number: int | None = None,
    ) -> Leaf:
        """Issue an end-entity certificate, with faults on request.

        :param key: the private key; default a new EC P-256 one.
        :param common_name: the subject's CN; ``None`` leaves the subject empty.
        :param validity: first and last moment (aware datetimes); default 30 days.
        :param digital_signature: that bit of the key usage; ``None`` leaves the extension out.
        :param ca: basic constraints' CA flag; ``None`` leaves the extension out.
        :param hash_algorithm: of the issuer's signature; default SHA-256.
        :param serial_number: default random.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(key, common_name, validity or validity_of(30), serial_number)
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if digital_signature is not None:
            builder = builder.add_extension(_key_usage(digital_signature=digital_signature), critical=True)
        return Leaf(certificate=self._sign(builder, hash_algorithm), private_key=_key_pem(key))

    def issue_authority(
        self, common_name: str, *, key: PrivateKey | None = None, validity: Validity | None = None
    ) -> Authority:
        """Issue an intermediate authority."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = _as_authority(self._builder(key, common_name, validity or validity_of(365), None), key)
        return Authority(certificate=self._sign(builder), private_key=_key_pem(key))

    def issue_tls_server(self) -> Leaf:
        """Issue a TLS server certificate for ``localhost`` and ``127.0.0.1``."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = (
            self._builder(key, "localhost", validity_of(30), None)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return Leaf(certificate=self._sign(builder), private_key=_key_pem(key))

    def _builder(
        self, key: PrivateKey, common_name: str | None, validity: Validity, serial_number: int | None
    ) -> x509.CertificateBuilder:
        issuer = x509.load_pem_x509_certificate(self.certificate.encode())
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return _base(key, _name(common_name), issuer.subject, validity, serial_number).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )

    def _sign(self, builder: x509.CertificateBuilder, hash_algorithm: HashAlgorithm | None = None) -> str:
        return _pem(builder.sign(_load_key(self.private_key), hash_algorithm or hashes.SHA256()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """Everything that the local stack needs.

    :param root: the trust anchor's authority.
    :param intermediate: issued by the root; issues the end-entity certificates.
    :param rsa: end-entity certificate with an RSA-2048 key.
    :param ec: end-entity certificate with an EC P-256 key.
    :param tls_server: for ``localhost`` and ``127.0.0.1``, issued by the root.
    """

    root: Authority
    intermediate: Authority
    rsa: Leaf
    ec: Leaf
    tls_server: Leaf


def make_root(common_name: str, *, key: PrivateKey | None = None) -> Authority:
    """Make a self-signed root authority; default key EC P-256."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    builder = _as_authority(_base(key, name, name, validity_of(3650), None), key)
    return Authority(certificate=_pem(builder.sign(key, hashes.SHA256())), private_key=_key_pem(key))


def make_pki() -> Pki:
    """Make a complete new PKI."""
    root = make_root("s3rest local root CA")
    intermediate = root.issue_authority("s3rest local intermediate CA")
    return Pki(
        root=root,
        intermediate=intermediate,
        rsa=intermediate.issue_leaf(key=generate_key("rsa-2048"), common_name="s3rest-local-rsa"),
        ec=intermediate.issue_leaf(key=generate_key("p-256"), common_name="s3rest-local-ec"),
        tls_server=root.issue_tls_server(),
    )


def _base(
    key: PrivateKey, subject: x509.Name, issuer: x509.Name, validity: Validity, serial_number: int | None
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial_number or x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
    )


def _as_authority(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(certificates=True), critical=True)
        .add_extension(identifier, critical=False)
    )


def _key_usage(*, digital_signature: bool = False, certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        # An all-zero key usage is not valid (RFC 5280, 4.2.1.3), so a leaf that may not sign may agree on keys.
        key_agreement=not (digital_signature or certificates),
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else [])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _load_key(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise TypeError("An authority's private key must be RSA or EC.")
    return key
