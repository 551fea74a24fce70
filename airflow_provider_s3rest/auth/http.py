# SPDX-License-Identifier: Apache-2.0
"""One POST to an AWS endpoint: bounded in time and size, by the environment's proxy and CA bundle, never redirected."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
LARGEST_ANSWER = 1_048_576
_CA_BUNDLE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


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

    Proxies come from ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``; an ``http://`` URL, which is always one of this
    machine, is asked directly.

    :param verify: True, or the path of a CA bundle, which goes before ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE``,
        ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
    :raises S3RestCredentialError: there was no answer; retryable unless a certificate, a proxy or the CA bundle is to
        blame.
    """
    client = _client(url, verify)
    outcome: Future[Answer] = Future()
    leash = _Leash()

    def attempt() -> None:
        try:
            outcome.set_result(_exchange(client, url, headers, body, leash))
        except Exception as error:  # noqa: BLE001 - raised again by the future
            outcome.set_exception(error)

    # A thread, since no timeout bounds the look-up of a name, several addresses in turn, or an answer that drips.
    thread = threading.Thread(target=attempt, name="s3rest-create-session", daemon=True)
    try:
        # In here too a signal may raise.
        thread.start()
        wait([outcome], TOTAL_SECONDS)
        if outcome.done():
            return outcome.result()
    finally:
        leash.pull()
    raise S3RestCredentialError(f"{urlsplit(url).netloc} gave no answer within {TOTAL_SECONDS:g} s", retryable=True)


class _Leash:
    """Ends an exchange that nobody waits for any more; httpx calls it at every step of the exchange."""

    def __init__(self) -> None:
        self._pulled = threading.Event()
        self._sockets: list[socket.socket] = []

    def __call__(self, _: str, event: dict[str, Any]) -> None:
        stream: Any = event.get("return_value")
        is_connection = hasattr(stream, "get_extra_info")
        if is_connection:
            self._sockets.append(stream.get_extra_info("socket"))
        if self._pulled.is_set():
            if is_connection:
                stream.close()
            raise TimeoutError

    def pull(self) -> None:
        self._pulled.set()
        for connection in self._sockets:
            # Not closed: the thread could meet its descriptor again as that of another file.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _client(url: str, verify: bool | str) -> httpx.Client:  # noqa: FBT001 - named as everybody names it
    import httpx

    context = _tls_context(verify)
    with suppress(httpx.InvalidURL, ValueError, ImportError):
        return httpx.Client(
            verify=context,
            trust_env=url.startswith("https:"),
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            # A compressed answer could be any size.
            headers={"Accept-Encoding": "identity"},
        )
    # The URL of a proxy may hold a password: nothing of the library's error is repeated.
    raise S3RestCredentialError(
        "the proxy that the environment names (HTTPS_PROXY or ALL_PROXY) can't be used",
        hint="httpx takes http://, https:// and, with the package socksio, socks5:// proxies",
    )


def _tls_context(verify: bool | str) -> ssl.SSLContext | bool:  # noqa: FBT001
    """Verification as botocore does it: the connection's bundle, then the environment's, then the default."""
    bundles = {name: os.environ.get(name) for name in _CA_BUNDLE_VARIABLES}
    if isinstance(verify, str):
        bundles = {"verify": verify}
    source, bundle = next(((name, path) for name, path in bundles.items() if path), ("", ""))
    if not bundle:
        return True  # httpx goes on to SSL_CERT_DIR and certifi
    with suppress(OSError):
        if Path(bundle).is_dir():
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    raise S3RestCredentialError(
        f"the CA bundle that {source} names can't be read",
        hint=f"{source} must be the path of a PEM file that the worker may read",
    )


def _exchange(client: httpx.Client, url: str, headers: Mapping[str, str], body: bytes, leash: _Leash) -> Answer:
    import httpx

    failure = None
    try:
        with (
            client,
            client.stream("POST", url, headers=dict(headers), content=body, extensions={"trace": leash}) as response,
        ):
            answer = b""
            for chunk in response.iter_raw():
                answer += chunk
                if len(answer) > LARGEST_ANSWER:
                    raise S3RestCredentialError(
                        f"{urlsplit(url).netloc} gave an answer of more than {LARGEST_ANSWER} bytes; "
                        "does it belong to Roles Anywhere?",
                        status=response.status_code,
                    )
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, names, answer)
    except (httpx.TransportError, ValueError) as error:
        failure = _failure(urlsplit(url).netloc, error)
    raise failure


def _failure(host: str, error: Exception) -> S3RestCredentialError:
    import httpx

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return S3RestCredentialError(
            f"{host} shows a TLS certificate that is not trusted here: {cause.verify_message}",
            hint="give the path of the CA bundle of your network in verify",
        )
    what = type(error).__name__
    if isinstance(error, ValueError):
        return S3RestCredentialError(f"{host} is no host name")
    if isinstance(error, httpx.ProxyError):
        # Its text is the status and the reason that the proxy gave.
        return S3RestCredentialError(
            f"the proxy did not lead to {host}: {error}",
            retryable=str(error).startswith("5"),
            hint="see HTTPS_PROXY, ALL_PROXY and NO_PROXY in the worker's environment",
        )
    # A protocol error repeats what the other side sent; all others have the words of the operating system.
    words = "" if isinstance(error, httpx.ProtocolError) else f": {error}"
    return S3RestCredentialError(f"{host} gave no answer: {what}{words}", retryable=True)
