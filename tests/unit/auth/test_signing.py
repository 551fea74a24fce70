# SPDX-License-Identifier: Apache-2.0
"""The signature of a request: the public client's for RSA, one that verifies for EC, and the rules behind both."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSRequest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from iam_rolesanywhere_session import IAMRolesAnywhereSession, iam_rolesanywhere_session

from airflow_provider_s3rest.auth import rolesanywhere
from airflow_provider_s3rest.auth.http import Answer
from airflow_provider_s3rest.auth.identity import load_identity
from airflow_provider_s3rest.auth.signing import canonical_request, sign, string_to_sign
from airflow_provider_s3rest.exceptions import S3RestCredentialError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider_s3rest.connection import RolesAnywhere
    from airflow_provider_s3rest.local.pki import KeyKind, PrivateKey
    from tests.unit.auth.conftest import Authorities

NOW = datetime.now(UTC).replace(microsecond=0)
TIMESTAMP = f"{NOW:%Y%m%dT%H%M%SZ}"
SCOPE = f"{TIMESTAMP[:8]}/us-east-1/rolesanywhere/aws4_request"
HOSTS = ["rolesanywhere.us-east-1.amazonaws.com", "localhost:8443", "[::1]:8443"]

NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
WORDS = st.text(string.ascii_letters + string.digits + ":;,=/.-+", min_size=1, max_size=8)
VALUES = st.lists(WORDS, min_size=1, max_size=4)
HEADERS = st.dictionaries(NAMES.map(str.lower), VALUES, max_size=5)
SPACES = st.text(" \t", min_size=1, max_size=3)


@dataclass(frozen=True)
class Signer:
    """Signs with the data itself, so that whatever shapes the signature shows in it."""

    algorithm: str = "AWS4-X509-RSA-SHA256"
    serial_number: int = 7
    certificate: str = "leaf"
    chain: tuple[str, ...] = ()

    def sign(self, data: bytes) -> bytes:
        """Give the data."""
        return data


def signed(**changes: object) -> dict[str, str]:
    """Sign a request that is always the same but for some arguments."""
    usual = {
        "url": "https://host/sessions",
        "region": "us-east-1",
        "headers": {"Content-Type": "text"},
        "body": b"body",
        "now": NOW,
    }
    return sign(Signer(), **(usual | changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Request:
    """What a client sends, and what it signed on the way."""

    headers: Mapping[str, str]
    body: bytes
    canonical: str
    to_sign: str


@pytest.fixture
def send_ours(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Request]:
    """Give a function that makes our whole request, with the clock stopped."""
    sent: list[tuple[Mapping[str, str], bytes]] = []

    def post(_: str, *, headers: Mapping[str, str], body: bytes, verify: object) -> Answer:
        assert verify is True
        sent.append((headers, body))
        return Answer(400, {}, b"{}")

    monkeypatch.setattr(rolesanywhere, "post", post)
    monkeypatch.setattr(rolesanywhere, "_now", lambda: NOW)

    def send(settings: RolesAnywhere, host: str) -> Request:
        identity = load_identity(settings, conn_id="", now=NOW)
        with pytest.raises(S3RestCredentialError):
            rolesanywhere.create_session(settings, identity, url=f"https://{host}")
        headers, body = sent.pop()
        values = {name: value for name, value in headers.items() if name != "Authorization"}
        canonical, _ = canonical_request("/sessions", values, body)
        return Request(headers, body, canonical, string_to_sign(identity.algorithm, TIMESTAMP, SCOPE, canonical))

    return send


@pytest.fixture
def send_theirs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Request]:
    """Give a function that makes the whole request of the public client, with the clock stopped."""
    clock = SimpleNamespace(now=lambda _: NOW)
    monkeypatch.setattr(iam_rolesanywhere_session, "datetime", clock)

    def send(settings: RolesAnywhere, host: str) -> Request:
        session = IAMRolesAnywhereSession(
            profile_arn=settings.profile_arn,
            role_arn=settings.role_arn,
            trust_anchor_arn=settings.trust_anchor_arn,
            certificate=settings.certificate.encode(),
            certificate_chain=settings.certificate_chain.encode() or None,
            private_key=settings.private_key.encode(),
            region=settings.region,
            role_session_name=settings.session_name,
            session_duration=settings.duration_seconds,
        )
        body = json.dumps(session._build_session_request_body())
        request = AWSRequest(method="POST", url=f"https://{host}/sessions", data=body)
        signer = session._request_signer
        signer.add_auth(request)
        headers = dict(request.headers.items())
        # The client keeps neither of the two; what it added last was not signed.
        del request.headers["Authorization"]
        canonical = signer.canonical_request(request)
        return Request(headers, body.encode(), canonical, signer.string_to_sign(request, canonical))

    return send


@pytest.fixture(params=[False, True], ids=["leaf only", "with chain"])
def rsa_settings(
    request: pytest.FixtureRequest,
    authorities: Authorities,
    key_of: Callable[[KeyKind], PrivateKey],
    settings_of: Callable[..., RolesAnywhere],
) -> RolesAnywhere:
    """A connection with an RSA certificate."""
    leaf = authorities.intermediate.issue_leaf(key=key_of("rsa-2048"))
    chain = authorities.intermediate.certificate + authorities.root.certificate if request.param else None
    return settings_of(
        certificate=leaf.certificate, private_key=leaf.private_key, certificate_chain=chain, duration_seconds=1234
    )


@pytest.mark.parametrize("part", ["body", "canonical", "to_sign", "headers"])
@pytest.mark.parametrize("host", HOSTS)
def test_the_request_is_that_of_the_public_client(
    rsa_settings: RolesAnywhere,
    host: str,
    part: str,
    send_ours: Callable[..., Request],
    send_theirs: Callable[..., Request],
) -> None:
    """Each part of a request signed with RSA equals, byte for byte, what the public client makes of the same input."""
    assert getattr(send_ours(rsa_settings, host), part) == getattr(send_theirs(rsa_settings, host), part)


@pytest.mark.parametrize("kind", ["p-256", "p-384", "p-521"])
def test_ecdsa_is_der_over_sha_256(
    kind: KeyKind,
    authorities: Authorities,
    key_of: Callable[[KeyKind], PrivateKey],
    settings_of: Callable[..., RolesAnywhere],
    send_ours: Callable[..., Request],
) -> None:
    """The signature of every curve is ASN.1 DER and verifies with the certificate's key."""
    leaf = authorities.root.issue_leaf(key=key_of(kind))
    request = send_ours(settings_of(certificate=leaf.certificate, private_key=leaf.private_key), HOSTS[0])
    algorithm, _, rest = request.headers["Authorization"].partition(" ")
    public = key_of(kind).public_key()
    assert algorithm == "AWS4-X509-ECDSA-SHA256"
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = bytes.fromhex(rest.rpartition("Signature=")[2])
    public.verify(signature, request.to_sign.encode(), ec.ECDSA(hashes.SHA256()))


def test_the_authorization_header() -> None:
    """It names the algorithm, the decimal serial number, the scope and the signed headers."""
    expected = f"AWS4-X509-RSA-SHA256 Credential=7/{SCOPE}, SignedHeaders=content-type;host;x-amz-date;x-amz-x509, "
    assert signed()["Authorization"].startswith(expected + "Signature=")


def test_no_chain_no_header() -> None:
    """Without intermediates there is no chain header: the service calls the signature over an empty one invalid."""
    assert "X-Amz-X509-Chain" not in signed()


def test_the_chain_is_joined_by_commas() -> None:
    """The intermediates stand in one header, which is signed."""
    headers = sign(
        Signer(chain=("one", "two")), url="https://host/sessions", region="us-east-1", headers={}, body=b"", now=NOW
    )
    assert headers["X-Amz-X509-Chain"] == "one,two"
    assert ";x-amz-x509-chain," in headers["Authorization"]


def test_the_clock_of_another_time_zone() -> None:
    """The time is told in UTC, in whatever zone the moment is given."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-11)))
    assert signed(now=elsewhere) == signed()


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://host/session"},
        {"url": "https://host:8443/sessions"},
        {"region": "us-west-2"},
        {"headers": {"Content-Type": "texts"}},
        {"headers": {"Content-Types": "text"}},
        {"body": b"Body"},
        {"now": NOW + timedelta(seconds=1)},
    ],
    ids=["path", "host", "region", "header value", "header name", "body", "time"],
)
def test_every_part_is_signed(change: dict[str, object]) -> None:
    """A change of any part of the request changes the signature."""
    assert signed(**change)["Authorization"].rpartition("=")[2] != signed()["Authorization"].rpartition("=")[2]


@given(headers=HEADERS, body=st.binary(max_size=20), data=st.data())
def test_order_case_and_spaces_of_headers(headers: dict[str, list[str]], body: bytes, data: st.DataObject) -> None:
    """The order of headers, the case of their names and the width of their spaces play no part."""
    plain = {name: " ".join(words) for name, words in headers.items()}
    other = {}
    for name in data.draw(st.permutations(list(headers))):
        cased = data.draw(st.sampled_from([name, name.upper(), name.title()]))
        wide = data.draw(SPACES).join(headers[name])
        other[cased] = data.draw(SPACES) + wide + data.draw(SPACES)
    assert canonical_request("/", other, body) == canonical_request("/", plain, body)


@given(headers=HEADERS)
def test_signed_names(headers: dict[str, list[str]]) -> None:
    """The names are lower case, sorted, and the same in both places of the canonical request."""
    request, names = canonical_request("/", {name: " ".join(words) for name, words in headers.items()}, b"")
    lines = request.split("\n")
    assert names.split(";") == (sorted(headers) or [""])
    assert lines[-2] == names
    assert [line.partition(":")[0] for line in lines[3:-3]] == sorted(headers)


@given(first=st.binary(max_size=20), second=st.binary(max_size=20))
def test_bodies(first: bytes, second: bytes) -> None:
    """Two requests have the same canonical form only if their bodies are the same."""
    assert (canonical_request("/", {}, first) == canonical_request("/", {}, second)) == (first == second)


@given(headers=HEADERS.filter(bool), data=st.data())
def test_any_other_value(headers: dict[str, list[str]], data: st.DataObject) -> None:
    """Another word in any header gives another canonical request."""
    name = data.draw(st.sampled_from(sorted(headers)))
    words = data.draw(VALUES.filter(lambda words: words != headers[name]))
    plain = {name: " ".join(words) for name, words in headers.items()}
    assert canonical_request("/", plain, b"") != canonical_request("/", plain | {name: " ".join(words)}, b"")


@given(path=st.text(max_size=20), other=st.text(max_size=20))
def test_paths(path: str, other: str) -> None:
    """The path is percent-encoded but for its slashes, and no two paths are alike."""
    line = canonical_request(path, {}, b"")[0].split("\n")[1]
    assert set(line) <= set(string.ascii_letters + string.digits + "/%-_.~")
    assert (line == canonical_request(other, {}, b"")[0].split("\n")[1]) == (path == other)


@given(parts=st.lists(st.sampled_from(["a", "b"]), min_size=4, max_size=4))
def test_the_string_to_sign(parts: list[str]) -> None:
    """The algorithm, the time, the scope and the digest of the request stand on a line each."""
    algorithm, timestamp, scope, request = parts
    lines = string_to_sign(algorithm, timestamp, scope, request).split("\n")
    assert lines[:3] == [algorithm, timestamp, scope]
    assert len(lines[3]) == 64
