# SPDX-License-Identifier: Apache-2.0
"""Keys, which are slow to make, and connections that hold their certificates."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.connection import RolesAnywhere, S3RestConnection
from airflow_provider_s3rest.local.pki import Authority, KeyKind, PrivateKey, generate_key, make_root

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "arn:aws:rolesanywhere:us-east-1:123456789012"


@dataclass(frozen=True)
class Authorities:
    """A root and an intermediate that it issued."""

    root: Authority
    intermediate: Authority


@pytest.fixture(scope="session")
def authorities() -> Authorities:
    """A chain of trust that all tests may use."""
    root = make_root("root")
    return Authorities(root, root.issue_authority("intermediate"))


@pytest.fixture(scope="session")
def key_of() -> Callable[[KeyKind], PrivateKey]:
    """Give the one private key of a kind."""
    return functools.cache(generate_key)


@pytest.fixture(scope="session")
def settings_of() -> Callable[..., RolesAnywhere]:
    """Read a Roles Anywhere connection, of which only some fields matter, as Airflow keeps it."""

    def read(**extra: object) -> RolesAnywhere:
        usual = {
            "auth_type": "roles_anywhere",
            "profile_arn": f"{PREFIX}:profile/a",
            "role_arn": "arn:aws:iam::123456789012:role/b",
            "trust_anchor_arn": f"{PREFIX}:trust-anchor/c",
            "session_name": "airflow",
        }
        settings = S3RestConnection.parse(extra=usual | extra).authentication
        assert isinstance(settings, RolesAnywhere)
        return settings

    return read
