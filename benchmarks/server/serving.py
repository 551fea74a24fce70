# SPDX-License-Identifier: Apache-2.0
"""Serves buckets of the memory, and sessions of Roles Anywhere.

There is one event loop over HTTP, and a thread for each connection over TLS: asyncio's TLS is slower than what is to be
measured, while an OpenSSL socket works while other threads run.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.server.bucket import Answer, World
from benchmarks.server.reading import Reader, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_SPACE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is served.

    :param latency_ms: how long every answer is held back, in milliseconds.
    :param ca_bundle: where to write the certificate to trust; without it, there is no TLS.
    :param keys: how many small objects are there, in the bucket ``listed``; :func:`refill` brings back deleted ones.
    :param large_bytes: the size of the objects ``whole`` and ``parts`` in the bucket ``large``; 0: there are none.
    """

    latency_ms: float = 0
    ca_bundle: str | None = None
    keys: int = 0
    large_bytes: int = 0


def serve(address: Connection, options: Options) -> None:
    """Serve until the process is killed; see :func:`benchmarks.serving.serving`."""
    world = World(options.keys)
    if options.large_bytes:
        world.put_large("large", "whole", options.large_bytes, parts=False)
        world.put_large("large", "parts", options.large_bytes, parts=True)
    if options.ca_bundle:
        _serve_tls(address, world, options)
    else:
        asyncio.run(_serve_plain(address, world, options))


def figures(endpoint: str, ca_bundle: str | None = None) -> dict[str, Any]:
    """Return how many requests a server has had, by operation, and its seconds of CPU, both since the last time."""
    return _ask(f"{endpoint}/.figures/", ca_bundle)


def refill(endpoint: str, ca_bundle: str | None = None) -> None:
    """Bring back what the server was started with."""
    _ask(f"{endpoint}/.refill/", ca_bundle)


def _ask(url: str, ca_bundle: str | None) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
    with urllib.request.urlopen(url, context=context) as answer:  # noqa: S310 - our own server
        told: dict[str, Any] = json.load(answer)
    return told


async def _serve_plain(address: Connection, world: World, options: Options) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Plain(world, options.latency_ms / 1000), "127.0.0.1", 0, backlog=1024)
    address.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await server.serve_forever()


def _serve_tls(address: Connection, world: World, options: Options) -> None:
    from airflow_provider_s3rest.local.pki import make_root

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root = make_root("benchmarks")
    leaf = root.issue_tls_server()
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate"), Path(folder, "key")
        certificate.write_text(leaf.certificate)
        key.write_text(leaf.private_key)
        context.load_cert_chain(certificate, key)
    Path(options.ca_bundle or "").write_text(root.certificate)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    address.send(f"https://localhost:{listener.getsockname()[1]}")
    while True:
        accepted, _ = listener.accept()
        terms = (accepted, context, world, options.latency_ms / 1000)
        threading.Thread(target=_converse, args=terms, daemon=True).start()


def _converse(accepted: socket.socket, context: ssl.SSLContext, world: World, latency: float) -> None:
    space = memoryview(bytearray(_SPACE))
    try:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(accepted, server_side=True) as talk:

            def done(request: Request) -> None:
                answer = _answered(world, request)
                if latency:
                    time.sleep(latency)
                talk.sendall(answer.head)
                for piece in answer.pieces or ():
                    talk.sendall(piece)

            reader = Reader(lambda: talk.sendall(_CONTINUE), done)
            while size := talk.recv_into(space):
                reader.feed(space[:size])
    except OSError:
        return  # the client has gone


def _answered(world: World, request: Request) -> Answer:
    if request.bucket == ".figures":
        return _json(world.figures())
    if request.bucket == ".refill":
        world.refill()
        return _json({})
    if request.bucket == "sessions":
        world.counts["CreateSession"] += 1
        return _json(_session())
    return world.answer(request)


def _json(content: object) -> Answer:
    body = json.dumps(content).encode()
    return Answer(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def _session() -> dict[str, Any]:
    """Answer as IAM Roles Anywhere does, to whoever asks."""
    expiration = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    credentials = {
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "sessionToken": "IQoJb3JpZ2luX2Vj" * 60,
        "expiration": expiration.isoformat(),
    }
    user = {"arn": "arn:aws:sts::123456789012:assumed-role/data/benchmarks"}
    return {"credentialSet": [{"assumedRoleUser": user, "credentials": credentials}]}


class _Plain(asyncio.BufferedProtocol):
    def __init__(self, world: World, latency: float) -> None:
        self._world = world
        self._latency = latency
        self._space = memoryview(bytearray(_SPACE))
        self._reader = Reader(lambda: self._transport.write(_CONTINUE), self._done)
        self._pieces: Iterator[memoryview] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def get_buffer(self, _: int) -> memoryview:  # type: ignore[override]
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        self._reader.feed(self._space[:nbytes])

    def _done(self, request: Request) -> None:
        answer = _answered(self._world, request)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        pieces = list(answer.pieces) if answer.pieces else []
        if sum(map(len, pieces)) <= _SPACE:
            self._transport.write(b"".join([answer.head, *pieces]))
            return
        self._transport.write(answer.head)
        self._pieces = iter(pieces)
        self._go_on()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._go_on()

    def _go_on(self) -> None:
        while self._pieces and not self._paused:
            piece = next(self._pieces, None)
            if piece is None:
                self._pieces = None
            else:
                self._transport.write(piece)
