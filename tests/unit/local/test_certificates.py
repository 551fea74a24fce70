# SPDX-License-Identifier: Apache-2.0
"""Certificates of a request: the leaf's own qualities, the chain, the path to the trust anchor."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtensionOID

from airflow_provider_s3rest.local.certificates import check_leaf, source_identity_of
from airflow_provider_s3rest.local.model import Refusal, TrustAnchor
from airflow_provider_s3rest.local.pki import generate_key, make_root, validity_of

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.model import HttpRequest
    from tests.unit.local.conftest import Service

VERSION_1 = """\
-----BEGIN CERTIFICATE-----
MIIBFTCBvQIUT4obkNhN3dhaVLDaqeYe1gN+nXMwCgYIKoZIzj0EAwIwDTELMAkG
A1UEAwwCdjEwIBcNMjYxMTI0MDAxOTAzWhgPMjEyNjEwMzEwMDE5MDNaMA0xCzAJ
BgNVBAMMAnYxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIo4/0mzx1u4TxWpd
Ii2FWzRYVKaX9V5jvkELhs6ycZqvjLbs0a/AhHT3q0a7THwXQ84jvPAPnN9LTTxV
2vH/+zAKBggqhkjOPQQDAgNHADBEAiAlzSSI/4NXDh4mc9L5uMu7oQNBMLMcK6x9
9lp6igFX1gIgPzGaJFiV301r0ArereEABJ6sj2t8uP4mlt6Iopp+GTM=
-----END CERTIFICATE-----
"""
"""Made once with openssl; pyca/cryptography makes version 3 only."""


def _refusal(service: Service, request: HttpRequest) -> Refusal:
    with pytest.raises(Refusal) as caught:
        service.verify(request)
    return caught.value


@pytest.mark.parametrize(
    ("faults", "detail"),
    [
        ({"digital_signature": False}, "the key usage lacks digitalSignature"),
        ({"digital_signature": None}, "the key usage lacks digitalSignature"),
        ({"ca": True}, "the CA flag is set"),
        ({"common_name": None}, "the subject is empty"),
        ({"hash_algorithm": hashes.SHA224()}, "signed with a hash weaker than SHA-256"),
    ],
)
def test_a_leaf_that_the_service_cannot_use(service: Service, faults: dict[str, object], detail: str) -> None:
    """A leaf without a demanded quality is an insufficient certificate."""
    leaf = service.pki.intermediate.issue_leaf(**faults)  # type: ignore[arg-type]
    refusal = _refusal(service, service.sign(leaf=leaf))
    assert (refusal.status, refusal.code) == (403, "AccessDeniedException")
    assert refusal.message == "Untrusted certificate. Insufficient certificate"
    assert refusal.detail == detail


def test_a_version_1_certificate() -> None:
    """X.509 version 1 is not enough."""
    with pytest.raises(Refusal) as caught:
        check_leaf(x509.load_pem_x509_certificate(VERSION_1.encode()))
    assert "not X.509 version 3" in caught.value.detail


@pytest.mark.parametrize("algorithm", [hashes.SHA384(), hashes.SHA512()])
def test_a_stronger_hash(service: Service, algorithm: hashes.SHA384) -> None:
    """The authority may sign with a stronger hash than the request is signed with."""
    leaf = service.pki.intermediate.issue_leaf(hash_algorithm=algorithm)
    assert service.verify(service.sign(leaf=leaf))


def test_no_basic_constraints(service: Service) -> None:
    """A leaf need not say that it is no authority."""
    assert service.verify(service.sign(leaf=service.pki.intermediate.issue_leaf(ca=None)))


def test_a_leaf_of_the_root(service: Service) -> None:
    """The trust anchor may issue a leaf itself, and then no chain is sent."""
    assert service.verify(service.sign(leaf=service.pki.root.issue_leaf(), chain=""))


@pytest.mark.parametrize("validity", [validity_of(-1), (validity_of(2)[1], validity_of(3)[1])])
def test_a_leaf_out_of_its_dates(service: Service, validity: tuple[object, object]) -> None:
    """An expired leaf, or one that is not yet valid, has no valid path."""
    leaf = service.pki.intermediate.issue_leaf(validity=validity)  # type: ignore[arg-type]
    assert _refusal(service, service.sign(leaf=leaf)).message == "Untrusted signing certificate"


def test_an_expired_intermediate(service: Service) -> None:
    """Every certificate of the path must be valid now."""
    old = service.pki.root.issue_authority("old", validity=validity_of(-1))
    request = service.sign(leaf=old.issue_leaf(), chain=old.certificate)
    assert _refusal(service, request).message == "Untrusted signing certificate"


def test_a_missing_intermediate(service: Service) -> None:
    """Without the intermediate there is no path."""
    refusal = _refusal(service, service.sign(chain=""))
    assert (refusal.status, refusal.code) == (403, "AccessDeniedException")
    assert refusal.message == "Untrusted signing certificate"


def test_a_foreign_root(service: Service) -> None:
    """A certificate of somebody else's authority is not trusted, though its root is in the chain."""
    foreign = make_root("foreign")
    request = service.sign(leaf=foreign.issue_leaf(), chain=foreign.certificate)
    assert _refusal(service, request).message == "Untrusted signing certificate"


def test_a_namesake_of_the_intermediate(service: Service) -> None:
    """It is the signature that makes the path, not the issuer's name."""
    double = make_root("s3rest local root CA").issue_authority("s3rest local intermediate CA")
    assert _refusal(service, service.sign(leaf=double.issue_leaf())).message == "Untrusted signing certificate"


def test_an_issuer_that_is_no_authority(service: Service) -> None:
    """A leaf cannot issue certificates."""
    key = generate_key("p-256")
    impostor = service.pki.intermediate.issue_leaf(key=key, common_name="impostor")
    authority = service.pki.intermediate.issue_authority("impostor", key=key)
    request = service.sign(
        leaf=authority.issue_leaf(), chain=impostor.certificate + service.pki.intermediate.certificate
    )
    assert _refusal(service, request).message == "Untrusted signing certificate"


def test_the_chain_is_a_pool(service: Service) -> None:
    """The chain's order is of no account, nor are more certificates than the path needs."""
    lower = service.pki.intermediate.issue_authority("lower")
    certificates = [service.pki.root, make_root("unrelated"), service.pki.intermediate, lower]
    chain = "".join(each.certificate for each in certificates)
    assert service.verify(service.sign(leaf=lower.issue_leaf(), chain=chain))


def test_more_than_five_in_the_chain(service: Service) -> None:
    """The chain is limited to five certificates."""
    refusal = _refusal(service, service.sign(chain=service.pki.intermediate.certificate * 6))
    assert (refusal.status, refusal.code) == (400, "ValidationException")


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_chain(service: Service, value: str) -> None:
    """An empty chain header is an invalid signature."""
    request = service.sign(chain="")
    request = replace(request, headers=(*request.headers, ("X-Amz-X509-Chain", value)))
    assert _refusal(service, request).message == "Invalid signature"


@pytest.mark.parametrize("value", ["%", "AAAA", "", "-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate(service: Service, value: str) -> None:
    """The header must be base64 of DER."""
    request = service.sign()
    headers = tuple((name, value if name == "X-Amz-X509" else text) for name, text in request.headers)
    assert _refusal(service, replace(request, headers=headers)).code == "ValidationException"


def test_a_certificate_with_a_malformed_extension(service: Service) -> None:
    """A certificate that decodes only in part is refused like any other rubbish."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "malformed")])
    rubbish = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"rubbish")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, *validity_of(1))
        .add_extension(rubbish, critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    request = service.sign()
    headers = tuple((name, encoded if name == "X-Amz-X509" else text) for name, text in request.headers)
    assert _refusal(service, replace(request, headers=headers)).message == "Invalid certificate"


def test_an_ed25519_certificate(service: Service) -> None:
    """A key that is neither RSA nor EC has no algorithm to sign with."""
    leaf = service.pki.intermediate.issue_leaf(key=ed25519.Ed25519PrivateKey.generate())  # type: ignore[arg-type]
    request = service.sign(leaf=replace(leaf, private_key=service.pki.ec.private_key))
    assert _refusal(service, request).detail == "the certificate's key is neither RSA nor EC"


def test_a_revoked_certificate(service: Service) -> None:
    """A certificate on the revocation list is refused."""
    with pytest.raises(Refusal, match=r"^Certificate revoked$"):
        service.verify(service.sign(), revoked_serials=frozenset({service.pki.ec.serial_number}))


def test_an_intermediate_as_trust_anchor(service: Service) -> None:
    """A trust anchor need not be a root."""
    arn = str(service.members["trustAnchorArn"])
    anchor = TrustAnchor(arn=arn, certificates=service.pki.intermediate.certificate)
    assert service.verify(service.sign(chain=""), trust_anchors=(anchor,))


@pytest.mark.parametrize(
    ("name", "identity"),
    [("n" * 61, "CN=" + "n" * 61), ("n" * 62, "n" * 62), ("n" * 64, "n" * 64), (None, "ID=0abc")],
)
def test_the_source_identity(service: Service, name: str | None, identity: str) -> None:
    """It is the common name, prefixed while that fits, or else the serial number in whole bytes."""
    leaf = service.pki.intermediate.issue_leaf(common_name=name, serial_number=0xABC)
    assert source_identity_of(x509.load_pem_x509_certificate(leaf.certificate.encode())) == identity


def test_a_path_that_ends_too_soon(service: Service) -> None:
    """What was valid yesterday is judged by the clock of today."""
    leaf = service.pki.intermediate.issue_leaf(
        validity=(service.now - timedelta(days=1), service.now + timedelta(seconds=60))
    )
    request = service.sign(leaf=leaf)
    service.now += timedelta(seconds=120)
    assert _refusal(service, request).message == "Untrusted signing certificate"
