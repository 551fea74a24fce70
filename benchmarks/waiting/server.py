# SPDX-License-Identifier: Apache-2.0
"""A bucket that costs so little to ask that it does not disturb what is measured, and counts what it is asked."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

BUCKET, PREFIX = "waiting", "inbox/"
OBJECTS = 10
MODIFIED = 1_764_000_000
TAG = "&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;"


def key(number: int) -> str:
    """The key that a waiter waits for when each waits for another one."""
    return f"{PREFIX}{number:05}.csv"


def far_key(number: int) -> str:
    """The same, where each of these keys is in a folder of its own."""
    return f"{PREFIX}{number:05}/orders.csv"


def pattern(number: int) -> str:
    """The glob that a waiter waits for when all wait under one prefix; one of the objects there matches it."""
    return f"{PREFIX}*-{number:05}-*"


def serve(address: Connection, count: int, full: bool) -> None:  # noqa: FBT001 - of a process
    """Serve until the process is killed.

    :param count: how many waiters there are.
    :param full: whether their objects are there; if not, they are from the request for ``/.arrive`` on.
    """

    async def forever() -> None:
        bucket = Bucket(count=count, full=full)
        server = await asyncio.get_running_loop().create_server(lambda: _Protocol(bucket), "127.0.0.1", 0, backlog=2048)
        address.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await server.serve_forever()

    asyncio.run(forever())


@dataclass(slots=True)
class Bucket:
    """What is there, and what was asked."""

    count: int
    full: bool
    heads: int = 0
    lists: int = 0
    others: int = 0
    asked: dict[str, float] = field(default_factory=dict)

    def answer(self, method: str, target: str) -> bytes:
        """Answer one request."""
        parts = urlsplit(target)
        path = unquote(parts.path).strip("/")
        if path.startswith("."):
            return self._control(path)
        if method == "HEAD" and path != BUCKET:
            self.heads += 1
            self._note(path)
            return _FOUND if self.full else _MISSING
        query = parse_qs(parts.query, keep_blank_values=True)
        if method == "GET" and "list-type" in query:
            self.lists += 1
            self._note(f"list {self.lists}")
            return _response(200, self._listing(query["prefix"][0]))
        self.others += 1
        return _response(200, b"", "x-amz-bucket-region: us-east-1\r\n")

    def _note(self, what: str) -> None:
        self.asked.setdefault(what, time.monotonic())

    def _control(self, path: str) -> bytes:
        self.full |= path == ".arrive"
        figures = {"heads": self.heads, "lists": self.lists, "others": self.others, "cpu": time.process_time()}
        figures |= {"asked": len(self.asked), "last_first": max(self.asked.values(), default=0.0)}
        return _response(200, json.dumps(figures).encode())

    def _listing(self, prefix: str) -> bytes:
        """List what patterns mean, or else what begins like some of the keys."""
        names = self._named() if prefix == PREFIX else self._keyed(prefix)
        modified = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(MODIFIED))
        items = "".join(
            f"<Contents><Key>{name}</Key><LastModified>{modified}</LastModified><ETag>{TAG}</ETag>"
            f"<Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for name in names
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{prefix}</Prefix><KeyCount>{len(names)}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>{items}</ListBucketResult>"
        ).encode()

    def _keyed(self, prefix: str) -> list[str]:
        keys = map(key, range(self.count if self.full else 0))
        return [each for each in keys if each.startswith(prefix)]

    def _named(self) -> list[str]:
        each = -(-self.count // OBJECTS)
        names = [f"old-{number}" for number in range(OBJECTS)]
        if self.full:
            names = [
                f"new-{'-'.join(f'{number:05}' for number in range(start, start + each))}-"
                for start in range(0, self.count, each)
            ]
        return [PREFIX + name for name in names]


class _Protocol(asyncio.Protocol):
    """HTTP/1.1 as far as a client of S3 needs it: requests without bodies, one after the other."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self._transport.write(self._bucket.answer(method, target))  # type: ignore[attr-defined]


def _response(status: int, body: bytes, more: str = "") -> bytes:
    kind = "Content-Type: application/xml\r\n" if body else ""
    head = f"HTTP/1.1 {status} X\r\nDate: {formatdate(usegmt=True)}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MISSING = _response(404, b"")
_FOUND = _response(
    200,
    b"",
    f'Last-Modified: {formatdate(MODIFIED, usegmt=True)}\r\nETag: "9a0364b9e99bb480dd25e1f0284c8555"\r\n'
    "Accept-Ranges: bytes\r\n",
).replace(b"Content-Length: 0", b"Content-Length: 7")
