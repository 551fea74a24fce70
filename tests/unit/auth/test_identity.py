# SPDX-License-Identifier: Apache-2.0
"""The certificate and key of a connection: every form that works, and a clear word for every one that can't."""

from __future__ import annotations

import base64
import itertools
import pickle
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import hypothesis
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import strategies as st

from airflow_provider_s3rest.auth.identity import Identity, load_identity
from airflow_provider_s3rest.connection import pem
from airflow_provider_s3rest.exceptions import S3RestConnectionError
from airflow_provider_s3rest.local.pki import Leaf, make_root, validity_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from airflow_provider_s3rest.connection import RolesAnywhere
    from airflow_provider_s3rest.local.pki import Authority, KeyKind, PrivateKey
    from tests.unit.auth.conftest import Authorities

    SettingsOf = Callable[..., RolesAnywhere]
    KeyOf = Callable[[KeyKind], PrivateKey]

NOW = datetime.now(UTC)
PASSPHRASE = "open, sesame: äöü"
# How DER names the algorithm of an RSA signature by SHA-256, and by others.
SHA_256_RSA = bytes.fromhex("2a864886f70d01010b")
OTHER_RSA = {"MD5": "2a864886f70d010104", "SHA-1": "2a864886f70d010105", "unknown": "2a864886f70d01017f"}
KEY_USAGE = bytes.fromhex("0603551d0f0101ff04040302")
VERSION_3 = bytes.fromhex("a003020102")


def key_text(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: str = "") -> str:
    """Write a private key as PEM."""
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


def certificate_text(der: bytes) -> str:
    """Write a certificate as PEM."""
    return str(pem.PemBlock("CERTIFICATE", der))


def der_of(text: str) -> bytes:
    """Give the DER of the first certificate of a text."""
    return pem.certificates(text)[0].der


def load(settings: RolesAnywhere, now: datetime = NOW) -> Identity:
    """Load an identity."""
    return load_identity(settings, conn_id="mine", now=now)


def faults_of(settings: RolesAnywhere, now: datetime = NOW) -> list[tuple[str, str]]:
    """Give the faults of an identity; whatever they are, nothing of the connection or of a library may be in them."""
    with pytest.raises(S3RestConnectionError) as raised:
        load(settings, now)
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own
    told = "".join([str(error), repr(error), pickle.dumps(error, 0).decode("latin-1")])
    texts = (settings.certificate, settings.certificate_chain, settings.private_key)
    secrets = [line for text in texts for line in text.splitlines() if "-----" not in line and line]
    assert not [secret for secret in [*secrets, settings.private_key_passphrase] if secret and secret in told]
    return [(fault.field, fault.problem) for fault in error.faults]


def the_fault_of(settings: RolesAnywhere, now: datetime = NOW) -> tuple[str, str]:
    """Give the only fault of an identity."""
    (fault,) = faults_of(settings, now)
    return fault


def assert_signs(identity: Identity) -> None:
    """Check that the certificate that goes out verifies what the key signs."""
    public = x509.load_der_x509_certificate(base64.b64decode(identity.certificate)).public_key()
    signature = identity.sign(b"data")
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, b"data", padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, b"data", ec.ECDSA(hashes.SHA256()))


@pytest.fixture(scope="session")
def leaf(authorities: Authorities) -> Leaf:
    """An EC certificate from the intermediate."""
    return authorities.intermediate.issue_leaf()


@pytest.fixture(scope="session")
def rsa_root(key_of: KeyOf) -> Authority:
    """An authority that signs with RSA."""
    return make_root("RSA root", key=key_of("rsa-2048"))


# What works


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "p-256", "p-384", "p-521"])
def test_kinds_of_keys(kind: KeyKind, authorities: Authorities, key_of: KeyOf, settings_of: SettingsOf) -> None:
    """Every kind of key signs what its certificate verifies."""
    leaf = authorities.root.issue_leaf(key=key_of(kind))
    assert_signs(load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key)))


@pytest.mark.parametrize(("kind", "algorithm"), [("rsa-2048", "RSA"), ("p-384", "ECDSA")])
@pytest.mark.parametrize("hash_algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda it: it.name)
def test_the_algorithm_follows_the_key(
    kind: KeyKind,
    algorithm: str,
    hash_algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512,
    rsa_root: Authority,
    key_of: KeyOf,
    settings_of: SettingsOf,
) -> None:
    """Neither the hash nor the key of the authority has a say in the name of the algorithm."""
    leaf = rsa_root.issue_leaf(key=key_of(kind), hash_algorithm=hash_algorithm)
    identity = load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key))
    assert identity.algorithm == f"AWS4-X509-{algorithm}-SHA256"


def test_a_key_that_was_checked_before_is_not_checked_again(
    rsa_root: Authority, key_of: KeyOf, settings_of: SettingsOf
) -> None:
    """Only then may the numbers of an RSA key not belong together."""
    key = key_of("rsa-2048")
    leaf = rsa_root.issue_leaf(key=key)
    numbers = key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        p=numbers.p,
        q=numbers.q,
        d=numbers.d,
        dmp1=numbers.dmp1,
        dmq1=numbers.dmq1,
        iqmp=numbers.iqmp - 2,
        public_numbers=numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)
    settings = settings_of(certificate=leaf.certificate, private_key=key_text(wrong))
    assert faults_of(settings) == [("private_key", "is damaged: its PEM holds no private key; copy it again")]
    assert load_identity(settings, conn_id="mine", now=NOW, key_is_checked=True).algorithm == "AWS4-X509-RSA-SHA256"


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256", "p-521"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "traditional"])
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE], ids=["clear", "encrypted"])
def test_forms_of_keys(
    kind: KeyKind,
    form: PrivateFormat,
    passphrase: str,
    authorities: Authorities,
    key_of: KeyOf,
    settings_of: SettingsOf,
) -> None:
    """PKCS#8, PKCS#1 and SEC1 load, in clear and encrypted."""
    certificate = authorities.root.issue_leaf(key=key_of(kind)).certificate
    key = key_text(key_of(kind), form, passphrase)
    loaded = load(settings_of(certificate=certificate, private_key=key, private_key_passphrase=passphrase))
    assert loaded.key.private_numbers() == key_of(kind).private_numbers()


def test_the_serial_number(authorities: Authorities, settings_of: SettingsOf) -> None:
    """It is the certificate's."""
    leaf = authorities.root.issue_leaf(serial_number=2**140 + 1)
    assert load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key)).serial_number == 2**140 + 1


@pytest.mark.parametrize("names", [(), *itertools.permutations(["leaf", "intermediate", "root"], 2)], ids=str)
def test_chains(names: tuple[str, ...], leaf: Leaf, authorities: Authorities, settings_of: SettingsOf) -> None:
    """Intermediates go out in the order in which they stand, and the leaf never among them."""
    pems = {
        "leaf": leaf.certificate,
        "intermediate": authorities.intermediate.certificate,
        "root": authorities.root.certificate,
    }
    chain = "".join(pems[name] for name in names)
    identity = load(settings_of(certificate=leaf.certificate, certificate_chain=chain, private_key=leaf.private_key))
    sent = tuple(base64.b64encode(der_of(pems[name])).decode() for name in names if name != "leaf")
    assert identity.chain == sent


def test_a_chain_in_both_fields(leaf: Leaf, authorities: Authorities, settings_of: SettingsOf) -> None:
    """What stands behind the leaf and again in certificate_chain goes out once."""
    bundle = leaf.certificate + authorities.intermediate.certificate
    identity = load(settings_of(certificate=bundle, certificate_chain=bundle, private_key=leaf.private_key))
    assert len(identity.chain) == 1


def test_five_intermediates(authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """The service's limit may be reached."""
    chain = "".join(authorities.root.issue_authority(f"{number}").certificate for number in range(5))
    identity = load(settings_of(certificate=leaf.certificate, certificate_chain=chain, private_key=leaf.private_key))
    assert len(identity.chain) == 5


def test_no_basic_constraints(authorities: Authorities, settings_of: SettingsOf) -> None:
    """A certificate that does not say whether it is a CA's is none."""
    leaf = authorities.root.issue_leaf(ca=None)
    assert_signs(load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key)))


def test_a_signature_of_an_unknown_kind(rsa_root: Authority, settings_of: SettingsOf) -> None:
    """How the authority signed is the service's to judge, where this library does not know it."""
    leaf = rsa_root.issue_leaf()
    der = der_of(leaf.certificate).replace(SHA_256_RSA, bytes.fromhex(OTHER_RSA["unknown"]))
    assert_signs(load(settings_of(certificate=certificate_text(der), private_key=leaf.private_key)))


def test_the_key_is_not_shown(leaf: Leaf, settings_of: SettingsOf) -> None:
    """An identity prints without its key."""
    identity = load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key))
    assert "key" not in repr(identity).lower()


@pytest.mark.parametrize("moment", [0, 1])
def test_the_ends_of_validity(moment: int, authorities: Authorities, settings_of: SettingsOf) -> None:
    """A certificate is valid from its first second to its last."""
    validity = validity_of(1)
    leaf = authorities.root.issue_leaf(validity=validity)
    assert_signs(load(settings_of(certificate=leaf.certificate, private_key=leaf.private_key), validity[moment]))


# What is refused


def test_the_key_of_another_certificate(authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """A key that does not belong to the certificate is told by both."""
    other = authorities.root.issue_leaf()
    field, problem = the_fault_of(settings_of(certificate=leaf.certificate, private_key=other.private_key))
    assert (field, problem[:37]) == ("private_key", "does not belong to the certificate: p")


def test_a_key_of_another_kind(leaf: Leaf, key_of: KeyOf, settings_of: SettingsOf) -> None:
    """An RSA key does not belong to an EC certificate."""
    settings = settings_of(certificate=leaf.certificate, private_key=key_text(key_of("rsa-2048")))
    assert the_fault_of(settings)[1].startswith("does not belong to the certificate")


@pytest.mark.parametrize("field", ["certificate", "certificate_chain"])
def test_the_leaf_is_not_first(field: str, authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """A leaf behind its issuer is one fault, in whichever field it stands."""
    fields = {"certificate": authorities.intermediate.certificate, "certificate_chain": ""}
    fields[field] += leaf.certificate
    field, problem = the_fault_of(settings_of(**fields, private_key=leaf.private_key))
    assert (field, problem[:21]) == ("certificate", "does not come first: ")


VALIDITY = {
    "expired": (validity_of(-2), "the certificate expired on {1:%Y-%m-%d %H:%M} UTC: have a new one issued"),
    "not yet valid": (
        (NOW + timedelta(days=1), NOW + timedelta(days=2)),
        (
            "the certificate is valid only from {0:%Y-%m-%d %H:%M} UTC, and it is {2:%Y-%m-%d %H:%M} UTC here: "
            "wait, or set this machine's clock"
        ),
    ),
}


@pytest.mark.parametrize("name", VALIDITY)
def test_validity(name: str, authorities: Authorities, settings_of: SettingsOf) -> None:
    """The dates of a certificate that is not valid are told, with this machine's idea of now where it matters."""
    validity, problem = VALIDITY[name]
    leaf = authorities.root.issue_leaf(validity=validity)
    settings = settings_of(certificate=leaf.certificate, private_key=leaf.private_key)
    assert the_fault_of(settings) == ("certificate", problem.format(*validity, NOW))


@pytest.mark.parametrize("field", ["certificate", "certificate_chain"])
def test_an_expired_intermediate(field: str, authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """An intermediate that has expired is told as one, with the field that holds it."""
    expired = authorities.root.issue_authority("expired", validity=validity_of(-2)).certificate
    fields = {"certificate": leaf.certificate, "certificate_chain": ""}
    fields[field] += expired
    name, problem = the_fault_of(settings_of(**fields, private_key=leaf.private_key))
    assert (name, problem[:38]) == (field, "an intermediate certificate expired on")


@pytest.mark.parametrize("field", ["certificate", "certificate_chain"])
def test_six_intermediates(field: str, authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """More intermediates than the service takes are too many."""
    fields = {"certificate": leaf.certificate, "certificate_chain": ""}
    fields[field] += "".join(authorities.root.issue_authority(f"{number}").certificate for number in range(6))
    name, problem = the_fault_of(settings_of(**fields, private_key=leaf.private_key))
    assert (name, problem[:29]) == (field, "brings the intermediates to 6")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"ca": True}, "begins with the certificate of a CA: put the end-entity certificate first"),
        ({"digital_signature": False}, "lacks the key usage digitalSignature: have one issued with it"),
        ({"digital_signature": None}, "lacks the key usage digitalSignature: have one issued with it"),
        ({"common_name": None}, "has no subject: have one issued with a common name"),
        ({"hash_algorithm": hashes.SHA224()}, "is signed with a hash weaker than SHA-256: have a new one issued"),
    ],
    ids=["CA", "no digitalSignature", "no key usage", "no subject", "SHA-224"],
)
def test_unfit_certificates(
    options: dict[str, object], problem: str, authorities: Authorities, settings_of: SettingsOf
) -> None:
    """What the service demands of a certificate is missed here already."""
    leaf = authorities.intermediate.issue_leaf(**options)  # type: ignore[arg-type]
    settings = settings_of(certificate=leaf.certificate, private_key=leaf.private_key)
    assert the_fault_of(settings) == ("certificate", problem)


@pytest.mark.parametrize("name", ["MD5", "SHA-1"])
def test_weak_hashes(name: str, rsa_root: Authority, settings_of: SettingsOf) -> None:
    """A certificate that its authority signed with an old hash is refused; no library makes one any more."""
    leaf = rsa_root.issue_leaf()
    der = der_of(leaf.certificate).replace(SHA_256_RSA, bytes.fromhex(OTHER_RSA[name]))
    field, problem = the_fault_of(settings_of(certificate=certificate_text(der), private_key=leaf.private_key))
    assert (field, problem[:39]) == ("certificate", "is signed with a hash weaker than SHA-2")


def test_version_1(leaf: Leaf, settings_of: SettingsOf) -> None:
    """A certificate of version 1 is told by its version."""
    der = bytearray(der_of(leaf.certificate).replace(VERSION_3, b""))
    # Version 1 is the one that is not written; both lengths around it have two bytes.
    for at in (2, 6):
        der[at : at + 2] = (int.from_bytes(der[at : at + 2], "big") - len(VERSION_3)).to_bytes(2, "big")
    field, problem = the_fault_of(settings_of(certificate=certificate_text(bytes(der)), private_key=leaf.private_key))
    assert (field, problem[:44]) == ("certificate", "is not an X.509 certificate of version 3: ha")


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda der: der[:-1],
    "one byte more": lambda der: der + b"\0",
    "not DER": lambda _: b"no certificate at all",
    "an unknown version": lambda der: der.replace(VERSION_3, bytes.fromhex("a003020109")),
    "an extension twice": lambda der: der.replace(bytes.fromhex("0603551d13"), bytes.fromhex("0603551d0f")),
    "an extension of another type": lambda der: der.replace(KEY_USAGE, KEY_USAGE.replace(b"\x03\x02", b"\x05\x02")),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("field", ["certificate", "certificate_chain"])
def test_damaged_certificates(
    field: str, name: str, authorities: Authorities, leaf: Leaf, settings_of: SettingsOf
) -> None:
    """Damage shows before the call, whichever certificate has it."""
    fields = {"certificate": leaf.certificate, "certificate_chain": authorities.root.issue_leaf().certificate}
    fields[field] = certificate_text(DAMAGES[name](der_of(fields[field])))
    problem = "is damaged: its PEM holds no well-formed X.509 certificate; copy it again"
    assert the_fault_of(settings_of(**fields, private_key=leaf.private_key)) == (field, problem)


def test_a_damaged_key(leaf: Leaf, settings_of: SettingsOf) -> None:
    """A key that is no DER inside its PEM is called damaged."""
    text = str(pem.PemBlock("PRIVATE KEY", b"no key at all"))
    settings = settings_of(certificate=leaf.certificate, private_key=text)
    assert the_fault_of(settings) == ("private_key", "is damaged: its PEM holds no private key; copy it again")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "traditional"])
def test_the_wrong_passphrase(form: PrivateFormat, leaf: Leaf, key_of: KeyOf, settings_of: SettingsOf) -> None:
    """A passphrase that does not open the key is told by its own field."""
    key = key_text(key_of("p-256"), form, PASSPHRASE)
    settings = settings_of(certificate=leaf.certificate, private_key=key, private_key_passphrase="wrong passphrase")
    problem = "does not open the private key, or the key is damaged"
    assert the_fault_of(settings) == ("private_key_passphrase", problem)


UNFIT_KEYS: dict[str, tuple[Callable[[], PrivateKeyTypes], str]] = {
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, "is of the type Ed25519: Roles Anywhere takes RSA and EC keys"),
    "Ed448": (ed448.Ed448PrivateKey.generate, "is of the type Ed448: Roles Anywhere takes RSA and EC keys"),
    "X25519": (x25519.X25519PrivateKey.generate, "is of the type X25519: Roles Anywhere takes RSA and EC keys"),
    "P-192": (
        lambda: ec.generate_private_key(ec.SECP192R1()),
        "is on the curve secp192r1: use P-256, P-384 or P-521",
    ),
    "secp256k1": (
        lambda: ec.generate_private_key(ec.SECP256K1()),
        "is on the curve secp256k1: use P-256, P-384 or P-521",
    ),
    "RSA-1024": (
        lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - to be refused
        "is an RSA key of 1024 bits: the service takes 2048 or more",
    ),
    "RSA-2047": (
        lambda: rsa.generate_private_key(65537, 2047),  # noqa: S505 - to be refused
        "is an RSA key of 2047 bits: the service takes 2048 or more",
    ),
}


@pytest.mark.parametrize("name", UNFIT_KEYS)
def test_unfit_keys(name: str, leaf: Leaf, settings_of: SettingsOf) -> None:
    """A key of a kind that the service does not take is told by its kind."""
    make, problem = UNFIT_KEYS[name]
    settings = settings_of(certificate=leaf.certificate, private_key=key_text(make()))
    assert the_fault_of(settings) == ("private_key", problem)


def test_a_key_that_the_library_does_not_know(leaf: Leaf, key_of: KeyOf, settings_of: SettingsOf) -> None:
    """A curve that nobody knows is no damage."""
    der = pem.private_key(key_text(key_of("p-256"))).der
    unknown = der.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d030177"))
    settings = settings_of(certificate=leaf.certificate, private_key=str(pem.PemBlock("PRIVATE KEY", unknown)))
    field, problem = the_fault_of(settings)
    assert (field, problem[:33]) == ("private_key", "is of a kind that can't be read: ")


def test_a_certificate_with_a_key_that_the_library_does_not_know(leaf: Leaf, settings_of: SettingsOf) -> None:
    """A certificate whose key can't be read belongs to no private key."""
    curve = bytes.fromhex("06082a8648ce3d030107")
    der = der_of(leaf.certificate).replace(curve, curve[:-1] + b"\x77")
    settings = settings_of(certificate=certificate_text(der), private_key=leaf.private_key)
    assert the_fault_of(settings)[0] == "private_key"


def test_all_faults_together(authorities: Authorities, settings_of: SettingsOf) -> None:
    """Faults of several fields come in one error."""
    leaf = authorities.root.issue_leaf(validity=validity_of(-2), common_name=None, digital_signature=False)
    other = authorities.root.issue_authority("expired", validity=validity_of(-2))
    key = key_text(UNFIT_KEYS["P-192"][0]())
    settings = settings_of(certificate=leaf.certificate, certificate_chain=other.certificate, private_key=key)
    fields = [field for field, _ in faults_of(settings)]
    assert fields == ["certificate_chain", "private_key", "certificate", "certificate", "certificate"]


def test_the_connection_is_named(authorities: Authorities, leaf: Leaf, settings_of: SettingsOf) -> None:
    """The error says whose certificate it is."""
    other = authorities.root.issue_leaf()
    with pytest.raises(S3RestConnectionError, match=r"^Connection 'mine': private_key: "):
        load(settings_of(certificate=leaf.certificate, private_key=other.private_key))


@pytest.mark.filterwarnings("ignore::UserWarning")
@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    field=st.sampled_from(["certificate", "private_key"]), place=st.floats(0, 0.999), byte=st.binary(max_size=2)
)
def test_any_damage(
    field: str, place: float, byte: bytes, leaf: Leaf, authorities: Authorities, settings_of: SettingsOf
) -> None:
    """Whatever one byte becomes, the certificate and the key load or are told to be at fault."""
    texts = {"certificate": leaf.certificate, "private_key": leaf.private_key}
    block = pem.certificates(texts[field])[0] if field == "certificate" else pem.private_key(texts[field])
    at = int(place * len(block.der))
    texts[field] = str(pem.PemBlock(block.label, block.der[:at] + byte + block.der[at + 1 :]))
    damaged = settings_of(**texts, certificate_chain=authorities.intermediate.certificate)
    with suppress(S3RestConnectionError):
        load(damaged)
        return
    assert faults_of(damaged)
