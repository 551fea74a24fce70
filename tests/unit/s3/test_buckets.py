# SPDX-License-Identifier: Apache-2.0
"""Tests of creating and deleting buckets on the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError
from airflow_provider_s3rest.s3.buckets import BucketTerms, create_bucket, delete_bucket
from airflow_provider_s3rest.s3.deletion import Deleter

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

LISTED = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>bucket</Name></Bucket></Buckets></ListAllMyBucketsResult>"


def targets(fake: Any) -> list[str]:
    """Methods and targets so far, as one text each."""
    return [f"{method} {target}" for method, target in fake.seen]


@pytest.mark.parametrize(("region", "constraint"), [("us-east-1", None), ("eu-west-1", "eu-west-1")])
def test_the_region_is_named_unless_it_is_the_first(
    fake: Any, make_s3: Callable[..., S3], region: str, constraint: str | None
) -> None:
    """S3 refuses the name of us-east-1."""
    fake.then(404)
    made = create_bucket(make_s3(region_name=region), "bucket")
    assert (made.created, made.region_name) == (True, region)
    found = re.search(rb"<LocationConstraint>(.*)</LocationConstraint>", fake.requests[-1].body)
    assert (found[1].decode() if found else None) == constraint
    assert targets(fake) == ["HEAD /bucket", "PUT /bucket"]


def test_options_become_requests(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Those that CreateBucket knows go with it, the others follow; templates' texts will do."""
    fake.then(404)
    options: Any = {
        "versioning": "True",
        "object_lock": True,
        "object_ownership": "BucketOwnerPreferred",
        "block_public_access": True,
        "tags": {"team": "data"},
    }
    create_bucket(make_s3(), "bucket", BucketTerms.parse(options))
    create = fake.requests[1]
    assert create.headers["x-amz-bucket-object-lock-enabled"].lower() == "true"
    assert create.headers["x-amz-object-ownership"] == "BucketOwnerPreferred"
    assert targets(fake)[2:] == ["PUT /bucket?publicAccessBlock", "PUT /bucket?versioning", "PUT /bucket?tagging"]
    assert fake.requests[2].body.count(b"true") == 4
    assert b"<Status>Enabled</Status>" in fake.requests[3].body
    assert b"<Key>team</Key><Value>data</Value>" in fake.requests[4].body


def test_public_access_may_be_allowed(fake: Any, make_s3: Callable[..., S3]) -> None:
    """AWS blocks it unless it is told otherwise."""
    fake.then(404)
    create_bucket(make_s3(), "bucket", BucketTerms.parse({"block_public_access": False, "versioning": False}))
    assert targets(fake)[2:] == ["DELETE /bucket?publicAccessBlock"]


def test_an_existing_bucket_is_an_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Also in us-east-1, where CreateBucket would succeed and reset its ACL."""
    with pytest.raises(S3RestError, match="'bucket' exists already; exist_ok=True would use it"):
        create_bucket(make_s3(), "bucket")
    assert targets(fake) == ["HEAD /bucket"]


def test_an_existing_bucket_may_do(fake: Any, make_s3: Callable[..., S3]) -> None:
    """It is set up as asked, its tags are added to, and it is not created again."""
    fake.then()
    fake.then(body=LISTED)
    fake.then(times=4)
    fake.then(body=b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>")
    options: Any = {
        "versioning": True,
        "object_lock": True,
        "object_ownership": "ObjectWriter",
        "block_public_access": True,
        "tags": {"b": "2"},
    }
    made = create_bucket(make_s3(), "bucket", BucketTerms.parse(options), exist_ok=True)
    assert not made.created
    assert targets(fake)[2:] == [
        "PUT /bucket?ownershipControls",
        "PUT /bucket?publicAccessBlock",
        "PUT /bucket?versioning",
        "PUT /bucket?object-lock",
        "GET /bucket?tagging",
        "PUT /bucket?tagging",
    ]
    assert fake.requests[-1].body.count(b"<Tag>") == 2


def test_versioning_of_an_existing_bucket_may_end(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Suspended is what S3 calls it."""
    fake.then()
    fake.then(body=LISTED)
    create_bucket(make_s3(), "bucket", BucketTerms.parse({"versioning": False}), exist_ok=True)
    assert b"<Status>Suspended</Status>" in fake.requests[-1].body


def test_somebody_elses_bucket_never_does(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Though we may see it."""
    fake.then()
    fake.then(body=LISTED.replace(b"bucket<", b"bucket-2<"))
    with pytest.raises(S3RestError, match="belongs to another account"):
        create_bucket(make_s3(), "bucket", exist_ok=True)
    assert targets(fake) == ["HEAD /bucket", "GET /?prefix=bucket"]


def test_a_bucket_that_we_may_not_see_is_left_to_s3(fake: Any, make_s3: Callable[..., S3]) -> None:
    """CreateBucket knows whose it is."""
    fake.then(403)
    fake.then_error(409, "BucketAlreadyExists")
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        create_bucket(make_s3(), "bucket", exist_ok=True)


def test_another_failure_of_the_look_is_told(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Nothing is created then."""
    fake.then(400)
    with pytest.raises(ClientError):
        create_bucket(make_s3(), "bucket")
    assert targets(fake) == ["HEAD /bucket"]


@pytest.mark.parametrize("exist_ok", [True, False])
def test_a_bucket_that_appears_meanwhile(fake: Any, make_s3: Callable[..., S3], *, exist_ok: bool) -> None:
    """One of our own will do if asked."""
    fake.then(404)
    fake.then_error(409, "BucketAlreadyOwnedByYou")
    if exist_ok:
        assert not create_bucket(make_s3(), "bucket", exist_ok=True).created
    else:
        with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
            create_bucket(make_s3(), "bucket")


def test_a_lost_answer_is_no_stranger(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """The bucket that is in the way of the second try is that of the first."""
    fake.then(404)
    fake.then(cut=-1)
    fake.then_error(409, "BucketAlreadyOwnedByYou")
    assert create_bucket(make_s3(), "bucket").created
    assert sleeps == [0.0]


def test_a_bucket_in_another_region_does_not_do(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Where one was named."""
    fake.then(x_amz_bucket_region="eu-west-1")
    fake.then(body=LISTED)
    with pytest.raises(S3RestError, match="in eu-west-1 and not in eu-central-1"):
        create_bucket(make_s3(region_name="eu-central-1"), "bucket", exist_ok=True)


def test_a_new_bucket_that_cannot_be_set_up_is_deleted(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Nobody is to find it without what protects it, and the next try begins anew."""
    fake.then(404)
    fake.then()
    fake.then_error(403, "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        create_bucket(make_s3(), "bucket", BucketTerms.parse({"versioning": True}))
    assert targets(fake)[2:] == ["PUT /bucket?versioning", "DELETE /bucket"]


def test_the_error_tells_of_a_bucket_that_stays(fake: Any, make_s3: Callable[..., S3]) -> None:
    """If it can't be deleted either."""
    fake.then(404)
    fake.then()
    fake.then_error(403, "AccessDenied", times=2)
    with pytest.raises(ClientError) as caught:
        create_bucket(make_s3(), "bucket", BucketTerms.parse({"versioning": True}))
    assert "'bucket' could not be deleted again" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"versions": True}, "versions: is no option; there are versioning"),
        ({"versioning": "maybe"}, "versioning: must be true or false, not 'maybe'"),
        ({"object_ownership": "Me"}, "object_ownership: 'Me' is none of BucketOwnerEnforced"),
        ({"object_lock": True, "versioning": False}, "object_lock: needs versioning"),
        ({"tags": {f"t{number}": "" for number in range(51)}}, "tags: there are 51, and S3 takes at most 50"),
    ],
)
def test_options_that_cannot_be_are_named(options: Any, words: str) -> None:
    """Before any request."""
    with pytest.raises(ValueError, match=words):
        BucketTerms.parse(options)


def test_a_new_buckets_region_is_known(aws: Any, make_s3: Callable[..., S3]) -> None:
    """At once, by every connection of the process; after deletion it is asked for again."""
    aws.then(404, x_amz_bucket_region="")
    s3 = make_s3(endpoint_url=None)
    create_bucket(s3, "bucket")
    assert s3.region_of("bucket") == "us-east-1"
    assert targets(aws) == ["HEAD /", "PUT /"]
    aws.always(204)
    delete_bucket(s3, "bucket")
    aws.always(200, x_amz_bucket_region="eu-west-1")
    assert s3.region_of("bucket") == "eu-west-1"
    assert targets(aws)[2:] == ["DELETE /", "HEAD /bucket"]


def test_a_full_bucket_is_s3s_own_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In its own words."""
    fake.then_error(409, "BucketNotEmpty")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        delete_bucket(make_s3(), "bucket")


def test_a_missing_bucket_may_do(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Only if asked."""
    fake.then_error(404, "NoSuchBucket", times=2)
    assert not delete_bucket(make_s3(), "bucket", missing_ok=True).deleted
    with pytest.raises(S3RestNotFoundError, match="There is no bucket 'bucket'"):
        delete_bucket(make_s3(), "bucket")


def test_a_lost_answer_to_a_deletion(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The second try finds what the first has done."""
    fake.then(cut=-1)
    fake.then_error(404, "NoSuchBucket")
    assert delete_bucket(make_s3(), "bucket").deleted


VERSIONS = (
    b"<ListVersionsResult><Version><Key>k</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><Size>1</Size>"
    b"<LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>e</ETag></Version><DeleteMarker><Key>k</Key>"
    b"<VersionId>v2</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-24T01:02:03.000Z</LastModified>"
    b"</DeleteMarker></ListVersionsResult>"
)
UPLOADS = (
    b"<ListMultipartUploadsResult><Upload><Key>u</Key><UploadId>1</UploadId><Initiated>2099-01-01T00:00:00Z</Initiated>"
    b"</Upload></ListMultipartUploadsResult>"
)
NO_VERSIONS, NO_UPLOADS = b"<ListVersionsResult/>", b"<ListMultipartUploadsResult/>"


def paths(fake: Any) -> list[str]:
    """Methods and the first parameters of the queries so far, as one text each."""
    return [f"{method} {target.partition('?')[2].partition('&')[0]}".strip() for method, target in fake.seen]


def test_force_empties_the_bucket_first(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Versions, delete markers and open uploads, even those that a clock ahead of ours has begun."""
    for body in (VERSIONS, b"<DeleteResult/>", UPLOADS):
        fake.then(body=body)
    fake.always(204)
    s3 = make_s3()
    result = delete_bucket(s3, "bucket", emptier=Deleter(s3=s3))
    assert (result.deleted, result.objects, result.uploads) == (True, 2, 1)
    assert paths(fake) == ["GET encoding-type=url", "POST delete=", "GET uploads", "DELETE uploadId=1", "DELETE"]
    assert fake.requests[1].body.count(b"<VersionId>") == 2


def test_what_is_written_meanwhile_is_deleted_too(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The bucket is emptied again, but not for ever."""
    for _ in range(3):
        fake.then(body=NO_VERSIONS)
        fake.then(body=NO_UPLOADS)
        fake.then_error(409, "BucketNotEmpty")
    s3 = make_s3()
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        delete_bucket(s3, "bucket", emptier=Deleter(s3=s3))
    assert len(fake.requests) == 9


def test_a_locked_version_keeps_the_bucket(fake: Any, make_s3: Callable[..., S3]) -> None:
    """The error counts what is gone and what is not; uploads are left alone."""
    fake.then(body=VERSIONS)
    fake.then(
        body=b"<DeleteResult><Error><Key>k</Key><VersionId>v1</VersionId><Code>AccessDenied</Code>"
        b"<Message>locked</Message></Error></DeleteResult>"
    )
    s3 = make_s3()
    with pytest.raises(S3RestError, match=r"1 of its objects were not, 1 were; the first is 'k' \(AccessDenied"):
        delete_bucket(s3, "bucket", emptier=Deleter(s3=s3))
    assert len(fake.requests) == 2


def test_an_upload_that_cannot_be_aborted_keeps_the_bucket(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In S3's words."""
    fake.then(body=NO_VERSIONS)
    fake.then(body=UPLOADS)
    fake.then_error(403, "AccessDenied")
    s3 = make_s3()
    with pytest.raises(S3RestError, match="1 uploads to it were not aborted, 0 were; the first is that of 'u'"):
        delete_bucket(s3, "bucket", emptier=Deleter(s3=s3))


def test_a_missing_bucket_is_empty(fake: Any, make_s3: Callable[..., S3]) -> None:
    """With force too, only if asked."""
    fake.then_error(404, "NoSuchBucket", times=2)
    s3 = make_s3()
    assert not delete_bucket(s3, "bucket", missing_ok=True, emptier=Deleter(s3=s3)).deleted
    with pytest.raises(S3RestNotFoundError):
        delete_bucket(s3, "bucket", emptier=Deleter(s3=s3))
