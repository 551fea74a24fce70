# SPDX-License-Identifier: Apache-2.0
"""Selections against the scripted server: by DuckDB over what it serves, and as S3 Select answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.select import Select, select_object
from tests.unit.s3.events import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which accounts other tests have found to be without S3 Select."""
    monkeypatch.setattr("airflow_provider_s3rest.s3.select.s3_select._missing", set())


@pytest.fixture
def ask(make_s3: Callable[..., S3]) -> Callable[..., str]:
    """Select from an object of the server, and return the whole result."""

    def ask(expression: str, key: str = "a.csv", **options: Any) -> str:
        with select_object(make_s3(), "bucket", key, Select.parse(key, expression, options)) as selected:
            return b"".join(selected).decode()

    return ask


@pytest.fixture
def query(fake: Any, ask: Callable[..., str]) -> Callable[..., str]:
    """Select by DuckDB from an object with these bytes."""

    def query(data: str | bytes, expression: str, key: str = "a.csv", **options: Any) -> str:
        fake.serve(data.encode() if isinstance(data, str) else data)
        return ask(expression, key, engine="duckdb", **options)

    return query


@pytest.fixture
def event() -> Callable[..., bytes]:
    """Make an event of S3 Select."""

    def event(kind: str, payload: bytes = b"") -> bytes:
        return frame(payload, {":message-type": "event", ":event-type": kind})

    return event


@pytest.fixture
def error_event() -> Callable[[str, str], bytes]:
    """Make an error inside an answer of S3 Select."""

    def error_event(code: str, message: str) -> bytes:
        return frame(b"", {":message-type": "error", ":error-code": code, ":error-message": message})

    return error_event


@pytest.fixture
def answer(event: Callable[..., bytes]) -> Callable[..., bytes]:
    """Make a whole answer of S3 Select."""

    def answer(*records: bytes, scanned: int = 1000) -> bytes:
        stats = f"<Stats><BytesScanned>{scanned}</BytesScanned></Stats>".encode()
        whole = [event("Records", piece) for piece in records]
        return b"".join([*whole, event("Cont"), event("Stats", stats), event("End")])

    return answer
