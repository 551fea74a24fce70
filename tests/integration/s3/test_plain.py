# SPDX-License-Identifier: Apache-2.0
"""Listings without boto3 against a server that checks signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.auth.credentials import credential_source
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.plain.pages import ask_page

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.stack import LocalStack

KEYS = ["a b+c/%20~.txt", "a b+c/z", "a b+c/ключ"]


@pytest.mark.parametrize("stack", ["local_stack", "local_tls_stack"])
@pytest.mark.parametrize("kind", ["access_keys", "roles_anywhere"])
def test_a_page_is_signed_as_the_service_wants_it(stack: str, kind: Any, request: pytest.FixtureRequest) -> None:
    """With both kinds of credentials, over HTTP and over TLS."""
    local: LocalStack = request.getfixturevalue(stack)
    client = local.s3_client()
    bucket = f"plain-{kind.replace('_', '-')}"
    client.create_bucket(Bucket=bucket)
    for key in KEYS:
        client.put_object(Bucket=bucket, Key=key, Body=b"12345")
    stored = local.connection(kind)
    connection = S3RestConnection.parse(
        conn_id="id", **{name: stored.get(name) for name in ("host", "port", "login", "password", "extra")}
    )
    s3 = S3(connection, credential_source(connection, cache_enabled=False, mask=lambda _: None))
    page = ask_page(s3.engines.plain, "list_objects_v2", bucket, {"Prefix": "a b+c/"})
    assert page
    assert [item.key for item in page.items] == KEYS  # type: ignore[union-attr]
    assert page.at
