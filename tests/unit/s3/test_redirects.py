# SPDX-License-Identifier: Apache-2.0
"""Tests of endpoints that redirect: nothing goes round in circles, and no signature goes elsewhere.

That AWS sends requests to a bucket's own region is tested with the regions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

OPERATIONS: dict[str, Callable[[S3], object]] = {
    "get": lambda s3: s3.get_object("bucket", "key").read(),
    "head": lambda s3: s3.head_object("bucket", "key"),
    "put": lambda s3: s3.upsert_object("bucket", "key", b"data"),
    "delete": lambda s3: s3.delete_objects("bucket", "key"),
}
# What the HTTP client of obstore follows at most, and does not let us set.
MOST_HOPS = 10


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_a_circle_ends(
    fake: Any, make_s3: Callable[..., S3], sleeps: list[float], engine: str, operation: str, status: int
) -> None:
    """An endpoint that redirects to itself is an error at once; boto3 follows it nowhere."""
    fake.always(status, Location=f"{fake.url}/bucket/key")
    with pytest.raises((ClientError, HTTPClientError)) as caught:
        OPERATIONS[operation](make_s3(engine))
    followed = engine == "obstore" and operation in {"get", "head"}
    assert len(fake.requests) == (1 + MOST_HOPS if followed else 1)
    assert ("its redirect leads nowhere" if followed else str(status)) in str(caught.value)
    assert not sleeps


@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
@pytest.mark.parametrize("operation", ["get", "head"])
def test_no_signature_goes_to_another_host(fake: Any, make_s3: Callable[..., S3], engine: str, operation: str) -> None:
    """What obstore follows, it follows without the signature; the others say what the endpoint said."""
    elsewhere = fake.url.replace("127.0.0.1", "localhost")
    fake.then(307, Location=f"{elsewhere}/other")
    if engine != "obstore":
        with pytest.raises(ClientError, match="307"):
            OPERATIONS[operation](make_s3(engine))
    else:
        OPERATIONS[operation](make_s3(engine))
        assert fake.requests[1].host == elsewhere.removeprefix("http://")
        assert "authorization" not in fake.requests[1].headers


@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_nothing_is_written_elsewhere(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """A PUT is not sent on."""
    fake.then(307, Location=f"{fake.url}/other")
    with pytest.raises(ClientError, match="307"):
        make_s3(engine).upsert_object("bucket", "key", b"data")
    assert len(fake.requests) == 1
