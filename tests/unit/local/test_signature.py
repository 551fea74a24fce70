# SPDX-License-Identifier: Apache-2.0
"""The AWS4-X509 signature of a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.local.model import HttpRequest, Refusal
from airflow_provider_s3rest.local.pki import generate_key
from airflow_provider_s3rest.local.signature import canonical_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.pki import KeyKind
    from tests.unit.local.conftest import Service

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def _edit(request: HttpRequest, name: str, old: str, new: str) -> HttpRequest:
    headers = tuple((key, value.replace(old, new) if key == name else value) for key, value in request.headers)
    assert headers != request.headers
    return replace(request, headers=headers)


def _add(request: HttpRequest, name: str, value: str) -> HttpRequest:
    return replace(request, headers=(*request.headers, (name, value)))


def _drop(request: HttpRequest, name: str) -> HttpRequest:
    return replace(request, headers=tuple(pair for pair in request.headers if pair[0] != name))


def _refusal(service: Service, request: HttpRequest) -> Refusal:
    with pytest.raises(Refusal) as caught:
        service.verify(request)
    return caught.value


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "p-256", "p-384", "p-521"])
def test_every_kind_of_key(service: Service, kind: KeyKind) -> None:
    """RSA and EC keys of every accepted size sign requests that verify."""
    leaf = service.pki.intermediate.issue_leaf(key=generate_key(kind), common_name=kind)
    assert service.verify(service.sign(leaf=leaf)).subject == f"CN={kind}"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda r: replace(r, body=r.body + b" "), "does not verify"),
        (lambda r: replace(r, query="x=1"), "does not verify"),
        (lambda r: _edit(r, "Host", "127.0.0.1", "127.0.0.2"), "does not verify"),
        (lambda r: _edit(r, "Content-Type", "1.0", "1.1"), "does not verify"),
        (lambda r: _add(r, "Host", "second"), "does not verify"),
        (lambda r: _edit(r, "Authorization", "Signature=", "Signature=00"), "does not verify"),
        (lambda r: _edit(r, "Authorization", "Signature=", "Signature=0"), "does not verify"),
        (lambda r: _edit(r, "Authorization", "Signature=3", "Signature=X"), "malformed"),
        (lambda r: _edit(r, "Authorization", "AWS4-X509", "AWS4 X509"), "malformed"),
        (lambda r: _edit(r, "Authorization", ";", ","), "malformed"),
        (lambda r: _add(r, "Authorization", "again"), "malformed"),
        (lambda r: _edit(r, "Authorization", "Credential=", "Credential=1"), "serial number"),
        (lambda r: _edit(r, "Authorization", "ECDSA", "RSA"), "does not fit"),
        (lambda r: _edit(r, "Authorization", "SHA256", "SHA384"), "does not fit"),
        (lambda r: _edit(r, "Authorization", "aws4_request", "aws5_request"), "scope"),
        (lambda r: _edit(r, "Authorization", "host;x-amz-date", "x-amz-date;host"), "not sorted"),
        (lambda r: _edit(r, "Authorization", "host;", "host;host;"), "not sorted"),
        (lambda r: _edit(r, "Authorization", "host;", "host;via;"), "signed but not sent: via"),
        (lambda r: _edit(r, "X-Amz-Date", "T", " "), "X-Amz-Date is missing or malformed"),
        (lambda r: _edit(r, "X-Amz-Date", "20", "29"), "X-Amz-Date"),
        (lambda r: _drop(r, "X-Amz-Date"), "X-Amz-Date is missing or malformed"),
        (lambda r: _drop(r, "X-Amz-X509"), "X-Amz-X509 is missing or repeated"),
        (lambda r: _add(r, "X-Amz-X509", "again"), "X-Amz-X509 is missing or repeated"),
        (lambda r: _drop(r, "X-Amz-X509-Chain"), "signed but not sent"),
    ],
)
def test_whatever_is_changed_is_refused(
    service: Service, change: Callable[[HttpRequest], HttpRequest], detail: str
) -> None:
    """A change to any part of a signed request has the service's one answer, and a detail that says which part."""
    refusal = _refusal(service, change(service.sign()))
    assert (refusal.status, refusal.code, refusal.message) == (403, "AccessDeniedException", "Invalid signature")
    assert detail in refusal.detail


def test_no_authorization(service: Service) -> None:
    """A request without the header is told so."""
    refusal = _refusal(service, _drop(service.sign(), "Authorization"))
    assert (refusal.status, refusal.message) == (403, "Missing Authentication Token")


@pytest.mark.parametrize("name", ["content-type", "host", "x-amz-date", "x-amz-x509", "x-amz-x509-chain"])
def test_every_required_header_must_be_signed(service: Service, name: str) -> None:
    """A required header that is sent but not signed is refused, though the live service only records it."""
    assert _refusal(service, service.sign(unsigned=(name,))).detail == f"not signed: {name}"


@pytest.mark.parametrize("scope", ["eu-west-1/rolesanywhere", "us-east-1/s3"])
def test_a_scope_of_another_region_or_service(service: Service, scope: str) -> None:
    """A signature made for elsewhere is no good here."""
    assert "credential scope" in _refusal(service, service.sign(scope=scope)).detail


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_skew_within_five_minutes(service: Service, seconds: int) -> None:
    """Clocks may differ by up to five minutes, either way."""
    request = service.sign()
    service.now += timedelta(seconds=seconds)
    assert service.verify(request)


@pytest.mark.parametrize("seconds", [-302, 302])
def test_a_skew_beyond_five_minutes(service: Service, seconds: int) -> None:
    """A greater difference is an invalid signature, with no word of the clock."""
    request = service.sign()
    service.now += timedelta(seconds=seconds)
    refusal = _refusal(service, request)
    assert refusal.message == "Invalid signature"
    assert "away from the endpoint's clock" in refusal.detail


def test_the_key_of_another_certificate(service: Service) -> None:
    """Only the certificate's own key can sign for it."""
    stolen = replace(service.pki.ec, private_key=service.pki.intermediate.issue_leaf().private_key)
    assert "does not verify" in _refusal(service, service.sign(leaf=stolen)).detail


def test_a_real_date_is_demanded(service: Service) -> None:
    """A timestamp of the right form must be a date too."""
    request = service.sign()
    date = request.header_values("x-amz-date")[0]
    assert "is no date" in _refusal(service, _edit(request, "X-Amz-Date", date[4:8], "1399")).detail


def test_values_are_trimmed_collapsed_and_joined() -> None:
    """Header values are canonicalised as Signature Version 4 demands."""
    request = HttpRequest(method="POST", path="/", query="", headers=(("A", " x   y "), ("a", "z")), body=b"")
    assert canonical_request(request, ("a",)).splitlines()[3] == "a:x y,z"


@given(st.lists(st.tuples(_TEXT.filter(bool), _TEXT), min_size=1))
def test_the_query_is_canonical_however_it_was_encoded(pairs: list[tuple[str, str]]) -> None:
    """The canonical query is the same whether the client escaped everything or only what it must."""

    def canonical(encode: Callable[[str], str]) -> str:
        query = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
        return canonical_request(HttpRequest(method="POST", path="/", query=query, headers=(), body=b""), ())

    def all_of(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode())

    def some_of(text: str) -> str:
        return "".join(char if char.isascii() and char.isalnum() else all_of(char) for char in text)

    assert canonical(all_of) == canonical(some_of)
