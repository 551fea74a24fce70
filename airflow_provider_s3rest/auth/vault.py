# SPDX-License-Identifier: Apache-2.0
"""Names and encrypts the cache entries of one connection.

An entry is encrypted under a key that is derived from the connection's private key, so that it is worth nothing to
anybody who could not ask Roles Anywhere for the same credentials. Changing any input gives another entry.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import RolesAnywhere

FORMAT = b"s3rest-cache-v1"
_NONCE_BYTES = 12


class Vault:
    """The name of a connection's entries, and the key to them.

    :param entry_id: 64 hexadecimal digits, safe as a file name.
    :param key: 32 bytes. Secret.
    """

    def __init__(self, entry_id: str, key: bytes) -> None:
        self.entry_id = entry_id
        self.key = key

    @classmethod
    def of(cls, settings: RolesAnywhere) -> Vault:
        """The vault of a connection, from everything that shapes its credentials and nothing else."""
        shape = [
            FORMAT.decode(),
            os.geteuid(),
            settings.endpoint_url,
            settings.region,
            settings.profile_arn,
            settings.role_arn,
            settings.trust_anchor_arn,
            settings.session_name,
            settings.duration_seconds,
            settings.certificate + settings.certificate_chain,
        ]
        digest = hashlib.sha256(json.dumps(shape).encode())
        # However it was pasted, its text is that of one form by now.
        secret = (settings.private_key + (settings.private_key_passphrase or "")).encode()
        # HKDF-SHA256 with an output of one block (https://www.rfc-editor.org/rfc/rfc5869#section-2); the cryptography
        # library's takes ten times as long to import as everything else here takes to run.
        extracted = hmac.digest(digest.digest(), secret, "sha256")
        return cls(digest.hexdigest(), hmac.digest(extracted, FORMAT + b"\x01", "sha256"))

    def seal(self, kind: str, content: dict[str, Any]) -> bytes:
        """Encrypt an entry by AES-256-GCM; an entry of another kind or connection can't take its place."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return FORMAT + nonce + AESGCM(self.key).encrypt(nonce, json.dumps(content).encode(), self._context(kind))

    def unseal(self, kind: str, sealed: bytes) -> dict[str, Any] | None:
        """The content of an entry; None where it is damaged, forged, foreign or of another version."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        start = len(FORMAT) + _NONCE_BYTES
        if not sealed.startswith(FORMAT):
            return None
        try:
            content = AESGCM(self.key).decrypt(sealed[len(FORMAT) : start], sealed[start:], self._context(kind))
        except (InvalidTag, ValueError):
            return None
        stored: dict[str, Any] = json.loads(content)
        return stored

    def _context(self, kind: str) -> bytes:
        return FORMAT + kind.encode() + self.entry_id.encode()
