# SPDX-License-Identifier: Apache-2.0
"""A scripted S3 whose contents change from look to look."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import escape

from tests.unit.s3.conftest import Answer

if TYPE_CHECKING:
    from tests.unit.s3.conftest import FakeS3, Request

State: TypeAlias = "list[str] | dict[str, str] | tuple[Answer, ...] | Answer"

WRITTEN = "2026-11-24T01:02:03.000Z"
PAGE = 1000


def error(status: int, code: str, message: str = "Sorry & so on") -> Answer:
    """Make an error as S3 words it."""
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


def listing(keys: list[str], start: int = 0, etag: str = "e1") -> Answer:
    """Make a page of a listing; each object has 5 bytes."""
    shown = keys[start : start + PAGE]
    items = "".join(
        f"<Contents><Key>{quote(key, safe='/')}</Key><LastModified>{WRITTEN}</LastModified>"
        f"<ETag>&quot;{etag}&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in shown
    )
    more = start + PAGE < len(keys)
    token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>"
    rest = f"<IsTruncated>true</IsTruncated>{token}" if more else ""
    body = f"<ListBucketResult><EncodingType>url</EncodingType>{rest}{items}</ListBucketResult>"
    return Answer(200, body.encode())


@functools.cache
def huge(count: int) -> tuple[Answer, ...]:
    """Make all pages of a listing, once."""
    keys = [f"p/{number:06}" for number in range(count)]
    return tuple(listing(keys, start) for start in range(0, count, PAGE))


class World:
    """What the buckets hold: one state after the other, each for one look; the last one stays.

    A state is the keys that are there, also with their ETag; the pages of a listing; or what is answered to every look.
    There is no bucket ``missing``. The clock of S3 goes on by ``tick`` seconds from look to look.
    """

    def __init__(self, server: FakeS3) -> None:
        self.server = server
        self.states: list[State] = [[]]
        self.tick = 0.0
        self.looks = 0

    def then(self, *states: State) -> None:
        """Begin with these states."""
        self.states = list(states)
        self.looks = 0

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        url = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        bucket, _, key = request.path.decode().lstrip("/").partition("/")
        if "list-type" in query:
            return self._list(bucket, query)
        if not key:
            return Answer(404 if bucket == "missing" else 200)
        return self._object(request, bucket, key)

    def _list(self, bucket: str, query: dict[str, str]) -> Answer:
        start = int(query.get("continuation-token", 0))
        state = self._state(looks=not start)
        if isinstance(state, Answer):
            return state
        if bucket == "missing":
            return error(404, "NoSuchBucket", "The specified bucket does not exist")
        if isinstance(state, tuple):
            return state[start // PAGE]
        keys = [key for key in state if key.startswith(query.get("prefix", ""))]
        return listing(keys, start, etag=_etag(state))

    def _object(self, request: Request, bucket: str, key: str) -> Answer:
        # A GET only asks for the words of a refusal.
        state = self._state(looks=request.method == "HEAD")
        if isinstance(state, Answer):
            return state
        if bucket != "missing" and key in state:
            headers = {"ETag": f'"{_etag(state)}"', "x-amz-meta-rows": str(len(key))}
            return Answer(200, b"12345", headers)
        return error(404, "NoSuchBucket" if bucket == "missing" else "NoSuchKey")

    def _state(self, *, looks: bool) -> State:
        number = min(max(self.looks - (not looks), 0), len(self.states) - 1)
        if looks:
            self.looks += 1
            self.server.ahead_seconds += self.tick
        return self.states[number]


def _etag(state: State) -> str:
    return next(iter(state.values()), "") if isinstance(state, dict) else "e1"  # type: ignore[return-value]
