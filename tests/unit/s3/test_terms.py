# SPDX-License-Identifier: Apache-2.0
"""Tests that every request carries what S3 lets it carry: each option by each operation, on the wire.

What there is to carry, botocore's own model of the operation tells.
"""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.options import Read, Write
from tests.unit.s3.api import CALLS, Options, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY, SOURCE_KEY = bytes(32), bytes(range(32))
OWNER = "111122223333"


def _key_terms(name: str, key: bytes) -> dict[str, str]:
    return {f"{name}Algorithm": "AES256", f"{name}Key": base64.b64encode(key).decode()}


# What the connection says, for every operation.
CONNECTION = {"RequestPayer": "requester", "ExpectedBucketOwner": OWNER, "ExpectedSourceBucketOwner": OWNER}
WRITES = {
    "SSE-C": (Write.parse({}, KEY), _key_terms("SSECustomer", KEY)),
    "KMS": (
        Write.parse({"kms_key_id": "k", "bucket_key_enabled": True}),
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k", "BucketKeyEnabled": "true"},
    ),
    "the rest": (
        Write.parse(
            {
                "acl": "private",
                "storage_class": "STANDARD_IA",
                "tags": {"a": "b"},
                "cache_control": "no-store",
                "content_language": "en",
                "if_none_match": "*",
            }
        ),
        {
            "ACL": "private",
            "StorageClass": "STANDARD_IA",
            "Tagging": "a=b",
            "CacheControl": "no-store",
            "ContentLanguage": "en",
            "IfNoneMatch": "*",
        },
    ),
}
READ = Read.parse({"version_id": "v1", "if_match": "e1"}, SOURCE_KEY)
READ_TERMS = {"VersionId": "v1", "IfMatch": '"e1"', **_key_terms("SSECustomer", SOURCE_KEY)}
SOURCE_TERMS = {"CopySourceIfMatch": '"e1"', **_key_terms("CopySourceSSECustomer", SOURCE_KEY)}

READS = frozenset({"GetObject", "HeadObject", "SelectObjectContent"})
COPIES = frozenset({"CopyObject", "UploadPartCopy"})
VERSIONED = frozenset({"DeleteObject", "DeleteObjectTagging", "GetObjectTagging", "PutObjectTagging"})
WRITTEN = COPIES | {"CompleteMultipartUpload", "CreateMultipartUpload", "PutObject", "UploadPart"}


@pytest.fixture(scope="module")
def world(make_fake: Any, connect: Any, make_source: Any, make_sleeps: Any) -> Iterator[World]:
    """A connection that says all that one can say of requests."""
    fake, sleeps = make_fake(), make_sleeps()
    connection = connect(endpoint_url=fake.url, requester_pays=True, expected_bucket_owner=OWNER)
    yield World(fake, S3(connection, make_source(), sleep=sleeps), sleeps)
    fake.close()


def _shape(world: World, operation: str) -> Any:
    return world.s3.client().meta.service_model.operation_model(operation).input_shape


def _assert_carried(world: World, operation: str, terms: dict[str, str]) -> None:
    """Find in every request those terms that the model of the operation knows, where it puts them."""
    assert world.requests
    for request in world.requests:
        query = parse_qs(urlsplit(request.target).query)
        for term, member in _shape(world, operation).members.items():
            if term not in terms:
                continue
            place, name = member.serialization["location"], member.serialization["name"]
            found = request.headers.get(name.lower()) if place == "header" else query.get(name, [None])[0]
            assert found == terms[term], f"{operation} lacks {term}"


@pytest.mark.parametrize("operation", CALLS)
def test_what_the_connection_says(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Who pays, and whose the buckets are."""
    world.call(monkeypatch, operation)
    _assert_carried(world, operation, CONNECTION)


@pytest.mark.parametrize("operation", sorted(WRITTEN))
@pytest.mark.parametrize("kind", WRITES)
def test_how_an_object_is_written(world: World, monkeypatch: pytest.MonkeyPatch, operation: str, kind: str) -> None:
    """Encryption and every other option, in each of the requests that make an object."""
    write, terms = WRITES[kind]
    world.call(monkeypatch, operation, Options(write=write))
    _assert_carried(world, operation, terms)


@pytest.mark.parametrize("operation", sorted(READS))
def test_how_an_object_is_read(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Its version, its key, and the caller's condition."""
    world.call(monkeypatch, operation, Options(read=READ))
    _assert_carried(world, operation, READ_TERMS)


@pytest.mark.parametrize("operation", sorted(VERSIONED))
def test_which_version_is_meant(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """Tags and deletions are of one version too."""
    world.call(monkeypatch, operation, Options(read=Read(version_id="v1")))
    _assert_carried(world, operation, {"VersionId": "v1"})


@pytest.mark.parametrize("operation", sorted(COPIES))
def test_what_is_copied(world: World, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """The source's version, its key and its conditions, beside those of the target."""
    world.call(monkeypatch, operation, Options(read=READ, write=WRITES["SSE-C"][0]))
    _assert_carried(world, operation, SOURCE_TERMS | WRITES["SSE-C"][1])
    assert {request.headers["x-amz-copy-source"] for request in world.requests} == {"source/old?versionId=v1"}


def test_every_operation_that_knows_a_version_or_a_key_is_asked_for_it(world: World) -> None:
    """No operation is left out above."""
    for operation in CALLS:
        known = set(_shape(world, operation).members) if _shape(world, operation) else set()
        if "VersionId" in known:
            assert operation in READS | VERSIONED
        if "SSECustomerKey" in known:
            assert operation in READS | WRITTEN


def test_a_batch_names_its_versions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand in its body."""
    monkeypatch.setitem(CALLS, "DeleteObjects", lambda s3, _: s3.delete_objects("bucket", [("key", "v1"), ("b", None)]))
    world.call(monkeypatch, "DeleteObjects")
    assert world.requests[0].body.count(b"<VersionId>v1</VersionId>") == 1


@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
@pytest.mark.parametrize("operation", ["GetObject", "HeadObject", "PutObject", "DeleteObjects"])
def test_the_requester_pays_by_every_engine(
    fake: Any,
    make_s3: Callable[..., S3],
    monkeypatch: pytest.MonkeyPatch,
    engines_of: Callable[..., list[str]],
    engine: str,
    operation: str,
) -> None:
    """The one term of a connection that obstore can carry."""
    world = World(fake, make_s3(engine, requester_pays=True), [])
    world.call(monkeypatch, operation)
    assert {request.headers["x-amz-request-payer"] for request in world.requests} == {"requester"}
    assert set(engines_of(fake)) == {"plain" if operation == "DeleteObjects" and engine == "obstore" else engine}


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject", "PutObject"])
def test_what_obstore_can_not_carry_it_is_not_given(
    world: World, monkeypatch: pytest.MonkeyPatch, engines_of: Callable[..., list[str]], operation: str
) -> None:
    """The owner of a bucket is a header that must be signed."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(world.call, monkeypatch, operation).result()
    assert set(engines_of(world.fake)) == {"plain"}
