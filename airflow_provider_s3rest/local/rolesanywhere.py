# SPDX-License-Identifier: Apache-2.0
"""The local IAM Roles Anywhere endpoint: ``POST /sessions`` over HTTP or HTTPS on 127.0.0.1.

Answers in the shapes of the service, records every call, and lets a test put a fault in place of an answer.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from airflow_provider_s3rest.local.model import (
    Account,
    HttpRequest,
    Refusal,
    SessionRequest,
    TemporaryCredentials,
    invalid,
)
from airflow_provider_s3rest.local.verification import verify_create_session

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

MAX_BODY_BYTES = 64 * 1024
AssumeRole = Callable[[SessionRequest], TemporaryCredentials]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; its body may hold credentials."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call, as the endpoint saw it.

    :param time: of the answer.
    :param code: the service's error code; empty for success and for an injected answer.
    :param detail: why the call was refused: more than the client is told.
    :param session_name: that and the rest are ``None`` unless the request passed verification.
    """

    time: datetime
    status: int
    code: str = ""
    detail: str = ""
    session_name: str | None = None
    role_arn: str | None = None
    subject: str | None = None
    duration_seconds: int | None = None


class DropConnection(Exception):  # noqa: N818 - an instruction, not an error
    """Raised by a fault to have the connection closed without an answer."""


Fault = Callable[[HttpRequest], Answer | None]


class RolesAnywhereEndpoint:
    """An IAM Roles Anywhere endpoint on 127.0.0.1, in threads of this process; a context manager.

    :param account: the resources that the endpoint knows; may be replaced while it runs, to revoke a certificate say.
    :param assume_role: obtains the temporary credentials for a verified request; may raise :class:`Refusal`.
    :param port: 0 takes a free one.
    :param ssl_context: serve HTTPS with it.
    """

    def __init__(
        self, account: Account, assume_role: AssumeRole, *, port: int = 0, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.account = account
        self.fault: Fault | None = None
        """Called with each request, in a thread of that request. It may return an answer to send in place of the
        service's, return ``None`` to let the service answer, block to delay it, or raise :class:`DropConnection`."""
        self.expires_in_seconds: float | None = None
        """When set, the *reported* expiration is that far from now, though the credentials live on: the S3 server
        makes no session shorter than 900 s, and tests of expiry cannot wait for that."""
        self._assume_role = assume_role
        self._lock = threading.Lock()
        self._calls: list[CallRecord] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.endpoint = self
        if ssl_context is not None:
            self._server.socket = ssl_context.wrap_socket(
                self._server.socket,
                server_side=True,
                # The handshake happens in the request's own thread, so that an idle client blocks no other.
                do_handshake_on_connect=False,
            )
        self.url = f"{'https' if ssl_context else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="rolesanywhere", daemon=True
        )

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """Every call so far, oldest first."""
        with self._lock:
            return tuple(self._calls)

    @property
    def sessions_created(self) -> int:
        """How many calls ended in a session of the endpoint's own making."""
        return sum(call.status == HTTPStatus.CREATED and call.session_name is not None for call in self.calls)

    def reset(self) -> None:
        """Forget the calls, those that are still under way too, and the faults."""
        self.fault = None
        self.expires_in_seconds = None
        with self._lock:
            self._calls = []

    def handle(self, request: HttpRequest) -> Answer:
        """Answer a request and record the call.

        :raises DropConnection: as the injected fault wishes.
        """
        calls = self._calls
        try:
            record, answer = self._injected(request) or self._create_session(request)
        except Refusal as refusal:
            record, answer = _refused(refusal)
        except DropConnection:
            self._record(calls, CallRecord(time=datetime.now(UTC), status=0, detail="connection dropped"))
            raise
        except Exception as error:  # noqa: BLE001 - a service answers even when it fails
            _log.exception("The local IAM Roles Anywhere endpoint failed")
            record, answer = _refused(Refusal(500, "InternalServerException", "", repr(error)))
        self._record(calls, record)
        return answer

    def _injected(self, request: HttpRequest) -> tuple[CallRecord, Answer] | None:
        answer = self.fault(request) if self.fault else None
        if answer is None:
            return None
        return CallRecord(time=datetime.now(UTC), status=answer.status, detail="injected"), answer

    def _create_session(self, request: HttpRequest) -> tuple[CallRecord, Answer]:
        now = datetime.now(UTC)
        session = verify_create_session(request, account=self.account, now=now)
        credentials = self._assume_role(session)
        expires_at = credentials.expires_at
        if self.expires_in_seconds is not None:
            expires_at = now + timedelta(seconds=self.expires_in_seconds)
        record = CallRecord(
            time=now,
            status=HTTPStatus.CREATED,
            session_name=session.session_name,
            role_arn=session.role_arn,
            subject=session.subject,
            duration_seconds=session.duration_seconds,
        )
        return record, _json_answer(HTTPStatus.CREATED, _session_body(session, credentials, expires_at))

    def _record(self, calls: list[CallRecord], record: CallRecord) -> None:
        with self._lock:
            calls.append(record)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Dozens of cold processes may call in the same instant; the default backlog of 5 would refuse some.
    request_queue_size = 256
    endpoint: RolesAnywhereEndpoint

    def handle_error(self, *_: object) -> None:
        _log.debug("A client of the local IAM Roles Anywhere endpoint went away", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "s3rest-local"
    sys_version = ""
    timeout = 60
    server: _Server

    def do_POST(self) -> None:
        self.close_connection = True
        try:
            answer = self.server.endpoint.handle(self._read_request())
        except Refusal as refusal:
            answer = _refused(refusal)[1]
        except DropConnection:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST  # noqa: N815 - the base class finds them by these names

    def _read_request(self) -> HttpRequest:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
            raise invalid("The request body's length is missing or too great.")
        path, _, query = self.path.partition("?")
        return HttpRequest(
            method=self.command,
            path=path,
            query=query,
            headers=tuple(self.headers.items()),
            body=self.rfile.read(int(length)),
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        _log.debug(format, *args)


def _refused(refusal: Refusal) -> tuple[CallRecord, Answer]:
    record = CallRecord(time=datetime.now(UTC), status=refusal.status, code=refusal.code, detail=refusal.detail)
    answer = _json_answer(refusal.status, {"message": refusal.message}, {"X-Amzn-ErrorType": refusal.code})
    return record, answer


def _json_answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Answer:
    common = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    return Answer(status=status, headers={**common, **(headers or {})}, body=json.dumps(content).encode())


def _session_body(
    session: SessionRequest, credentials: TemporaryCredentials, expires_at: datetime
) -> dict[str, object]:
    _, _, _, region, account_id, *_ = session.trust_anchor_arn.split(":")
    role_name = session.role_arn.rpartition("/")[2]
    role_id = f"AROA{uuid.uuid5(uuid.NAMESPACE_URL, session.role_arn).hex[:17].upper()}"
    subject_id = uuid.uuid5(uuid.NAMESPACE_URL, session.subject)
    credential_set = {
        "assumedRoleUser": {
            "arn": f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session.session_name}",
            "assumedRoleId": f"{role_id}:{session.session_name}",
        },
        "credentials": {
            "accessKeyId": credentials.access_key_id,
            "expiration": expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "secretAccessKey": credentials.secret_access_key,
            "sessionToken": credentials.session_token,
        },
        "packedPolicySize": 0,
        "roleArn": session.role_arn,
        "sourceIdentity": session.source_identity,
    }
    return {
        "credentialSet": [credential_set],
        "subjectArn": f"arn:aws:rolesanywhere:{region}:{account_id}:subject/{subject_id}",
    }
