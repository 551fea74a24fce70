# SPDX-License-Identifier: Apache-2.0
"""Test Connection fails in every stage, and says in a toast which field to mend, and never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.local.pki import make_root, validity_of
from tests.browser.conftest import IMAGES, wanted
from tests.browser.refusing import MESSAGE, refusing_s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack
    from tests.browser.pages import Connections

pytestmark = pytest.mark.timeout(600)

# Of the tallest toast: half of a small screen.
TALLEST = 400


def _wrong_secret(stack: LocalStack) -> dict[str, Any]:
    return stack.connection() | {"password": "a-secret-that-is-wrong"}


def _wrong_key(stack: LocalStack) -> dict[str, Any]:
    return stack.connection("roles_anywhere", private_key=stack.pki.rsa.private_key)


def _key_as_certificate(stack: LocalStack) -> dict[str, Any]:
    # Of a key that this Airflow has never seen: it masks in every field what it knows for a secret.
    key = stack.pki.intermediate.issue_leaf().private_key
    return stack.connection("roles_anywhere", certificate=key)


def _expired(stack: LocalStack) -> dict[str, Any]:
    leaf = stack.pki.intermediate.issue_leaf(validity=validity_of(-2))
    return stack.connection("roles_anywhere", certificate=leaf.certificate, private_key=leaf.private_key)


def _untrusted(stack: LocalStack) -> dict[str, Any]:
    leaf = make_root("Somebody else's CA").issue_leaf()
    return stack.connection("roles_anywhere", certificate=leaf.certificate, private_key=leaf.private_key)


def _wrong_anchor(stack: LocalStack) -> dict[str, Any]:
    arn = f"{stack.trust_anchor_arn[:-12]}000000000000"
    return stack.connection("roles_anywhere", trust_anchor_arn=arn)


def _no_roles_anywhere(stack: LocalStack) -> dict[str, Any]:
    return stack.connection("roles_anywhere", rolesanywhere_endpoint_url="http://127.0.0.1:9")


def _no_s3(stack: LocalStack) -> dict[str, Any]:
    return stack.connection() | {"port": 9}


def _masked(stack: LocalStack) -> dict[str, Any]:
    return stack.connection("roles_anywhere", role_arn="arn:aws:iam::***:role/data")


def _blank(stack: LocalStack) -> dict[str, Any]:
    fields = stack.connection()
    return fields | {"extra": fields["extra"] | {"auth_type": "roles_anywhere"}}


FAILURES: dict[str, tuple[Callable[[LocalStack], dict[str, Any]], str, str]] = {
    "wrong-secret": (_wrong_secret, "S3: SignatureDoesNotMatch: ", "Secret access key (password)"),
    "wrong-key": (_wrong_key, "Certificate: Private key (private_key): does not belong to the certificate", ""),
    "key-as-certificate": (
        _key_as_certificate,
        "Connection: Public certificate (certificate): holds a private key",
        "",
    ),
    "expired": (_expired, "Certificate: Public certificate (certificate): the certificate expired on ", "issued"),
    "untrusted": (_untrusted, "Roles Anywhere: ", "certificate_chain, or correct trust_anchor_arn"),
    "wrong-anchor": (_wrong_anchor, "Roles Anywhere: ", "trust_anchor_arn names no trust anchor"),
    "no-roles-anywhere": (_no_roles_anywhere, "Roles Anywhere: ", "(rolesanywhere_endpoint_url)"),
    "no-s3": (_no_s3, "S3: Could not connect to the endpoint URL", "S3 endpoint (host) and Port (port)"),
    "masked": (_masked, "Connection: Role ARN (role_arn): holds ***, which Airflow shows", "enter the value again"),
    "blank": (_blank, "Connection: ", "Wrong too: "),
}


def _secrets(fields: dict[str, Any]) -> list[str]:
    pem = [fields["extra"].get(name) or "" for name in ("private_key", "certificate")]
    lines = [line for text in pem for line in text.splitlines() if "PRIVATE" in text and "-----" not in line]
    return [*lines, *filter(None, [fields.get("password")])]


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_names_stage_and_field(
    name: str, connections: Connections, stack: LocalStack, store: Callable[..., str]
) -> None:
    """In a toast that fits, without a secret."""
    make, starts, holds = FAILURES[name]
    fields = make(stack)
    path = IMAGES / f"test-{name}.png"
    pictured = name in {"wrong-secret", "expired"} and wanted(path)
    answer = connections.test(store(name, fields), str(path) if pictured else None)
    assert not answer.good
    assert answer.message.startswith(starts)
    assert holds in answer.message
    assert answer.height <= TALLEST
    assert not [secret for secret in _secrets(fields) if secret in answer.message]


def test_who_may_not_list_buckets_hears_that_tasks_may_work(
    connections: Connections, stack: LocalStack, store: Callable[..., str]
) -> None:
    """The service's own words first, then what they mean."""
    with refusing_s3() as port:
        answer = connections.test(store("no-permission", stack.connection() | {"port": port}))
    assert not answer.good
    assert answer.message.startswith(f"S3: AccessDenied: {MESSAGE} (HTTP 403, request id 4442587FB7D0A2F9)")
    assert "may not s3:ListAllMyBuckets" in answer.message
    assert answer.height <= TALLEST


def test_success_tells_who_and_which_buckets(
    connections: Connections, stack: LocalStack, store: Callable[..., str]
) -> None:
    """And a certificate that soon ends."""
    path = IMAGES / "test-success.png"
    soon = stack.pki.intermediate.issue_leaf(common_name="airflow-prod", validity=validity_of(20.5))
    certificate = soon.certificate + stack.pki.intermediate.certificate
    fields = stack.connection("roles_anywhere", certificate=certificate, private_key=soon.private_key)
    answer = connections.test(store("s3_roles_anywhere", fields), str(path) if wanted(path) else None)
    assert answer.good
    assert "assumed-role/data/airflow-local" in answer.message
    assert "CN=airflow-prod issued by CN=s3rest local intermediate CA, 20 days left: have a new one" in answer.message
    assert "sales-data" in answer.message
    assert answer.height <= TALLEST
