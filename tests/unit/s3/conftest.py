# SPDX-License-Identifier: Apache-2.0
"""A scripted S3 on loopback that records what reaches it, also as the proxy before a make-believe AWS."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import ipaddress
import ssl
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import AccessKeys, S3RestConnection
from airflow_provider_s3rest.s3 import S3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LAST_MODIFIED = "Tue, 24 Nov 2026 01:02:03 GMT"
DELAYS = (0.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass
class Request:
    """What reached the server."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    host: str

    @property
    def path(self) -> bytes:
        """The path as bytes, percent-decoded once."""
        return unquote_to_bytes(self.target.partition("?")[0])


@dataclass
class Answer:
    """What the server does next.

    :param cut: breaks the connection after so many bytes of the body; negative, instead of any answer.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class FakeS3:
    """The server: the answers told by :meth:`then` first, in their order; afterwards ``otherwise``.

    Its clock is ``ahead_seconds`` ahead of the machine's.
    """

    make_answer = Answer

    def __init__(self, tls: ssl.SSLContext, *, secure: bool = False) -> None:
        self.requests: list[Request] = []
        self._answers: deque[Answer] = deque()
        self.otherwise: Callable[[Request], Answer] = lambda _: Answer()
        self.tls = tls
        self.ahead_seconds = 0.0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self._server.server_port}"
        if secure:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Stop at once."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        """Record a request and decide about it."""
        with self._lock:
            self.requests.append(request)
            if self._answers:
                return self._answers.popleft()
        return self.otherwise(request)

    def forget(self) -> None:
        """Be as new."""
        self.requests.clear()
        self._answers.clear()
        self.otherwise = lambda _: Answer()

    def then(
        self, status: int = 200, body: bytes = b"", cut: int | None = None, times: int = 1, **headers: str
    ) -> None:
        """Add an answer; header names with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers.extend([Answer(status, body, named, cut)] * times)

    def then_error(self, status: int, code: str, times: int = 1, message: str = "Sorry & so on") -> None:
        """Add an error as S3 words it, the secret that it may echo included."""
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>'
            "<Token-0>session-token-0</Token-0><RequestId>RID</RequestId></Error>"
        )
        self.then(status, text.encode(), times=times, Content_Type="application/xml", x_amz_request_id="RID")

    def always(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Answer everything else so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.otherwise = lambda _: Answer(status, body, named)

    @property
    def seen(self) -> list[tuple[str, str]]:
        """Methods and targets so far."""
        return [(request.method, request.target) for request in self.requests]

    def serve(self, body: bytes, etag: str = "e1", **headers: str) -> None:
        """Answer every GET and HEAD with an object, or the range of it that is asked for."""

        def reply(request: Request) -> Answer:
            known = {"ETag": f'"{etag}"'} | {name.replace("_", "-"): value for name, value in headers.items()}
            if request.method not in {"GET", "HEAD"}:
                return Answer(200, b"", known)
            asked = request.headers.get("range")
            if not asked:
                return Answer(200, body, known)
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last) + 1, len(body)) if last else len(body)
            known["Content-Range"] = f"bytes {first}-{end - 1}/{len(body)}"
            return Answer(206, body[int(first) : end], known)

        self.otherwise = reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be quiet about clients that hang up."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    fake: FakeS3
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    tunnel = ""

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Tell the time of the server's own clock."""
        return super().date_time_string((time.time() if timestamp is None else timestamp) + self.fake.ahead_seconds)

    def handle_expect_100(self) -> bool:
        """Tell a client that waits to go on, at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def do_CONNECT(self) -> None:
        """Become the host that the client wants, with a certificate for all of AWS."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        self.wfile.flush()
        self.tunnel = self.path
        try:
            self.connection = self.fake.tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.close_connection = False

    def finish(self) -> None:
        """Close the socket inside the tunnel too."""
        with contextlib.suppress(OSError):
            super().finish()
        self.connection.close()

    def _do(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else self._chunked()
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.fake.answer(
            Request(self.command, self.path, headers, body, self.tunnel or self.headers.get("host", ""))
        )
        if answer.cut is not None and answer.cut < 0:
            self._hang_up()
            return
        self.send_response(answer.status)
        defaults = {"Last-Modified": LAST_MODIFIED, "ETag": '"e1"', "Content-Length": str(len(answer.body))}
        for name, value in (defaults | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self._hang_up()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _do  # noqa: N815 - the names that http.server calls

    def _chunked(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return b""
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size + 2)[:-2]
        self.rfile.readline()
        return found

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True


class Source:
    """A credential source with several sets, the next of which comes when one is rejected."""

    def __init__(self, sets: int = 1, *, temporary: bool = True) -> None:
        self.sets = [
            Credentials(
                access_key_id=f"ASIA{number}",
                secret_access_key=f"secret-{number}",
                session_token=f"session-token-{number}" if temporary else None,
            )
            for number in range(sets)
        ]
        self.rejected: list[Credentials] = []

    def current(self) -> Credentials:
        """Give the set in force."""
        return self.sets[0]

    def reject(self, credentials: Credentials) -> bool:
        """Go to the next set, if there is one."""
        self.rejected.append(credentials)
        if len(self.sets) > 1 and credentials == self.sets[0]:
            del self.sets[0]
            return True
        return False


class Sleeps(list[float]):
    """Stands in for sleeping: remembers the seconds."""

    def __call__(self, _: threading.Event, seconds: float) -> None:
        """Take no time."""
        self.append(seconds)


def _connection(**fields: Any) -> S3RestConnection:
    """Make a connection with access keys."""
    keys = AccessKeys(access_key_id="AK", secret_access_key="SK")
    return S3RestConnection(**({"authentication": keys} | fields))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A CA bundle, and a certificate for the hosts of AWS and for this one with its key, in PEM files."""
    directory = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "s3rest test authority")])
    now = dt.datetime.now(dt.UTC)

    def sign(subject: x509.Name, public: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )
        # Python 3.13 trusts no chain without the two key identifiers and a CA's key usage.
        identifiers = (
            x509.SubjectKeyIdentifier.from_public_key(public),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
        )
        for extension in (*identifiers, *extensions):
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    bundle = directory / "ca.pem"
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    bundle.write_bytes(sign(name, key.public_key(), x509.BasicConstraints(ca=True, path_length=None), usage))
    leaf = ec.generate_private_key(ec.SECP256R1())
    regions = ("us-east-1", "eu-central-1")
    services = ("s3", "*.s3", "sqs")
    hosts = [f"{service}.{region}.amazonaws.com" for region in regions for service in services]
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    names = x509.SubjectAlternativeName([here, *(x509.DNSName(host) for host in hosts)])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AWS of the tests")])
    server = directory / "server.pem"
    server.write_bytes(
        sign(subject, leaf.public_key(), x509.BasicConstraints(ca=False, path_length=None), names)
        + leaf.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return bundle, server


@pytest.fixture(scope="session")
def make_fake(authority: tuple[Path, Path]) -> Callable[..., FakeS3]:
    """Start scripted servers; whoever starts one closes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority[1])
    return functools.partial(FakeS3, context)


@pytest.fixture
def fake(make_fake: Callable[[], FakeS3]) -> Iterator[FakeS3]:
    """The scripted server."""
    server = make_fake()
    yield server
    server.close()


@pytest.fixture
def aws(fake: FakeS3, authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> FakeS3:
    """The scripted server in the place of AWS: every https request of this process arrives there."""
    monkeypatch.setenv("HTTPS_PROXY", fake.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority[0]))
    monkeypatch.setattr("airflow_provider_s3rest.s3.regions._DISCOVERED", {})
    return fake


@pytest.fixture
def source() -> Source:
    """One set of temporary credentials."""
    return Source()


@pytest.fixture(scope="session")
def make_sleeps() -> type[Sleeps]:
    """Make a sleep that takes no time."""
    return Sleeps


@pytest.fixture
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast engine reads no object by the call that opens it."""
    monkeypatch.setattr("airflow_provider_s3rest.s3.obstore_engine._SMALL_BYTES", -1)


@pytest.fixture
def sleeps() -> Sleeps:
    """The waits so far."""
    return Sleeps()


@pytest.fixture
def make_s3(fake: FakeS3, source: Source, sleeps: Sleeps) -> Callable[..., S3]:
    """Make an S3 that speaks to the scripted server, by one engine if it is named; the same call, the same S3."""

    @functools.cache
    def make(engine: str | None = None, *, credentials: Source = source, **fields: Any) -> S3:
        fields = {"endpoint_url": fake.url, "retry_delays_seconds": DELAYS} | fields
        s3 = S3(_connection(**fields), credentials, sleep=sleeps)
        s3._engines.forced = engine
        return s3

    return make


@pytest.fixture(scope="session")
def engines_of() -> Callable[[FakeS3], list[str]]:
    """Tell by which engine each request was sent; the standard library asks for nothing compressed."""

    def name(headers: Mapping[str, str]) -> str:
        if "boto3" in headers["user-agent"].lower():
            return "boto3"
        return "plain" if headers.get("accept-encoding") == "identity" else "obstore"

    return lambda fake: [name(request.headers) for request in fake.requests]


@pytest.fixture(scope="session")
def connect() -> Callable[..., S3RestConnection]:
    """Make a connection with access keys and any other fields."""
    return _connection


@pytest.fixture(scope="session")
def make_source() -> type[Source]:
    """Make a credential source with several sets."""
    return Source
