# SPDX-License-Identifier: Apache-2.0
"""One POST against real servers on loopback: what it sends, whom it trusts, and how it ends."""

from __future__ import annotations

import base64
import gzip
import itertools
import logging
import pickle
import select
import signal
import socket
import socketserver
import ssl
import struct
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.auth import http
from airflow_provider_s3rest.auth.http import Answer, post
from airflow_provider_s3rest.exceptions import S3RestCredentialError
from airflow_provider_s3rest.local.pki import make_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.auth.conftest import Authorities

    Handler = Callable[[socket.socket], object]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
THREAD = "s3rest-create-session"
PASSWORD = "proxy-password"


class Server(socketserver.ThreadingTCPServer):
    """Gives each connection to a function, after the handshake where it has a certificate."""

    daemon_threads = True

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.handler = handler
        self.context = context
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"{'https' if context else 'http'}://{self.address}"
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Handle a connection; the other end may go away at any time."""
        del client_address
        with suppress(OSError):
            if self.context:
                request = self.context.wrap_socket(request, server_side=True)
            self.heads.append(read_head(request))
            self.bodies.append(read_body(request, self.heads[-1]))
            self.handler(request)
        request.close()


def read_head(connection: socket.socket) -> bytes:
    """Read a request to the end of its headers, byte by byte."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return head


def read_body(connection: socket.socket, head: bytes) -> bytes:
    """Read what follows the headers."""
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body)) or b"?" * length
    return body


def answering(answer: bytes) -> Handler:
    """Make a handler that always gives the same answer."""
    return lambda connection: connection.sendall(answer)


def dripping(start: bytes) -> Handler:
    """Make a handler whose answer never ends, and never stops either."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(start)
        never = threading.Event()
        while not never.wait(0.02):
            connection.sendall(b"x")

    return handle


def tunnel(connection: socket.socket, address: str) -> None:
    """Carry bytes both ways until one side ends."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as target:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        while True:
            for ready in select.select([connection, target], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (target if ready is connection else connection).sendall(data)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run a server in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Give a function that starts a server."""
    with ExitStack() as servers:
        yield lambda handler, context=None: servers.enter_context(serving(Server(handler, context)))


@pytest.fixture(scope="session")
def tls(authorities: Authorities, tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for 127.0.0.1, and the CA bundle that vouches for it."""
    directory = tmp_path_factory.mktemp("tls")
    server = authorities.root.issue_tls_server()
    (directory / "server.pem").write_text(server.certificate + server.private_key)
    (directory / "ca.pem").write_text(authorities.root.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    return context, directory / "ca.pem"


@pytest.fixture(scope="session")
def wrong_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA bundle that vouches for nobody here."""
    path = tmp_path_factory.mktemp("wrong") / "ca.pem"
    path.write_text(make_root("another").certificate)
    return path


@pytest.fixture
def secure(serve: Callable[..., Server], tls: tuple[ssl.SSLContext, Path]) -> Server:
    """A server with TLS."""
    return serve(answering(OK), tls[0])


@pytest.fixture
def proxy(serve: Callable[..., Server]) -> Server:
    """A proxy that leads wherever it is asked to."""

    def handle(connection: socket.socket) -> None:
        tunnel(connection, server.heads[-1].split()[1].decode())

    server = serve(handle)
    return server


def ask(url: str, verify: bool | str = True) -> Answer:  # noqa: FBT001, FBT002
    """Send a small request."""
    return post(f"{url}/sessions", headers={"X-Secret": "secret"}, body=b"secret body", verify=verify)


def failure_of(url: str, verify: bool | str = True) -> S3RestCredentialError:  # noqa: FBT001, FBT002
    """Give the error of a request: whichever it is, it carries nothing of the request or of a proxy's password."""
    with pytest.raises(S3RestCredentialError) as raised:
        ask(url, verify)
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = f"{error}{error!r}{pickle.dumps(error, 0)!r}"
    assert "secret" not in told
    assert PASSWORD not in told
    return error


# What goes out, and what comes back


def test_the_request(serve: Callable[..., Server]) -> None:
    """The request has the given headers and body, and asks for an answer that is not compressed."""
    server = serve(answering(OK))
    assert ask(server.url).body == b"ok"
    assert server.bodies == [b"secret body"]
    lines = server.heads[0].decode().lower().split("\r\n")
    assert lines[0] == "post /sessions http/1.1"
    assert {"x-secret: secret", "content-length: 11", "accept-encoding: identity"} <= set(lines)


def test_the_host_header_of_the_caller(serve: Callable[..., Server]) -> None:
    """A Host header that was signed is sent once, as it was signed."""
    server = serve(answering(OK))
    post(server.url, headers={"Host": "signed.example"}, body=b"")
    assert server.heads[0].lower().count(b"host: ") == 1
    assert b"Host: signed.example\r\n" in server.heads[0]


@pytest.mark.parametrize("status", [200, 201, 204, 400, 403, 429, 500, 502])
def test_every_status_is_an_answer(status: int, serve: Callable[..., Server]) -> None:
    """The answer is given whatever its status, its headers by lower-case names."""
    server = serve(answering(b"HTTP/1.1 %d Some Reason\r\nX-Amzn-RequestId: Id\r\nContent-Length: 0\r\n\r\n" % status))
    answer = ask(server.url)
    assert (answer.status, answer.headers["x-amzn-requestid"], answer.body) == (status, "Id", b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int, serve: Callable[..., Server]) -> None:
    """A redirect is an answer like any other, and nobody is asked at its target."""
    target = serve(answering(OK))
    answer = b"HTTP/1.1 %d Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, target.url.encode())
    assert ask(serve(answering(answer)).url).status == status
    assert target.heads == []


def test_a_compressed_answer_is_not_expanded(serve: Callable[..., Server]) -> None:
    """An answer that is compressed all the same stays as it is: it could be any size."""
    body = gzip.compress(b"0" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert ask(serve(answering(head + body)).url).body == body


@pytest.mark.parametrize("length", [True, False], ids=["with length", "without length"])
def test_the_largest_answer(*, length: bool, serve: Callable[..., Server]) -> None:
    """An answer of 1 MiB is read, one byte more is not."""
    size = http.LARGEST_ANSWER
    head = b"HTTP/1.1 201 Created\r\n" + (b"Content-Length: %d\r\n\r\n" if length else b"X-Length: %d\r\n\r\n")
    assert len(ask(serve(answering(head % size + b"x" * size)).url).body) == size
    error = failure_of(serve(answering(head % (size + 1) + b"x" * (size + 1))).url)
    assert (error.status, error.retryable) == (201, False)
    assert "more than 1048576 bytes" in error.message


def test_an_answer_is_not_shown(serve: Callable[..., Server]) -> None:
    """The body of an answer, which may hold credentials, is not in its repr."""
    assert "body" not in repr(ask(serve(answering(OK)).url))


# How long it may take


def wait_for_the_thread() -> None:
    """Wait until the exchange of a call that gave up has ended."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", OK[:-2].replace(b": 2", b": 9999999")])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_a_dripping_answer(
    *,
    start: bytes,
    encrypted: bool,
    serve: Callable[..., Server],
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that comes byte by byte ends at the deadline, wherever it is then, and so does the exchange."""
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    server = serve(dripping(start), tls[0] if encrypted else None)
    began = time.monotonic()
    error = failure_of(server.url, str(tls[1]))
    assert time.monotonic() - began < 2
    assert error.retryable
    assert error.message == f"{server.address} gave no answer within 0.3 s"
    wait_for_the_thread()


def test_a_name_that_takes_too_long(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """A stalled look-up of a name ends at the deadline, and nothing is sent when the name is found after all."""
    server = serve(answering(OK))
    found = threading.Event()
    look_up = socket.getaddrinfo

    def slow(*arguments: object, **options: object) -> object:
        found.wait(10)
        return look_up(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.1)
    assert failure_of(server.url).retryable
    found.set()
    wait_for_the_thread()
    assert not any(server.heads)


def test_a_silent_server(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is given up at the deadline."""
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.2)
    assert failure_of(serve(lambda connection: connection.recv(1)).url).retryable


def test_a_signal(serve: Callable[..., Server]) -> None:
    """What a signal handler raises, as Airflow does to end a task, ends the call at once."""

    class Stop(BaseException):
        """As Airflow's own."""

    def stop(*_: object) -> None:
        raise Stop

    main = threading.main_thread().ident
    assert main

    def handle(connection: socket.socket) -> None:
        signal.pthread_kill(main, signal.SIGUSR1)
        connection.recv(1000)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        began = time.monotonic()
        with pytest.raises(Stop):
            ask(serve(handle).url)
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)
    wait_for_the_thread()


# Who does not answer


def test_a_refused_connection() -> None:
    """Nobody listens: worth another try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        error = failure_of(f"http://{address}")
    assert error.retryable
    assert error.message == f"{address} gave no answer: ConnectError: [Errno 111] Connection refused"


def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server may know the name later."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure_of("http://localhost:1")
    assert error.retryable
    assert error.message.endswith("ConnectError: [Errno -2] Name or service not known")


def test_what_is_no_name() -> None:
    """A host that no name server can be asked for stays wrong."""
    error = failure_of("https://a..example")
    assert (error.message, error.retryable) == ("a..example is no host name", False)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"", "RemoteProtocolError"),
        (b"SSH-2.0-secret\r\n\r\n", "RemoteProtocolError"),
        (OK[:-1], "RemoteProtocolError"),
    ],
    ids=["none", "not HTTP", "cut short"],
)
def test_an_answer_that_is_none(answer: bytes, name: str, serve: Callable[..., Server]) -> None:
    """A connection that ends without a whole answer is worth another try; nothing of what came is repeated."""
    server = serve(answering(answer))
    error = failure_of(server.url)
    assert (error.message, error.retryable) == (f"{server.address} gave no answer: {name}", True)


def test_a_reset_connection(serve: Callable[..., Server]) -> None:
    """A connection that is reset is worth another try."""
    at_once = struct.pack("ii", 1, 0)
    server = serve(lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once))
    error = failure_of(server.url)
    assert error.retryable
    assert "ReadError: [Errno 104]" in error.message


# Whom it trusts

SOURCES = ["verify", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]


def trust(monkeypatch: pytest.MonkeyPatch, source: str, path: Path) -> bool | str:
    """Name a CA bundle in one of the places for it."""
    if source == "verify":
        return str(path)
    monkeypatch.setenv(source, str(path))
    return True


@pytest.mark.parametrize("source", SOURCES)
def test_ca_bundles(
    source: str, secure: Server, tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CA bundle is found in every place for it."""
    assert ask(secure.url, trust(monkeypatch, source, tls[1])).status == 200


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(SOURCES)))
def test_the_order_of_ca_bundles(
    first: str,
    second: str,
    secure: Server,
    tls: tuple[ssl.SSLContext, Path],
    wrong_ca: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two CA bundles only the one with precedence counts."""
    trust(monkeypatch, second, wrong_ca)
    assert ask(secure.url, trust(monkeypatch, first, tls[1])).status == 200
    trust(monkeypatch, second, tls[1])
    assert "not trusted here" in failure_of(secure.url, trust(monkeypatch, first, wrong_ca)).message


def test_an_untrusted_certificate(secure: Server) -> None:
    """Without the right CA bundle the server is not trusted: no retry mends that, but verify does."""
    error = failure_of(secure.url)
    assert error.message.startswith(f"{secure.address} shows a TLS certificate that is not trusted here: unable to get")
    assert (error.retryable, error.hint) == (False, "give the path of the CA bundle of your network in verify")


def test_the_certificate_of_another_host(secure: Server, tls: tuple[ssl.SSLContext, Path]) -> None:
    """A certificate for another name is not trusted, whoever vouches for it."""
    error = failure_of(secure.url.replace("127.0.0.1", "127.1"), str(tls[1]))
    assert "Hostname mismatch" in error.message
    assert not error.retryable


def test_a_directory_of_certificates(secure: Server, tls: tuple[ssl.SSLContext, Path]) -> None:
    """A bundle may be a directory; without hashed names nothing in it counts."""
    assert "not trusted here" in failure_of(secure.url, str(tls[1].parent)).message


@pytest.mark.parametrize("content", [None, b"no PEM"], ids=["missing", "not PEM"])
@pytest.mark.parametrize("source", SOURCES)
def test_unreadable_ca_bundles(
    source: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CA bundle that can't be read is told by the place that names it; its path is not repeated."""
    path = tmp_path / "secret.pem"
    if content:
        path.write_bytes(content)
    error = failure_of("https://127.0.0.1:1", trust(monkeypatch, source, path))
    assert (error.message, error.retryable) == (f"the CA bundle that {source} names can't be read", False)


def test_a_server_without_tls(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not speak TLS may still be starting: worth another try."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.1)
    assert failure_of(serve(answering(OK)).url.replace("http:", "https:")).retryable


# By which way


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxies(
    variable: str, proxy: Server, secure: Server, tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's proxy is asked to lead to the endpoint, and sees nothing of the request."""
    monkeypatch.setenv(variable, proxy.url)
    assert ask(secure.url, str(tls[1])).status == 200
    assert proxy.heads[0].startswith(f"CONNECT {secure.address} ".encode())
    assert b"secret" not in proxy.heads[0]


def test_a_proxy_with_a_password(
    proxy: Server,
    secure: Server,
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The proxy gets its password, and no log of ours or of the HTTP library does, nor what was sent."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@{proxy.address}")
    assert ask(secure.url, str(tls[1])).status == 200
    credentials = base64.b64encode(f"user:{PASSWORD}".encode())
    assert b"Proxy-Authorization: Basic " + credentials in proxy.heads[0]
    assert caplog.messages
    assert not [secret for secret in (PASSWORD, credentials.decode(), "secret") if secret in caplog.text]


@pytest.mark.parametrize("exception", ["127.0.0.1", "*"])
def test_no_proxy(
    exception: str,
    proxy: Server,
    secure: Server,
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NO_PROXY names hosts that are asked directly."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", exception)
    assert ask(secure.url, str(tls[1])).status == 200
    assert proxy.heads == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_in_clear(
    variable: str, proxy: Server, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not encrypted never leaves the machine, so that no proxy gets it."""
    monkeypatch.setenv(variable, proxy.url)
    assert ask(serve(answering(OK)).url).status == 200
    assert proxy.heads == []


@pytest.mark.parametrize(("status", "retryable"), [(407, False), (403, False), (502, True), (503, True)])
def test_a_proxy_that_refuses(
    *, status: int, retryable: bool, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's own refusal is told as such; only its server errors are worth another try."""
    refusing = serve(answering(b"HTTP/1.1 %d Some Reason\r\nContent-Length: 0\r\n\r\n" % status))
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@{refusing.address}")
    error = failure_of("https://endpoint.example")
    assert error.message == f"the proxy did not lead to endpoint.example: {status} Some Reason"
    assert error.retryable == retryable
    assert "HTTPS_PROXY" in str(error.hint)


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://user:{PASSWORD}@127.0.0.1:1",
        f"http://user:{PASSWORD}@127.0.0.1:port",
        f"socks5://user:{PASSWORD}@127.0.0.1:1",
    ],
)
def test_an_unusable_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's URL that can't be used is told without repeating anything of it, and no retry mends it."""
    monkeypatch.setenv("HTTPS_PROXY", url)
    error = failure_of("https://endpoint.example")
    assert error.message == "the proxy that the environment names (HTTPS_PROXY or ALL_PROXY) can't be used"
    assert not error.retryable


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that can't be reached is worth another try."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:1")
    assert failure_of("https://endpoint.example").retryable
