# SPDX-License-Identifier: Apache-2.0
"""Reads requests of HTTP/1.1 as they arrive; what is larger than an object that is kept is only counted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_BYTES = 1 << 20
"""Bodies up to this size are kept."""


class Request:
    """One request.

    :param head: its first line and its headers, as they came.
    """

    def __init__(self, head: bytes) -> None:
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ", 2)
        self.method = method
        path, _, query = target.partition("?")
        self.bucket, _, key = path.removeprefix("/").partition("/")
        self.key = unquote(key)
        self.query = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        self._headers = b"\r\n" + rest + b"\r\n"
        self._lower = self._headers.lower()
        self.size = 0
        self.body = bytearray()

    def header(self, name: bytes) -> str:
        """Return a header; an absent one is empty."""
        start = self._lower.find(b"\r\n" + name + b":")
        if start < 0:
            return ""
        start += len(name) + 3
        return self._headers[start : self._headers.index(b"\r\n", start)].decode().strip()

    def take(self, data: memoryview) -> None:
        """Take a piece of the body."""
        self.size += len(data)
        if self.size <= KEPT_BYTES:
            self.body += data
        elif self.body:
            self.body = bytearray()


class Reader:
    """Reads the requests of one connection.

    :param go_on: called when the client waits for "100 Continue".
    :param done: called with each request when it is complete.
    """

    def __init__(self, go_on: Callable[[], None], done: Callable[[Request], None]) -> None:
        self._go_on = go_on
        self._done = done
        self._head = bytearray()
        self._request: Request | None = None
        self._left = 0
        self._chunked = False
        self._trailing = False

    def feed(self, data: memoryview) -> None:
        """Read what has arrived."""
        while len(data):
            if self._request is None:
                data = self._read_head(data)
            elif self._left:
                data = self._read_body(self._request, data)
            else:
                data = self._read_chunk_line(self._request, data)

    def _read_head(self, data: memoryview) -> memoryview:
        seen = len(self._head)
        self._head += data
        end = self._head.find(b"\r\n\r\n", max(0, seen - 3))
        if end < 0:
            return data[len(data) :]
        request = self._request = Request(bytes(self._head[:end]))
        rest = data[end + 4 - seen :]
        self._head = bytearray()
        self._chunked = request.header(b"transfer-encoding").lower() == "chunked"
        self._left = 0 if self._chunked else int(request.header(b"content-length") or 0)
        if request.header(b"expect"):
            self._go_on()
        if not (self._left or self._chunked):
            self._finish(request)
        return rest

    def _read_body(self, request: Request, data: memoryview) -> memoryview:
        piece = data[: self._left]
        self._left -= len(piece)
        request.take(piece)
        if not (self._left or self._chunked):
            self._finish(request)
        return data[len(piece) :]

    def _read_chunk_line(self, request: Request, data: memoryview) -> memoryview:
        """Read the line before a chunk, or after the last one."""
        seen = len(self._head)
        self._head += data
        # An end of a line stands behind each chunk too.
        end = self._head.find(b"\r\n", 0 if self._trailing or not self._head.startswith(b"\r\n") else 2)
        if end < 0:
            return data[len(data) :]
        line = bytes(self._head[:end]).strip()
        self._head = bytearray()
        rest = data[max(0, end + 2 - seen) :]
        if self._trailing:
            if not line:
                self._finish(request)
            return rest
        self._left = int(line.partition(b";")[0], 16)
        self._trailing = not self._left
        return rest

    def _finish(self, request: Request) -> None:
        self._request = None
        self._chunked = self._trailing = False
        if decoded := request.header(b"x-amz-decoded-content-length"):
            request.size, request.body = int(decoded), _unframed(bytes(request.body))
        self._done(request)


def _unframed(body: bytes) -> bytearray:
    """Take the chunks of S3 out of a body, which may be chunked by HTTP as well.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    found = bytearray()
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        found += body[:size]
        body = body[size + 2 :]
    return found
