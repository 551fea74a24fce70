# SPDX-License-Identifier: Apache-2.0
"""An account of the local IAM Roles Anywhere, and requests to it that the public client's signer has signed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSRequest
from iam_rolesanywhere_session.iam_rolesanywhere_session import IAMRolesAnywhereSigner

from airflow_provider_s3rest.local.model import Account, HttpRequest, Profile, Role, TrustAnchor
from airflow_provider_s3rest.local.pki import Leaf, Pki, make_pki
from airflow_provider_s3rest.local.verification import verify_create_session

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.model import SessionRequest

PREFIX = "arn:aws:rolesanywhere:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/"


class Signer(IAMRolesAnywhereSigner):
    """The public client's signer, with faults on request."""

    def __init__(self, leaf: Leaf, chain: str, *, unsigned: tuple[str, ...], scope: str, algorithm: str) -> None:
        region, service = scope.split("/")
        super().__init__(
            certificate=leaf.certificate.encode(),
            private_key=leaf.private_key.encode(),
            certificate_chain=chain.encode() or None,
            region=region,
            service_name=service,
        )
        self._unsigned = unsigned
        self._algorithm = algorithm

    @property
    def algorithm(self) -> str:
        """The public client names it after the hash that the authority used, which the service does not."""
        return self._algorithm or f"AWS4-X509-{self.private_key_type}-SHA256"

    def headers_to_sign(self, request: AWSRequest) -> Any:
        """Leave out what is to be unsigned."""
        headers = super().headers_to_sign(request)
        for name in self._unsigned:
            del headers[name]
        return headers


@dataclass
class Service:
    """One account, the moment of the call, and a way to make signed calls to it."""

    pki: Pki
    account: Account
    members: dict[str, object]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def sign(
        self,
        *,
        leaf: Leaf | None = None,
        chain: str | None = None,
        body: bytes | None = None,
        query: str = "",
        unsigned: tuple[str, ...] = (),
        scope: str = "us-east-1/rolesanywhere",
        algorithm: str = "",
        **members: object,
    ) -> HttpRequest:
        """Sign a request; a member of ``...`` is left out."""
        present = {name: value for name, value in (self.members | members).items() if value is not ...}
        request = AWSRequest(
            method="POST",
            url=f"http://127.0.0.1/sessions{'?' if query else ''}{query}",
            data=json.dumps(present).encode() if body is None else body,
        )
        chain = self.pki.intermediate.certificate if chain is None else chain
        Signer(leaf or self.pki.ec, chain, unsigned=unsigned, scope=scope, algorithm=algorithm).add_auth(request)
        return HttpRequest(
            method="POST",
            path="/sessions",
            query=query,
            headers=tuple((name, str(value)) for name, value in request.headers.items()),
            body=request.body or b"",
        )

    def verify(self, request: HttpRequest, **account: object) -> SessionRequest:
        """Verify a request against the account, in which some fields may be replaced."""
        return verify_create_session(request, account=replace(self.account, **account), now=self.now)


@pytest.fixture(scope="session")
def pki() -> Pki:
    """One PKI for all tests, since keys take time to make."""
    return make_pki()


@pytest.fixture
def service(pki: Pki) -> Service:
    """A service with one of everything, in good order."""
    anchor = f"{PREFIX}:trust-anchor/a"
    account = Account(
        region="us-east-1",
        trust_anchors=(
            TrustAnchor(arn=anchor, certificates=pki.root.certificate),
            TrustAnchor(arn=f"{anchor}-off", certificates=pki.root.certificate, enabled=False),
        ),
        profiles=(
            Profile(
                arn=f"{PREFIX}:profile/p",
                role_arns=(f"{ROLE}data", f"{ROLE}long", f"{ROLE}gone"),
                duration_seconds=7200,
                accept_role_session_name=True,
            ),
            Profile(arn=f"{PREFIX}:profile/nameless", role_arns=(f"{ROLE}data",)),
            Profile(arn=f"{PREFIX}:profile/off", role_arns=(f"{ROLE}data",), enabled=False),
            Profile(
                arn=f"{PREFIX.replace('us-east-1', 'eu-west-1')}:profile/p",
                role_arns=(f"{ROLE}data",),
            ),
        ),
        roles=(Role(arn=f"{ROLE}data"), Role(arn=f"{ROLE}long", max_session_duration_seconds=43200)),
    )
    members = {
        "durationSeconds": 900,
        "profileArn": f"{PREFIX}:profile/p",
        "roleArn": f"{ROLE}data",
        "trustAnchorArn": anchor,
    }
    return Service(pki=pki, account=account, members=members)
