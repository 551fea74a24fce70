# SPDX-License-Identifier: Apache-2.0
"""The local stack: SeaweedFS, an IAM Roles Anywhere endpoint before its STS, and a PKI that the endpoint trusts."""

from __future__ import annotations

import functools
import ssl
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from airflow_provider_s3rest.local.aws import REGION, assume_role
from airflow_provider_s3rest.local.model import Account, Profile, Role, TrustAnchor
from airflow_provider_s3rest.local.pki import Pki, make_pki
from airflow_provider_s3rest.local.rolesanywhere import RolesAnywhereEndpoint
from airflow_provider_s3rest.local.seaweedfs import SeaweedFS

if TYPE_CHECKING:
    from types import TracebackType

ACCOUNT_ID = "123456789012"
READER_BUCKET = "reader-bucket"
_SERVICE = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT_ID}"


class LocalStack:
    """S3 and IAM Roles Anywhere on 127.0.0.1; a context manager, usable inside ``with`` only.

    :param tls: both servers speak HTTPS, with a certificate that ``ca_bundle`` vouches for.
    :param s3_port: 0 takes a free one.
    :param rolesanywhere_port: 0 takes a free one.
    """

    trust_anchor_arn = f"{_SERVICE}:trust-anchor/5f1b1d0a-6c9c-4a52-9d86-0a9a5a5e0c01"
    profile_arn = f"{_SERVICE}:profile/0a6c3f0e-2a3d-4b7a-8f43-1d7c7c3a0c02"
    """Of a profile that accepts role session names."""
    profile_arn_without_session_name = f"{_SERVICE}:profile/c2f4a9de-5b0e-4e0b-9b1e-6f2f8e1d0c03"
    role_arn = f"arn:aws:iam::{ACCOUNT_ID}:role/data"
    """Of a role that may do everything in S3."""
    reader_role_arn = f"arn:aws:iam::{ACCOUNT_ID}:role/reader"
    """Of a role that may only list and read ``reader_bucket``."""
    reader_bucket = READER_BUCKET
    region = REGION

    def __init__(self, *, tls: bool = False, s3_port: int = 0, rolesanywhere_port: int = 0) -> None:
        self._tls = tls
        self._s3_port = s3_port
        self._rolesanywhere_port = rolesanywhere_port
        self._resources = ExitStack()
        self.pki: Pki
        self.seaweedfs: SeaweedFS
        self.rolesanywhere: RolesAnywhereEndpoint
        self.ca_bundle: Path
        """PEM file with the root certificate."""

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            directory = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="s3rest-local-")))
            self.pki = make_pki()
            server = self._write_certificates(directory)
            tls = (*server, self.ca_bundle) if self._tls else None
            self.seaweedfs = resources.enter_context(SeaweedFS(directory, _policies(), port=self._s3_port, tls=tls))
            self.rolesanywhere = resources.enter_context(
                RolesAnywhereEndpoint(
                    _account(self.pki),
                    functools.partial(assume_role, self.seaweedfs.client("sts")),
                    port=self._rolesanywhere_port,
                    ssl_context=_ssl_context(*server) if self._tls else None,
                )
            )
            self.s3_client().create_bucket(Bucket=READER_BUCKET)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def s3_endpoint_url(self) -> str:
        """``http(s)://127.0.0.1:port`` of S3 (and of its STS)."""
        return self.seaweedfs.endpoint_url

    @property
    def rolesanywhere_endpoint_url(self) -> str:
        """``http(s)://127.0.0.1:port`` of IAM Roles Anywhere."""
        return self.rolesanywhere.url

    @property
    def access_key_id(self) -> str:
        """The S3 administrator's."""
        return self.seaweedfs.access_key_id

    @property
    def secret_access_key(self) -> str:
        """The S3 administrator's."""
        return self.seaweedfs.secret_access_key

    def s3_client(self) -> Any:
        """Make a botocore S3 client with the administrator's access keys."""
        return self.seaweedfs.client("s3")

    def connection(
        self,
        auth_type: Literal["access_keys", "roles_anywhere"] = "access_keys",
        key_type: Literal["rsa", "ec"] = "ec",
        **extra: object,
    ) -> dict[str, Any]:
        """Return the fields of an Airflow connection to this stack, in Airflow's JSON form with ``extra`` as an object.

        The EC connection has its intermediate certificate behind the leaf in ``certificate``, the RSA one in
        ``certificate_chain``: both places are valid.

        :param extra: more fields of ``extra``, or others in place of the usual; ``None`` leaves a field out.
        """
        url = urlsplit(self.s3_endpoint_url)
        fields: dict[str, Any] = {"conn_type": "s3rest", "host": f"{url.scheme}://{url.hostname}", "port": url.port}
        usual: dict[str, object] = {"auth_type": auth_type, "region_name": REGION}
        if auth_type == "access_keys":
            fields |= {"login": self.access_key_id, "password": self.secret_access_key}
        else:
            usual |= self._rolesanywhere_extra(key_type)
        if self._tls:
            usual["verify"] = str(self.ca_bundle)
        fields["extra"] = {name: value for name, value in (usual | extra).items() if value is not None}
        return fields

    def _rolesanywhere_extra(self, key_type: Literal["rsa", "ec"]) -> dict[str, object]:
        intermediate = self.pki.intermediate.certificate
        leaf = self.pki.rsa if key_type == "rsa" else self.pki.ec
        return {
            "profile_arn": self.profile_arn,
            "role_arn": self.role_arn,
            "trust_anchor_arn": self.trust_anchor_arn,
            "rolesanywhere_region": REGION,
            "session_name": "airflow-local",
            "duration_seconds": 3600,
            "certificate": leaf.certificate if key_type == "rsa" else leaf.certificate + intermediate,
            "certificate_chain": intermediate if key_type == "rsa" else None,
            "private_key": leaf.private_key,
            "rolesanywhere_endpoint_url": self.rolesanywhere_endpoint_url,
        }

    def _write_certificates(self, directory: Path) -> tuple[Path, Path]:
        self.ca_bundle = directory / "ca.pem"
        self.ca_bundle.write_text(self.pki.root.certificate)
        certificate, key = directory / "server.pem", directory / "server.key"
        certificate.write_text(self.pki.tls_server.certificate)
        key.touch(mode=0o600)
        key.write_text(self.pki.tls_server.private_key)
        return certificate, key


def _ssl_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _account(pki: Pki) -> Account:
    roles = (LocalStack.role_arn, LocalStack.reader_role_arn)
    return Account(
        region=REGION,
        trust_anchors=(TrustAnchor(arn=LocalStack.trust_anchor_arn, certificates=pki.root.certificate),),
        profiles=(
            Profile(arn=LocalStack.profile_arn, role_arns=roles, accept_role_session_name=True),
            Profile(arn=LocalStack.profile_arn_without_session_name, role_arns=roles),
        ),
        roles=tuple(Role(arn=arn) for arn in roles),
    )


def _policies() -> dict[str, list[dict[str, Any]]]:
    bucket = f"arn:aws:s3:::{READER_BUCKET}"
    reads = ["s3:GetObject", "s3:ListBucket"]
    return {
        LocalStack.role_arn: [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}],
        LocalStack.reader_role_arn: [{"Effect": "Allow", "Action": reads, "Resource": [bucket, f"{bucket}/*"]}],
    }
