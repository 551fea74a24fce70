# SPDX-License-Identifier: Apache-2.0
"""The throw-away PKI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.pki import Pki


@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_leaves_carry_no_more_than_the_service_demands(pki: Pki, name: str) -> None:
    """A leaf has neither an extended key usage nor an alternative name, so that no test comes to depend on them."""
    certificate = x509.load_pem_x509_certificate(getattr(pki, name).certificate.encode())
    kinds = {type(extension.value) for extension in certificate.extensions}
    assert kinds == {x509.BasicConstraints, x509.KeyUsage, x509.AuthorityKeyIdentifier}


@pytest.mark.parametrize("name", ["rsa", "ec", "tls_server"])
def test_keys_belong_to_their_certificates(pki: Pki, name: str) -> None:
    """Each private key is the one that its certificate names."""
    leaf = getattr(pki, name)
    key = serialization.load_pem_private_key(leaf.private_key.encode(), None)
    assert key.public_key() == x509.load_pem_x509_certificate(leaf.certificate.encode()).public_key()


def test_no_private_key_in_a_representation(pki: Pki) -> None:
    """A failed assertion over a PKI shows no key."""
    assert "PRIVATE" not in repr(pki)


def test_a_serial_number_can_be_chosen(pki: Pki) -> None:
    """A chosen serial number is the certificate's."""
    assert pki.intermediate.issue_leaf(serial_number=42).serial_number == 42
