# SPDX-License-Identifier: Apache-2.0
"""One POST to an AWS endpoint: bounded in time and size, by the environment's proxy and CA bundle, never redirected."""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
LARGEST_ANSWER = 1_048_576
_CA_BUNDLE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    :param headers: by name in lower case.
    :param body: the whole body, at most 1 MiB. Secret.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def post(url: str, *, headers: Mapping[str, str], body: bytes, verify: bool | str = True) -> Answer:
    """Send a request once, and read its answer whatever the status.

    Proxies come from ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``.

    :param verify: True, or the path of a CA bundle, which goes before ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE``,
        ``CURL_CA_BUNDLE``, ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
    :raises S3RestCredentialError: there was no answer; retryable unless the other side's certificate is to blame.
    """
    import httpx

    deadline = time.monotonic() + TOTAL_SECONDS
    failure = None
    try:
        with (
            httpx.Client(
                verify=_tls_context(verify),
                timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
            ) as client,
            client.stream("POST", url, headers=dict(headers), content=body) as response,
        ):
            answer = b""
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > LARGEST_ANSWER:
                    raise httpx.ReadError(f"the answer is larger than {LARGEST_ANSWER} bytes")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout(f"no complete answer within {TOTAL_SECONDS:g} s")
            return Answer(
                response.status_code, {name.lower(): value for name, value in response.headers.items()}, answer
            )
    except httpx.TransportError as error:
        failure = _failure(url, error)
    except (httpx.InvalidURL, ValueError, ImportError):
        # A proxy's URL may hold its password: nothing of it is repeated.
        failure = S3RestCredentialError(
            "the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used",
            hint="httpx takes http://, https:// and, with the package socksio, socks5:// proxies",
        )
    raise failure


def _failure(url: str, error: Exception) -> S3RestCredentialError:
    host = url.split("/")[2]
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return S3RestCredentialError(
            f"{host} shows a TLS certificate that is not trusted here: {cause.verify_message}",
            hint="give the path of the CA bundle of your network in verify",
        )
    what = str(error) or "no answer in time"
    return S3RestCredentialError(f"{host} was not reached: {type(error).__name__}: {what}", retryable=True)


def _tls_context(verify: bool | str) -> ssl.SSLContext | bool:  # noqa: FBT001 - named as everybody names it
    """Verification as botocore does it: the connection's bundle, then the environment's, then the default."""
    bundles = [verify if isinstance(verify, str) else None, *map(os.environ.get, _CA_BUNDLE_VARIABLES)]
    bundle = next((path for path in bundles if path), None)
    if bundle is None:
        return True  # httpx goes on to SSL_CERT_FILE, SSL_CERT_DIR and certifi
    try:
        if Path(bundle).is_dir():
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise S3RestCredentialError(
            f"the CA bundle can't be read ({type(error).__name__})",
            hint="verify, or the environment's AWS_CA_BUNDLE, must name a PEM file that the worker may read",
        ) from error
