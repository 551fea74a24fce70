# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4 in a URL, a form or headers: pure functions, the clock is an argument.

botocore would do it too, but writes what it signs, and the signature, to its log: there the URL would be for all to
read. It also takes half a second to be imported.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow_provider_s3rest.auth.signing import string_to_sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from airflow_provider_s3rest.auth.model import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_NO_BODY = hashlib.sha256(b"").hexdigest()
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Signer:
    """Signs for one service of one region at one moment.

    :param now: the time of the signature, aware.
    """

    def __init__(self, credentials: Credentials, region: str, now: datetime) -> None:
        self._credentials = credentials
        self._timestamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        self._scope = f"{self._timestamp[:8]}/{region}/s3/aws4_request"

    def url(
        self,
        method: str,
        base: str,
        path: str,
        *,
        lifetime_seconds: int,
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> str:
        """Return a URL that carries its own authorization.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

        :param base: scheme and host of the URL.
        :param path: what comes behind them; not encoded yet.
        :param headers: what whoever uses the URL must send.
        """
        signed = {name.lower(): " ".join(value.split()) for name, value in headers.items()} | {"host": _host(base)}
        names = ";".join(sorted(signed))
        parameters = _encoded({**query, **self._parameters("X-Amz-", lifetime_seconds, names)})
        lines = [method, quote(path, safe="/~"), parameters, *(f"{name}:{signed[name]}" for name in sorted(signed))]
        request = "\n".join([*lines, "", names, _UNSIGNED])
        signature = self._sign(string_to_sign(_ALGORITHM, self._timestamp, self._scope, request))
        return f"{base}{_unmistakable(path)}?{parameters}&X-Amz-Signature={signature}"

    def request(
        self,
        method: str,
        base: str,
        path: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None = b"",
    ) -> tuple[str, dict[str, str]]:
        """Sign a request, its body included.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

        :param body: None leaves the body out of the signature.
        :returns: its URL, and all its headers.
        """
        digest = _UNSIGNED if body is None else hashlib.sha256(body).hexdigest() if body else _NO_BODY
        own = {"host": _host(base), "x-amz-content-sha256": digest, "x-amz-date": self._timestamp}
        if self._credentials.session_token:
            own["x-amz-security-token"] = self._credentials.session_token
        sent = {name.lower(): value for name, value in headers.items()} | own
        names = ";".join(sorted(sent))
        lines = [method, quote(path, safe="/~"), _encoded(query)]
        lines += [f"{name}:{' '.join(sent[name].split())}" for name in sorted(sent)]
        request = "\n".join([*lines, "", names, digest])
        signature = self._sign(string_to_sign(_ALGORITHM, self._timestamp, self._scope, request))
        credential = f"{self._credentials.access_key_id}/{self._scope}"
        sent["authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        parameters = f"?{_encoded(query)}" if query else ""
        return f"{base}{_unmistakable(path)}{parameters}", sent

    def form(self, fields: Mapping[str, str], conditions: Sequence[Any], expires_at: datetime) -> dict[str, str]:
        """Return the fields of a form that carries its own authorization.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html

        :param conditions: what must hold beside the fields of the signature.
        """
        own = self._parameters("x-amz-")
        policy = {
            "expiration": f"{expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "conditions": [*conditions, *({name: value} for name, value in own.items())],
        }
        encoded = base64.b64encode(json.dumps(policy).encode()).decode()
        return {**fields, **own, "policy": encoded, "x-amz-signature": self._sign(encoded)}

    def _parameters(self, prefix: str, lifetime_seconds: int | None = None, headers: str = "") -> dict[str, str]:
        found = {
            "Algorithm": _ALGORITHM,
            "Credential": f"{self._credentials.access_key_id}/{self._scope}",
            "Date": self._timestamp,
        }
        if lifetime_seconds is not None:
            found |= {"Expires": str(lifetime_seconds), "SignedHeaders": headers}
        if self._credentials.session_token:
            found["Security-Token"] = self._credentials.session_token
        return {(prefix + name if prefix[0] == "X" else prefix + name.lower()): value for name, value in found.items()}

    def _sign(self, text: str) -> str:
        key = _signing_key(self._credentials.secret_access_key, self._scope)
        return hmac.digest(key, text.encode(), hashlib.sha256).hex()


@functools.lru_cache(maxsize=16)
def _signing_key(secret: str, scope: str) -> bytes:
    """Derive the key of a day, which is that of all its requests."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


def _encoded(parameters: Mapping[str, str]) -> str:
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _host(base: str) -> str:
    """Return the host as clients name it, without a port that needs no mention."""
    parts = urlsplit(base)
    if parts.port == _DEFAULT_PORTS[parts.scheme]:
        return parts.netloc.rpartition(":")[0]
    return parts.netloc


def _unmistakable(path: str) -> str:
    """Encode a path so that no client resolves its ``.`` and ``..`` segments; to S3 they are the same."""
    segments = quote(path, safe="/~").split("/")
    return "/".join(segment.replace(".", "%2E") if segment in {".", ".."} else segment for segment in segments)
