# SPDX-License-Identifier: Apache-2.0
"""Tests that nothing around a process changes what it sends, save proxies and the CA bundle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from pathlib import Path

SECURE = "https://127.0.0.1:9"
every_engine = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])

HOSTILE = {
    "AWS_ACCESS_KEY_ID": "EVIL",
    "AWS_SECRET_ACCESS_KEY": "EVIL",
    "AWS_SESSION_TOKEN": "EVIL",
    "AWS_PROFILE": "evil",
    "AWS_REGION": "evil-1",
    "AWS_DEFAULT_REGION": "evil-1",
    "AWS_ENDPOINT": "http://evil.invalid",
    "AWS_ENDPOINT_URL": "http://evil.invalid",
    "AWS_ENDPOINT_URL_S3": "http://evil.invalid",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_UNSIGNED_PAYLOAD": "true",
    "AWS_S3_EXPRESS": "true",
    "AWS_BUCKET": "evil",
    "AWS_BUCKET_NAME": "evil",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    "AWS_REQUEST_PAYER": "requester",
    "AWS_ALLOW_HTTP": "false",
    "AWS_PROXY_URL": "http://evil.invalid",
    "AWS_TIMEOUT": "1ms",
    "AWS_DEFAULT_CONTENT_TYPE": "evil/evil",
    "AWS_COPY_IF_NOT_EXISTS": "bogus",
    "AWS_CONDITIONAL_PUT": "bogus",
    "AWS_SERVER_SIDE_ENCRYPTION": "AES256",
    "AWS_CHECKSUM_ALGORITHM": "bogus",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_RETRY_MODE": "bogus",
    "AWS_MAX_ATTEMPTS": "9",
    "AWS_DEFAULTS_MODE": "bogus",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "bogus",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "bogus",
    "AWS_AUTH_SCHEME_PREFERENCE": "httpBearerAuth",
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "bogus",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "bogus",
    "AWS_SDK_UA_APP_ID": "evil",
}
CONFIG = """
[default]
region = evil-1
s3 =
  addressing_style = virtual
  use_accelerate_endpoint = true
[profile evil]
endpoint_url = http://evil.invalid
"""
VARYING = {"x-amz-date", "authorization", "amz-sdk-invocation-id", "amz-sdk-request", "user-agent"}


def _sent(fake: Any, s3: Any) -> list[Any]:
    fake.requests.clear()
    s3.upsert_object("bucket", "key", b"data")
    s3.head_object("bucket", "key")
    s3.client("bucket").list_buckets()
    return [
        (
            request.method,
            request.target,
            request.body,
            {name: value for name, value in request.headers.items() if name not in VARYING},
            request.headers["authorization"].partition("Credential=")[2].split(", Signature")[0].split("/")[::2],
        )
        for request in fake.requests
    ]


@pytest.mark.parametrize("engine", ["plain", "boto3"])
def test_nothing_ambient_is_sent(
    fake: Any, make_s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """Every AWS variable and file set to something else, and the requests are the same."""
    usual = _sent(fake, make_s3(engine))
    config = tmp_path / "config"
    config.write_text(CONFIG)
    for name, value in (HOSTILE | {"AWS_CONFIG_FILE": str(config)}).items():
        monkeypatch.setenv(name, value)
    assert _sent(fake, make_s3(engine, max_concurrency=31)) == usual
    assert not any("evil" in str(request.headers).lower() for request in fake.requests)


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"AWS_SERVER_SIDE_ENCRYPTION", "AWS_CHECKSUM_ALGORITHM"}))
def test_obstore_ignores_each_variable(fake: Any, make_s3: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An argument overrides every setting that obstore would read from the environment."""
    usual = _sent(fake, make_s3("obstore"))
    monkeypatch.setenv(name, HOSTILE[name])
    assert _sent(fake, make_s3("obstore", max_concurrency=31)) == usual


@pytest.mark.parametrize("name", ["AWS_SERVER_SIDE_ENCRYPTION", "AWS_CHECKSUM_ALGORITHM"])
def test_variables_that_obstore_obeys_exclude_it(
    fake: Any, make_s3: Any, engines_of: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No argument overrides these two, so that another does the work where one is set."""
    monkeypatch.setenv(name, HOSTILE[name])
    with ThreadPoolExecutor(1) as pool:
        pool.submit(make_s3().upsert_object, "bucket", "key", b"data").result()
    (request,) = fake.requests
    assert set(engines_of(fake)) == {"plain"}
    assert not any("encryption" in header or "checksum" in header for header in request.headers)


@every_engine
def test_proxies_and_ca_bundle_are_honoured(aws: Any, make_s3: Any, engine: str) -> None:
    """HTTPS_PROXY and AWS_CA_BUNDLE lead a request for AWS to where they say."""
    make_s3(engine, endpoint_url=None, region_name="us-east-1").upsert_object("bucket", "key", b"data")
    (request,) = aws.requests
    assert request.host == "bucket.s3.us-east-1.amazonaws.com:443"


@every_engine
def test_no_proxy_is_honoured(fake: Any, make_s3: Any, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """A host that NO_PROXY names is reached directly."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    make_s3(engine).upsert_object("bucket", "key", b"data")
    assert len(fake.requests) == 1


@every_engine
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_connections_bundle_wins(
    aws: Any,
    make_s3: Any,
    authority: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    engine: str,
) -> None:
    """Whatever the environment trusts, ``verify`` is what counts."""
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setenv(variable, "/nonexistent/ca.pem")
    s3 = make_s3(engine, endpoint_url=None, region_name="us-east-1", verify=str(authority[0]))
    s3.upsert_object("bucket", "key", b"data")
    assert len(aws.requests) == 1


@every_engine
def test_an_unknown_certificate_is_refused_at_once(
    aws: Any, make_s3: Any, sleeps: list[float], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """TLS is verified, and no retry would change that."""
    from botocore.exceptions import BotoCoreError

    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(BotoCoreError, match=r"(?i)certificate"):
        make_s3(engine, endpoint_url=None, region_name="us-east-1").upsert_object("bucket", "key", b"data")
    assert (aws.requests, sleeps) == ([], [])


@every_engine
def test_the_user_agent_names_the_provider(fake: Any, make_s3: Any, engine: str) -> None:
    """AWS support can see who calls."""
    make_s3(engine).head_object("bucket", "key")
    assert "airflow-provider-s3rest/" in fake.requests[0].headers["user-agent"]


@every_engine
def test_requester_pays_is_said(fake: Any, make_s3: Any, engine: str) -> None:
    """A connection that pays says so in its requests."""
    make_s3(engine, requester_pays=True).head_object("bucket", "key")
    assert fake.requests[0].headers["x-amz-request-payer"] == "requester"


def test_the_expected_owner_is_said_and_signed(fake: Any, make_s3: Any) -> None:
    """It goes with every operation that knows it, by the engine that can sign it."""
    s3 = make_s3(expected_bucket_owner="123456789012")
    s3.upsert_object("bucket", "key", b"data")
    s3.client().list_buckets()
    put, listing = fake.requests
    assert put.headers["x-amz-expected-bucket-owner"] == "123456789012"
    assert "x-amz-expected-bucket-owner" in put.headers["authorization"]
    assert "x-amz-expected-bucket-owner" not in listing.headers


@every_engine
def test_a_missing_bundle_is_named(make_s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    """The field or the variable at fault is named, and it is no missing object."""
    with pytest.raises(S3RestConnectionError, match="verify: names no file"):
        make_s3(engine, verify=str(tmp_path / "absent"), endpoint_url=SECURE).head_object("bucket", "key")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "absent"))
    with pytest.raises(OSError, match="AWS_CA_BUNDLE names no file") as caught:
        make_s3(engine, endpoint_url=SECURE).head_object("bucket", "key")
    assert not isinstance(caught.value, FileNotFoundError)
