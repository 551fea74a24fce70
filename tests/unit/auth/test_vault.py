# SPDX-License-Identifier: Apache-2.0
"""What names and encrypts an entry of the cache."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_provider_s3rest.auth.vault import FORMAT, Vault
from airflow_provider_s3rest.connection import RolesAnywhere


def pem(label: str, body: bytes) -> str:
    """Give a PEM text; nothing here looks inside."""
    return f"-----BEGIN {label}-----\n{base64.b64encode(body).decode()}\n-----END {label}-----\n"


SETTINGS = RolesAnywhere(
    profile_arn="profile",
    role_arn="role",
    trust_anchor_arn="anchor",
    region="us-east-1",
    session_name="name",
    duration_seconds=3600,
    certificate=pem("CERTIFICATE", b"leaf"),
    certificate_chain=pem("CERTIFICATE", b"intermediate"),
    private_key=pem("PRIVATE KEY", b"the private key"),
)
CONTENT = {"secret": "value"}

OTHERS = {
    "profile_arn": "other",
    "role_arn": "other",
    "trust_anchor_arn": "other",
    "region": "eu-west-1",
    "session_name": "other",
    "duration_seconds": 900,
    "certificate": pem("CERTIFICATE", b"other leaf"),
    "certificate_chain": "",
    "private_key": pem("PRIVATE KEY", b"another private key"),
    "private_key_passphrase": "passphrase",
    "endpoint_url": "https://vpce.example.com",
}


def test_every_field_of_the_connection_is_edited_in_some_case() -> None:
    """A field that is added later must be thought of here."""
    assert set(OTHERS) == set(RolesAnywhere.__slots__)


@pytest.mark.parametrize(("field", "value"), OTHERS.items())
def test_editing_any_field_makes_the_old_entry_unreadable(field: str, value: object) -> None:
    """A changed connection never gets the credentials of the old one."""
    changed = Vault.of(replace(SETTINGS, **{field: value}))
    assert changed.entry_id != Vault.of(SETTINGS).entry_id or changed.key != Vault.of(SETTINGS).key
    assert changed.unseal("lease", Vault.of(SETTINGS).seal("lease", CONTENT)) is None


def test_another_user_has_another_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are never shared between users."""
    own = Vault.of(SETTINGS)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert Vault.of(SETTINGS).entry_id != own.entry_id


def test_a_process_with_the_same_connection_reads_the_entry() -> None:
    """That is what the cache is for."""
    assert Vault.of(SETTINGS).unseal("lease", Vault.of(SETTINGS).seal("lease", CONTENT)) == CONTENT


def test_the_key_is_that_of_hkdf() -> None:
    """The derivation in two lines is the one of RFC 5869."""
    vault = Vault.of(SETTINGS)
    derived = HKDF(SHA256(), 32, salt=bytes.fromhex(vault.entry_id), info=FORMAT).derive(SETTINGS.private_key.encode())
    assert vault.key == derived


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: FORMAT,
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"x",
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: b"s3rest-cache-v0" + sealed[len(FORMAT) :],
        lambda _: bytes(65_536),
    ],
)
def test_a_damaged_entry_is_none(damage: object) -> None:
    """Whatever happened to the file, it is a miss and no error."""
    vault = Vault.of(SETTINGS)
    assert vault.unseal("lease", damage(vault.seal("lease", CONTENT))) is None


def test_an_entry_of_one_kind_is_none_of_another() -> None:
    """Renaming a file does not change what it is."""
    vault = Vault.of(SETTINGS)
    assert vault.unseal("failure", vault.seal("lease", CONTENT)) is None


def test_no_two_seals_are_alike() -> None:
    """Each has a nonce of its own."""
    vault = Vault.of(SETTINGS)
    assert vault.seal("lease", CONTENT) != vault.seal("lease", CONTENT)


def test_neither_entry_nor_repr_shows_a_secret() -> None:
    """The clear text and the key stay inside."""
    vault = Vault.of(SETTINGS)
    assert b"value" not in vault.seal("lease", CONTENT)
    assert "key" not in repr(vault)
