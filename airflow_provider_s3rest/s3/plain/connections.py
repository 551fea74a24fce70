# SPDX-License-Identifier: Apache-2.0
"""Connections to S3 that are kept for the next request."""

from __future__ import annotations

import select
import ssl
import weakref
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple, cast

from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.errors import UNTRUSTED, FaultError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message
    from socket import socket

    from airflow_provider_s3rest.connection import S3RestConnection


class Answer(NamedTuple):
    """An answer of the service, with all of its body."""

    status: int
    headers: Message
    body: bytes


class Arriving:
    """An answer whose body is still to come; it belongs to one thread at a time.

    :param idle: where the connection goes when all has been read.
    """

    def __init__(self, response: HTTPResponse, used: HTTPConnection, idle: list[HTTPConnection]) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response = response
        self._used: HTTPConnection | None = used
        self._idle = idle

    def __del__(self) -> None:
        self.close()

    @property
    def is_complete(self) -> bool:
        """Whether all of the body has been read."""
        return self._response.isclosed() and not self._response.length

    def read(self, size: int | None = None) -> bytes:
        """Read on.

        :param size: at most so many bytes; None: all.
        :returns: the next bytes; none at the end, be it the body's or that of a connection which broke.
        :raises FaultError: nothing more came.
        """
        try:
            return self._response.read(size)
        except (OSError, HTTPException) as error:
            said = str(error) or type(error).__name__
        raise FaultError(f"The answer broke off: {said}")

    def whole(self) -> Answer:
        """Read all of the body.

        :raises FaultError: not all of it came.
        """
        try:
            return Answer(self.status, self.headers, self.read())
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; one in which something is left to be read is of no use."""
        used, self._used = self._used, None
        if used is None:
            return
        if self.is_complete and not self._response.will_close:
            self._idle.append(used)
        else:
            # A connection that the service ends belongs to the answer alone.
            self._response.close()
            used.close()


class Connections:
    """Sends requests by as many connections as threads ask for at once. Safe for threads."""

    def __init__(self, connection: S3RestConnection) -> None:
        self._connection = connection
        self._idle: dict[str, list[HTTPConnection]] = {}
        weakref.finalize(self, _close, self._idle).atexit = False

    def open(self, method: str, base: str, target: str, headers: Mapping[str, str], body: bytes) -> Arriving:
        """Send a request, and wait for the beginning of its answer.

        :param base: scheme and host.
        :param target: path and query, encoded.
        :raises FaultError: there was no answer.
        """
        idle = self._idle.setdefault(base, [])
        used = _live(idle) or self._new(base)
        try:
            return Arriving(_exchange(used, method, target, headers, body), used, idle)
        except BaseException as error:
            used.close()
            if not isinstance(error, OSError | HTTPException):
                raise
            said = f"{self._connection.endpoint_url or 'S3'} gave no answer: {str(error) or type(error).__name__}"
        raise FaultError(said, permanent=UNTRUSTED in said)

    def _new(self, base: str) -> HTTPConnection:
        scheme, _, host = base.partition("://")
        if scheme == "http":
            return HTTPConnection(host, timeout=network.CONNECT_TIMEOUT_SECONDS)
        return HTTPSConnection(host, timeout=network.CONNECT_TIMEOUT_SECONDS, context=self._trust)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=network.ca_bundle(self._connection))


def _exchange(used: HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: bytes) -> HTTPResponse:
    if used.sock is None:
        used.connect()
        cast("socket", used.sock).settimeout(network.READ_TIMEOUT_SECONDS)
    # A text would be sent as Latin-1, but is signed as UTF-8.
    used.request(method, target, body, {name: value.encode() for name, value in headers.items()})
    return used.getresponse()


def _close(idle: dict[str, list[HTTPConnection]]) -> None:
    for connections in idle.values():
        for each in connections:
            each.close()


def _live(idle: list[HTTPConnection]) -> HTTPConnection | None:
    """Take the connection that was used last; those that the service has closed meanwhile are readable."""
    while idle:
        try:
            used = idle.pop()
        except IndexError:  # another thread was faster
            return None
        poll = select.poll()
        poll.register(used.sock, select.POLLIN)
        if not poll.poll(0):
            return used
        used.close()
    return None
