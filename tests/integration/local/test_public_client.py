# SPDX-License-Identifier: Apache-2.0
"""The public client of IAM Roles Anywhere obtains credentials from the local endpoint, and S3 enforces them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from iam_rolesanywhere_session import IAMRolesAnywhereSession
from iam_rolesanywhere_session.exceptions import CredentialsRetrievalError

from airflow_provider_s3rest.local.aws import make_client

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.stack import LocalStack


def _session(stack: LocalStack, key_type: str = "ec", **options: object) -> Any:
    leaf = getattr(stack.pki, key_type)
    usual: dict[str, object] = {
        "profile_arn": stack.profile_arn,
        "role_arn": stack.role_arn,
        "trust_anchor_arn": stack.trust_anchor_arn,
        "certificate": leaf.certificate.encode(),
        "private_key": leaf.private_key.encode(),
        "certificate_chain": stack.pki.intermediate.certificate.encode(),
        "region": stack.region,
        "endpoint": stack.rolesanywhere_endpoint_url.removeprefix("https://"),
        "verify": str(stack.ca_bundle),
        "session_duration": 3600,
    }
    return IAMRolesAnywhereSession(**(usual | options)).get_session()


def _s3(stack: LocalStack, key_type: str = "ec", **options: object) -> Any:
    return _session(stack, key_type, **options).client("s3", endpoint_url=stack.s3_endpoint_url)


def _denied(call: Any, **arguments: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("key_type", ["rsa", "ec"])
def test_credentials_that_s3_honours(local_tls_stack: LocalStack, key_type: str) -> None:
    """Credentials obtained with an RSA or an EC key make a bucket, put, list and get."""
    client = _s3(local_tls_stack, key_type)
    bucket = f"public-{key_type}"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="key", Body=b"data")
    assert [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["key"]
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"


def test_calls_are_recorded(local_tls_stack: LocalStack) -> None:
    """The endpoint counts the sessions that it made and knows for whom."""
    client = _s3(local_tls_stack, "rsa", role_session_name="counted")
    client.list_buckets()
    client.list_buckets()
    (call,) = local_tls_stack.rolesanywhere.calls
    assert local_tls_stack.rolesanywhere.sessions_created == 1
    assert (call.status, call.session_name, call.subject) == (201, "counted", "CN=s3rest-local-rsa")
    assert (call.role_arn, call.duration_seconds) == (local_tls_stack.role_arn, 3600)


def test_the_session_name_reaches_s3(local_tls_stack: LocalStack) -> None:
    """The S3 server's STS knows the caller by the session name."""
    session = _session(local_tls_stack, role_session_name="known.by.name")
    identity = session.client("sts", endpoint_url=local_tls_stack.s3_endpoint_url).get_caller_identity()
    assert identity["Arn"].endswith(":assumed-role/data/known.by.name")


def test_an_altered_token(local_tls_stack: LocalStack) -> None:
    """S3 refuses a session token that differs in one letter."""
    frozen = _session(local_tls_stack).get_credentials().get_frozen_credentials()
    middle = len(frozen.token) // 2
    altered = frozen.token[:middle] + ("A" if frozen.token[middle] != "A" else "B") + frozen.token[middle + 1 :]
    client = make_client(
        "s3",
        local_tls_stack.s3_endpoint_url,
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        session_token=altered,
        verify=str(local_tls_stack.ca_bundle),
    )
    assert _denied(client.list_buckets) == "InvalidAccessKeyId"


def test_the_reader_reads(local_tls_stack: LocalStack) -> None:
    """The poorer role lists and gets in its bucket."""
    bucket = local_tls_stack.reader_bucket
    local_tls_stack.s3_client().put_object(Bucket=bucket, Key="for-the-reader", Body=b"data")
    client = _s3(local_tls_stack, role_arn=local_tls_stack.reader_role_arn)
    assert client.list_objects_v2(Bucket=bucket, Prefix="for-the")["KeyCount"] == 1
    assert client.get_object(Bucket=bucket, Key="for-the-reader")["Body"].read() == b"data"


def test_the_reader_does_nothing_else(local_tls_stack: LocalStack) -> None:
    """Real denials come from S3 for what the poorer role lacks."""
    local_tls_stack.s3_client().create_bucket(Bucket="not-the-readers")
    client = _s3(local_tls_stack, role_arn=local_tls_stack.reader_role_arn)
    mine, other = local_tls_stack.reader_bucket, "not-the-readers"
    assert _denied(client.put_object, Bucket=mine, Key="key", Body=b"") == "AccessDenied"
    assert _denied(client.delete_object, Bucket=mine, Key="key") == "AccessDenied"
    assert _denied(client.list_objects_v2, Bucket=other) == "AccessDenied"
    assert _denied(client.create_bucket, Bucket="another") == "AccessDenied"
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == [mine]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"certificate_chain": None}, "Untrusted signing certificate"),
        ({"region": "eu-west-1"}, "Invalid signature"),
        ({"profile_arn": "arn:aws:rolesanywhere:us-east-1:1:profile/x"}, "Invalid or empty profile provided."),
        ({"role_arn": "arn:aws:iam::1:role/x"}, "Requested Role isn't one of those listed in the Profile."),
        ({"trust_anchor_arn": "arn:aws:rolesanywhere:us-east-1:1:trust-anchor/x"}, "Specified Trust Anchor"),
        ({"role_session_name": "two words"}, "at 'roleSessionName' failed to satisfy constraint"),
    ],
)
def test_what_the_endpoint_refuses(local_tls_stack: LocalStack, options: dict[str, object], message: str) -> None:
    """The public client finds the service's words where it looks for them."""
    with pytest.raises(CredentialsRetrievalError, match=message):
        _s3(local_tls_stack, **options).list_buckets()
    assert local_tls_stack.rolesanywhere.sessions_created == 0


def test_a_profile_that_refuses_session_names(local_tls_stack: LocalStack) -> None:
    """A session name needs the profile's leave; without one the same profile is content."""
    options = {"profile_arn": local_tls_stack.profile_arn_without_session_name}
    with pytest.raises(CredentialsRetrievalError, match="Not authorized to set roleSessionName"):
        _s3(local_tls_stack, role_session_name="name", **options).list_buckets()
    assert _s3(local_tls_stack, **options).list_buckets()["Buckets"]


def test_a_certificate_revoked_while_the_endpoint_runs(
    local_tls_stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account can be changed under the running endpoint."""
    endpoint = local_tls_stack.rolesanywhere
    revoked = frozenset({local_tls_stack.pki.ec.serial_number})
    monkeypatch.setattr(endpoint, "account", replace(endpoint.account, revoked_serials=revoked))
    with pytest.raises(CredentialsRetrievalError, match="Certificate revoked"):
        _s3(local_tls_stack).list_buckets()


def test_a_certificate_whose_authority_signed_with_sha_384(local_tls_stack: LocalStack) -> None:
    """The public client misnames its algorithm then, which a strict verifier refuses."""
    from cryptography.hazmat.primitives import hashes

    leaf = local_tls_stack.pki.intermediate.issue_leaf(hash_algorithm=hashes.SHA384())
    options = {"certificate": leaf.certificate.encode(), "private_key": leaf.private_key.encode()}
    with pytest.raises(CredentialsRetrievalError, match="Invalid signature"):
        _s3(local_tls_stack, **options).list_buckets()
    assert "AWS4-X509-ECDSA-SHA384 does not fit" in local_tls_stack.rolesanywhere.calls[0].detail


def test_a_role_that_sts_does_not_know(local_tls_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal by STS is told in the words of IAM Roles Anywhere."""
    endpoint, arn = local_tls_stack.rolesanywhere, "arn:aws:iam::123456789012:role/ghost"
    account = endpoint.account
    monkeypatch.setattr(
        endpoint,
        "account",
        replace(
            account,
            profiles=(replace(account.profiles[0], role_arns=(arn,)),),
            roles=(replace(account.roles[0], arn=arn),),
        ),
    )
    with pytest.raises(CredentialsRetrievalError, match=f"Unable to assume role for {arn}"):
        _s3(local_tls_stack, role_arn=arn).list_buckets()


def test_client_certificates_of_tls_are_verified(local_tls_stack: LocalStack) -> None:
    """Both servers show a certificate that only the stack's own bundle vouches for."""
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        _s3(local_tls_stack, verify=True).list_buckets()
