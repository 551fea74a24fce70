# SPDX-License-Identifier: Apache-2.0
"""The hook, as a task uses it, with both kinds of connection against the real servers."""

from __future__ import annotations

import io
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestConnectionError, S3RestCredentialError, S3RestNotFoundError
from airflow_provider_s3rest.hooks.s3rest import S3RestHook

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack

Connect = "Callable[..., S3RestHook]"


@pytest.fixture
def bucket(local_stack: LocalStack) -> str:
    """An empty bucket of this test's own."""
    name = f"hook-{uuid.uuid4().hex[:12]}"
    local_stack.s3_client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def connect(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Connect:
    """Make a hook of a connection in the environment, with a cache of this test's own."""
    monkeypatch.setenv("AIRFLOW__S3REST__CACHE_DIR", str(tmp_path / "cache"))

    def connect(*args: str, **fields: object) -> S3RestHook:
        standard = {name: fields.pop(name) for name in ("host", "port", "login", "password") if name in fields}
        stored = local_stack.connection(*args, **fields) | standard
        monkeypatch.setenv("AIRFLOW_CONN_HOOK_TEST", json.dumps(stored))
        return S3RestHook("hook_test")

    return connect


KINDS = pytest.mark.parametrize(
    "kind", [("access_keys",), ("roles_anywhere", "rsa"), ("roles_anywhere", "ec")], ids="-".join
)


@KINDS
def test_an_object_goes_there_and_comes_back(kind: tuple[str, ...], connect: Connect, bucket: str) -> None:
    """Write, list, read and delete, with every kind of authentication."""
    hook = connect(*kind)
    written = hook.upsert_object(bucket, "a/ключ.txt", "grüße")
    (found,) = hook.query_objects(bucket, prefix="a/")
    assert (found.key, found.size, found.etag) == ("a/ключ.txt", 7, written.etag)
    assert found.last_modified.tzinfo is not None
    assert found.storage_class == "STANDARD"
    with hook.get_object(bucket, "a/ключ.txt") as stream:
        assert stream.read().decode() == "grüße"
    assert hook.delete_objects(bucket, ["a/ключ.txt"]).deleted == 1
    with pytest.raises(S3RestNotFoundError):
        hook.head_object(bucket, "a/ключ.txt")


@KINDS
def test_many_objects_go_at_once(kind: tuple[str, ...], connect: Connect, bucket: str) -> None:
    """Written, asked about and read by one call each."""
    hook = connect(*kind)
    written = hook.upsert_objects(bucket, {"b": b"1", "a": "2"})
    assert hook.head_objects(bucket, ["a", "b"])[0].etag == written[1].etag
    assert list(hook.get_objects(bucket, ["b", "a"])) == [("b", b"1"), ("a", b"2")]


@KINDS
def test_the_boto3_client_works_as_the_connection_does(kind: tuple[str, ...], connect: Connect, bucket: str) -> None:
    """The rest of the API is a call away."""
    client = connect(*kind).get_conn()
    client.put_object(Bucket=bucket, Key="key", Body=b"data")
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"data"


@pytest.mark.parametrize(
    "data", [b"bytes", "bytes", io.BytesIO(b"bytes"), [b"by", b"tes"]], ids=lambda d: type(d).__name__
)
def test_every_form_of_data_is_the_same_object(data: object, connect: Connect, bucket: str) -> None:
    """Bytes, text, a stream and pieces."""
    hook = connect()
    assert hook.upsert_object(bucket, "key", data).size == 5
    assert hook.get_object(bucket, "key").read() == b"bytes"


def test_a_query_starts_after_a_key(connect: Connect, bucket: str) -> None:
    """Even one that does not exist."""
    hook = connect()
    for key in ("a", "b", "c"):
        hook.upsert_object(bucket, key, b"")
    assert [found.key for found in hook.query_objects(bucket, start_after="aa")] == ["b", "c"]


def test_consecutive_hooks_share_one_session(connect: Connect, bucket: str, local_stack: LocalStack) -> None:
    """Every task makes its own hook, and none makes a second call."""
    for number in range(5):
        connect("roles_anywhere").upsert_object(bucket, f"key-{number}", b"")
    assert local_stack.rolesanywhere.sessions_created == 1


def test_credentials_are_frozen_and_show_their_end(connect: Connect) -> None:
    """They may be handed to another library."""
    given = connect("roles_anywhere").get_credentials()
    assert given.access_key_id.startswith("ASIA")
    assert given.expires_at is not None
    assert 3500 < (given.expires_at - datetime.now(UTC)).total_seconds() <= 3600
    assert given.secret_access_key not in repr(given)
    with pytest.raises(AttributeError):
        given.access_key_id = "other"  # type: ignore[misc]


def test_a_long_task_renews_its_credentials(connect: Connect, bucket: str, local_stack: LocalStack) -> None:
    """Both engines of one hook go on when the credentials end: here at once, since they are said to live 50 s."""
    local_stack.rolesanywhere.expires_in_seconds = 50
    hook = connect("roles_anywhere")
    hook.upsert_object(bucket, "key", b"data")
    calls = len(local_stack.rolesanywhere.calls)
    assert hook.get_object(bucket, "key").read() == b"data"
    assert len(local_stack.rolesanywhere.calls) > calls
    calls = len(local_stack.rolesanywhere.calls)
    assert [found.key for found in hook.query_objects(bucket)] == ["key"]
    assert len(local_stack.rolesanywhere.calls) > calls


def test_cache_enabled_false_writes_nothing(connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The option of Airflow's configuration."""
    monkeypatch.setenv("AIRFLOW__S3REST__CACHE_ENABLED", "False")
    connect("roles_anywhere").get_credentials()
    assert not (tmp_path / "cache").exists()


def test_a_role_without_permission_hears_it_from_s3(connect: Connect, bucket: str, local_stack: LocalStack) -> None:
    """The error is the service's own."""
    hook = connect("roles_anywhere", role_arn=local_stack.reader_role_arn)
    with pytest.raises(ClientError) as caught:
        hook.upsert_object(bucket, "key", b"data")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_a_refused_session_is_an_error_of_its_own(connect: Connect) -> None:
    """With the service's words, and without a single wait."""
    hook = connect("roles_anywhere", role_arn="arn:aws:iam::123456789012:role/other")
    with pytest.raises(S3RestCredentialError, match="isn't one of those listed in the Profile") as caught:
        hook.get_credentials()
    assert not caught.value.retryable


def test_a_missing_connection_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials of the environment are ever tried."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    with pytest.raises(Exception, match="no_such_connection"):
        S3RestHook("no_such_connection").get_credentials()


def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fields mean other things."""
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "aws", "login": "a", "password": "b"}))
    with pytest.raises(S3RestConnectionError, match="must be s3rest"):
        S3RestHook("other").get_credentials()


@KINDS
def test_the_test_says_who_what_and_how_long(kind: tuple[str, ...], connect: Connect) -> None:
    """Success is worth a sentence."""
    good, said = connect(*kind).test_connection()
    assert good, said
    who = "assumed-role/data/airflow-local" if len(kind) > 1 else "Connected as "
    assert who in said
    assert " seen: " in said
    assert said.endswith(" s")


def test_the_test_tells_the_certificate_and_how_long_it_is_valid(connect: Connect) -> None:
    """Before it ends some night."""
    _, said = connect("roles_anywhere", "ec").test_connection()
    assert "; certificate CN=" in said
    assert " issued by CN=" in said
    assert " days left" in said


def test_the_test_uses_no_cache(connect: Connect, local_stack: LocalStack, tmp_path: Path) -> None:
    """Each one is a real call, and leaves nothing for tasks."""
    hook = connect("roles_anywhere")
    hook.test_connection()
    hook.test_connection()
    assert local_stack.rolesanywhere.sessions_created == 2
    assert not (tmp_path / "cache").exists()


def test_the_test_does_not_wait_for_an_outage(connect: Connect) -> None:
    """A person sits before the form."""
    good, said = connect("roles_anywhere", rolesanywhere_endpoint_url="http://127.0.0.1:9").test_connection()
    assert not good
    assert said.startswith("Roles Anywhere: ")
    assert "127.0.0.1:9 gave no answer" in said


FAULTS = {
    "Connection": ({"session_name": "a b"}, "Role session name (session_name): must be 2 to 64"),
    "Roles Anywhere": ({"role_arn": "arn:aws:iam::123456789012:role/other"}, "isn't one of those listed"),
    "S3": ({"port": 9}, "Could not connect to the endpoint URL"),
}


@pytest.mark.parametrize("stage", FAULTS)
def test_a_failed_test_names_the_stage_and_the_words(stage: str, connect: Connect) -> None:
    """Where to look, and what was said there."""
    fields, words = FAULTS[stage]
    good, said = connect("roles_anywhere", **fields).test_connection()
    assert not good
    assert said.startswith(f"{stage}: ")
    assert words in said


def test_a_failed_test_names_the_certificate(connect: Connect, local_stack: LocalStack) -> None:
    """A key of another certificate is found before any call."""
    good, said = connect("roles_anywhere", "ec", private_key=local_stack.pki.rsa.private_key).test_connection()
    assert not good
    assert said.startswith("Certificate: ")
    assert "Private key (private_key): does not belong to the certificate" in said
    assert not local_stack.rolesanywhere.calls


def test_a_wrong_secret_is_told_in_the_words_of_s3(connect: Connect) -> None:
    """And the secret is not."""
    good, said = connect(password="a-secret-that-is-wrong").test_connection()
    assert not good
    assert said.startswith("S3: SignatureDoesNotMatch: ")
    assert "a-secret-that-is-wrong" not in said
