# SPDX-License-Identifier: Apache-2.0
"""Two sound connections and a way to learn what is wrong with a changed one.

Nothing here decodes X.509, so the certificates and keys are PEM around arbitrary bytes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STANDARD = ("host", "port", "login", "password")


def pem_text(label: str, *, size: int = 700, headers: str = "") -> str:
    """A PEM block of bytes that look random, but are the same in each run."""
    body = base64.b64encode(b"0\x82" + hashlib.shake_256(label.encode()).digest(size)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{headers}{lines}\n-----END {label}-----\n"


@dataclass(frozen=True)
class Sample:
    """The fields of a connection, easy to change."""

    fields: dict[str, object]

    def __or__(self, changes: Mapping[str, object]) -> Sample:
        """Change some fields; a value of ``...`` takes the field away."""
        fields = {**self.fields, **changes}
        return replace(self, fields={name: value for name, value in fields.items() if value is not ...})

    def arguments(self) -> dict[str, object]:
        """The arguments of ``parse`` with the extras as a mapping."""
        extra = {name: value for name, value in self.fields.items() if name not in STANDARD}
        return {name: self.fields.get(name) for name in STANDARD} | {"extra": extra}

    def parse(self) -> S3RestConnection:
        """The connection."""
        return S3RestConnection.parse(conn_id="lake", **self.arguments())  # type: ignore[arg-type]

    def error(self) -> S3RestConnectionError:
        """The error that the connection must raise."""
        with pytest.raises(S3RestConnectionError) as caught:
            self.parse()
        return caught.value

    def faults(self) -> dict[str, str]:
        """The problems by field of the error that the connection must raise."""
        return {fault.field: fault.problem for fault in self.error().faults}


@pytest.fixture(scope="session")
def pem() -> dict[str, str]:
    """PEM texts by label, one of them an encrypted key of the traditional kind."""
    labels = ("CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
    encryption = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n"
    return {
        **{label: pem_text(label) for label in (*labels, "OPENSSH PRIVATE KEY", "PUBLIC KEY", "EC PARAMETERS")},
        "intermediate": pem_text("CERTIFICATE", size=500),
        "encrypted": pem_text("RSA PRIVATE KEY", headers=encryption),
    }


@pytest.fixture(scope="session")
def access_keys() -> Sample:
    """A connection with access keys and nothing else."""
    return Sample({"login": "AKIAIOSFODNN7EXAMPLE", "password": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})


@pytest.fixture(scope="session")
def roles_anywhere(pem: dict[str, str]) -> Sample:
    """A connection by IAM Roles Anywhere with no optional field."""
    arn = "arn:aws:rolesanywhere:us-east-1:123456789012"
    return Sample(
        {
            "auth_type": "roles_anywhere",
            "profile_arn": f"{arn}:profile/8a7b6c5d-4e3f-4a1b-9c8d-7e6f5a4b3c2d",
            "role_arn": "arn:aws:iam::123456789012:role/data/airflow-s3",
            "trust_anchor_arn": f"{arn}:trust-anchor/1f2e3d4c-5b6a-4c7d-8e9f-0a1b2c3d4e5f",
            "session_name": "airflow-prod",
            "certificate": pem["CERTIFICATE"],
            "private_key": pem["PRIVATE KEY"],
        }
    )


@pytest.fixture(scope="session")
def samples(access_keys: Sample, roles_anywhere: Sample) -> dict[str, Sample]:
    """Both connections by their authentication type."""
    return {"access_keys": access_keys, "roles_anywhere": roles_anywhere}


@pytest.fixture(scope="session")
def ca_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for ``verify``."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    path.touch()
    return path
