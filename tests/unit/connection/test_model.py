# SPDX-License-Identifier: Apache-2.0
"""A parsed connection hides its secrets and hands all of them to whoever must mask them."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.connection.conftest import Sample


def test_secrets_of_access_keys(access_keys: Sample) -> None:
    """The secret key, the session token and the ID are secrets."""
    connection = (access_keys | {"aws_session_token": "token"}).parse()
    assert set(connection.secrets()) == {*map(str, access_keys.fields.values()), "token"}


def test_a_short_key_id_is_no_secret(access_keys: Sample) -> None:
    """A mask for an ID such as admin would hide that word in every log."""
    assert set((access_keys | {"login": "admin"}).parse().secrets()) == {access_keys.fields["password"]}


@pytest.mark.parametrize("key", ["PRIVATE KEY", "encrypted"])
def test_secrets_of_roles_anywhere(roles_anywhere: Sample, pem: dict[str, str], key: str) -> None:
    """The lines of the private key's body, each for itself, and the passphrase are secrets; its headers are not."""
    passphrase = "correct horse" if key == "encrypted" else None
    connection = (roles_anywhere | {"private_key": pem[key], "private_key_passphrase": passphrase}).parse()
    lines = {line for line in pem[key].splitlines() if line and "-" not in line}
    assert set(connection.secrets()) == lines | ({passphrase} if passphrase else set())


def test_the_few_characters_of_a_last_line_are_no_secret(roles_anywhere: Sample) -> None:
    """A last line of four characters is not masked, since it would hide words."""
    key = "-----BEGIN PRIVATE KEY-----\n" + "M" * 64 + "\nAAAA\n-----END PRIVATE KEY-----\n"
    assert list((roles_anywhere | {"private_key": key}).parse().secrets()) == ["M" * 64]


@pytest.mark.parametrize("kind", ["access_keys", "roles_anywhere"])
def test_repr_hides_secrets(samples: dict[str, Sample], pem: dict[str, str], kind: str) -> None:
    """No secret stands in the representation of a connection, nor in that of its parts."""
    secrets: dict[str, object] = {"aws_session_token": "IQoJb3JpZ2lu"}
    if kind == "roles_anywhere":
        secrets = {"private_key": pem["encrypted"], "private_key_passphrase": "correct horse"}
    connection = (samples[kind] | secrets).parse()
    shown = repr(connection) + repr(connection.authentication)
    # The ID of an access key is masked in logs like AWS's own tools do, but names the key to whoever debugs.
    hidden = set(connection.secrets()) - {"AKIAIOSFODNN7EXAMPLE"}
    assert not [secret for secret in hidden if secret in shown]


@pytest.mark.parametrize("kind", ["access_keys", "roles_anywhere"])
def test_a_connection_is_a_value(samples: dict[str, Sample], kind: str) -> None:
    """A connection is hashable, equals its copy, survives pickling and can't be changed."""
    connection = samples[kind].parse()
    copy = pickle.loads(pickle.dumps(connection))  # noqa: S301
    assert {connection, copy} == {connection}
    with pytest.raises(FrozenInstanceError):
        copy.conn_id = "other"
