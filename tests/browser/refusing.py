# SPDX-License-Identifier: Apache-2.0
"""An S3 on loopback that knows whoever asks but lets nobody list buckets: SeaweedFS has no such permission to take."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = (
    "User: arn:aws:iam::123456789012:user/airflow is not authorized to perform: s3:ListAllMyBuckets because no "
    "identity-based policy allows the s3:ListAllMyBuckets action"
)
_BODY = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>{MESSAGE}</Message></Error>"


class _Refusal(BaseHTTPRequestHandler):
    """Answers as https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html says."""

    def do_GET(self) -> None:
        """Refuse."""
        body = _BODY.encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-request-id", "4442587FB7D0A2F9")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def refusing_s3() -> Iterator[int]:
    """Run the server.

    :returns: its port.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusal) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
