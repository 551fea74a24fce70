# SPDX-License-Identifier: Apache-2.0
"""Making buckets and taking them away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from airflow_provider_s3rest.exceptions import S3RestError, S3RestNotFoundError
from airflow_provider_s3rest.s3.keys import check_bucket_name
from airflow_provider_s3rest.s3.options.values import check_tags
from airflow_provider_s3rest.s3.tags import MAX_BUCKET_TAGS, Tags
from airflow_provider_s3rest.s3.uploads import abort_uploads
from airflow_provider_s3rest.s3.values import choice, known, read_switch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.deletion import Deleter
    from airflow_provider_s3rest.s3.store import S3

_OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_SWITCHES = ("versioning", "object_lock", "block_public_access")
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NO_CONSTRAINT = "us-east-1"
"""The one region that S3 refuses to be named when a bucket is created in it."""
_ROUNDS = 3
"""How often a bucket is emptied, if something is written to it meanwhile."""


class BucketOptions(TypedDict, total=False):
    """How a bucket is set up; all are optional, and all may be templates.

    :param versioning: whether it keeps versions.
    :param object_lock: whether versions in it can be locked; implies ``versioning``, and can't be undone.
    :param object_ownership: ``BucketOwnerEnforced`` (AWS's default: no ACLs), ``BucketOwnerPreferred`` or
        ``ObjectWriter``.
    :param block_public_access: whether all public access is blocked, as AWS does for new buckets if this is left out.
    :param tags: at most 50.
    """

    versioning: bool
    object_lock: bool
    object_ownership: Literal["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]
    block_public_access: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketTerms:
    """Bucket options that have been checked; None leaves to the service what it does by default."""

    versioning: bool | None = None
    object_lock: bool | None = None
    object_ownership: str | None = None
    block_public_access: bool | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: BucketOptions | None = None) -> Self:
        """Check the options of a caller.

        :raises ValueError: one of them is unknown or can't be; it is named.
        """
        given = known(options, BucketOptions.__annotations__)
        given |= {name: read_switch(given[name], name) for name in _SWITCHES if name in given}
        if "object_ownership" in given:
            choice(given["object_ownership"], "object_ownership", _OWNERSHIPS)
        if "tags" in given:
            given["tags"] = check_tags(given["tags"], most=MAX_BUCKET_TAGS)
        if given.get("object_lock") and given.get("versioning") is False:
            raise ValueError("object_lock: needs versioning; leave versioning out, or make it true")
        return cls(**given)

    def at_creation(self) -> dict[str, Any]:
        """Return the terms of S3 that a bucket is created with."""
        terms: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if self.object_lock else {}
        return terms | ({"ObjectOwnership": self.object_ownership} if self.object_ownership else {})

    def afterwards(self, *, created: bool) -> dict[str, dict[str, Any]]:
        """Return what is set in a bucket that exists: operations, and their terms."""
        calls: dict[str, dict[str, Any]] = {}
        if self.object_ownership and not created:
            rule = {"ObjectOwnership": self.object_ownership}
            calls["put_bucket_ownership_controls"] = {"OwnershipControls": {"Rules": [rule]}}
        if self.block_public_access:
            configuration = dict.fromkeys(_BLOCKS, True)
            calls["put_public_access_block"] = {"PublicAccessBlockConfiguration": configuration}
        if self.block_public_access is False:
            calls["delete_public_access_block"] = {}
        if self.versioning or (self.object_lock and not created):
            calls["put_bucket_versioning"] = {"VersioningConfiguration": {"Status": "Enabled"}}
        if self.versioning is False and not created:
            calls["put_bucket_versioning"] = {"VersioningConfiguration": {"Status": "Suspended"}}
        if self.object_lock and not created:
            calls["put_object_lock_configuration"] = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
        return calls


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBucketResult:
    """A bucket that exists.

    :param created: whether it did not before.
    """

    bucket_name: str
    region_name: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteBucketResult:
    """A bucket that exists no more.

    :param deleted: whether it did before.
    :param objects: how many objects, versions and delete markers were deleted with it.
    :param uploads: how many open multipart uploads were aborted.
    """

    bucket_name: str
    deleted: bool
    objects: int = 0
    uploads: int = 0


def create_bucket(
    s3: S3, bucket_name: str, terms: BucketTerms | None = None, *, exist_ok: bool = False
) -> CreateBucketResult:
    """Create a bucket, in the region that was given, or else the connection's.

    What is set after creation belongs to it: where it fails, the new bucket is deleted again.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html

    :param exist_ok: whether a bucket of this name that the account owns already will do; it is then set up as ``terms``
        say, and its tags are added to.
    :raises S3RestError: it exists, and shall not; or somebody else has a bucket of this name.
    """
    check_bucket_name(bucket_name)
    terms = terms or BucketTerms()
    region = _existing(s3, bucket_name, exist_ok=exist_ok)
    created = region is None and _create(s3, bucket_name, terms, exist_ok=exist_ok)
    s3.engines.know_region(bucket_name, region or s3.engines.home_region)
    try:
        _set_up(s3, bucket_name, terms, created=created)
    except BaseException as error:
        if created:
            _take_back(s3, bucket_name, error)
        raise
    return CreateBucketResult(bucket_name=bucket_name, region_name=s3.region_of(bucket_name), created=created)


def _existing(s3: S3, bucket_name: str, *, exist_ok: bool) -> str | None:
    """Return the region of a bucket that exists already and is ours; None where none can be seen.

    CreateBucket is not asked: for a bucket of one's own, it succeeds in us-east-1 and resets the bucket's ACL.
    """
    from botocore.exceptions import ClientError

    try:
        answer = s3.client().head_bucket(Bucket=bucket_name)
    except ClientError as error:
        # 404: there is none. 403: there is one that we may not see; CreateBucket knows whose it is.
        if error.response["Error"].get("Code") in {"404", "403", "NoSuchBucket", "AccessDenied"}:
            return None
        raise
    if not exist_ok:
        raise S3RestError(f"Bucket {bucket_name!r} exists already; exist_ok=True would use it if it is your own")
    if bucket_name not in s3.list_buckets(prefix=bucket_name).names:
        raise S3RestError(f"Bucket {bucket_name!r} exists already, and belongs to another account")
    region = answer.get("BucketRegion") or s3.engines.home_region
    if s3.engines.given_region not in {None, region}:
        raise S3RestError(f"Bucket {bucket_name!r} exists already, in {region} and not in {s3.engines.given_region}")
    return str(region)


def _create(s3: S3, bucket_name: str, terms: BucketTerms, *, exist_ok: bool) -> bool:
    """Create a bucket.

    :returns: whether it was; else it is there already and ours.
    """
    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.client import call

    region = s3.engines.home_region
    where = {} if region == _NO_CONSTRAINT else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        call(s3.client(), "create_bucket", terms.at_creation() | where, Bucket=bucket_name)
    except ClientError as error:
        if _code(error) == "BucketAlreadyOwnedByYou":
            # The answer to an earlier try may have been lost.
            retried = bool(error.response["ResponseMetadata"].get("RetryAttempts"))
            if retried or exist_ok:
                return retried
        raise
    return True


def _set_up(s3: S3, bucket_name: str, terms: BucketTerms, *, created: bool) -> None:
    from airflow_provider_s3rest.s3.client import call
    from airflow_provider_s3rest.s3.errors import translated

    for operation, parameters in terms.afterwards(created=created).items():
        with translated(bucket_name):
            call(s3.client(bucket_name), operation, parameters, Bucket=bucket_name)
    if terms.tags:
        Tags.of_bucket(s3, bucket_name).put(terms.tags, merge=not created)


def _take_back(s3: S3, bucket_name: str, error: BaseException) -> None:
    try:
        s3.client(bucket_name).delete_bucket(Bucket=bucket_name)
    except Exception as second:  # noqa: BLE001 - the first error is the one to tell
        error.add_note(f"The new bucket {bucket_name!r} could not be deleted again: {second}")
    else:
        s3.engines.forget_region(bucket_name)


def delete_bucket(
    s3: S3, bucket_name: str, *, missing_ok: bool = False, emptier: Deleter | None = None
) -> DeleteBucketResult:
    """Delete a bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html

    :param missing_ok: whether it is all the same if there is none.
    :param emptier: deletes first all that the bucket holds: every version, delete markers; open uploads are aborted.
    :raises S3RestNotFoundError: there is none.
    :raises S3RestError: something in it can't be deleted; everything else is gone, and the bucket is not.
    """
    check_bucket_name(bucket_name)
    objects = uploads = 0
    deleted = None
    for last in (False,) * (_ROUNDS - 1) + (True,):
        try:
            if emptier:
                emptied = _empty(s3, bucket_name, emptier)
                objects, uploads = objects + emptied[0], uploads + emptied[1]
            deleted = _delete(s3, bucket_name, may_be_full=bool(emptier) and not last)
        except S3RestNotFoundError:
            if not missing_ok:
                raise
            deleted = False
        if deleted is not None:
            break
    s3.engines.forget_region(bucket_name)
    return DeleteBucketResult(bucket_name=bucket_name, deleted=bool(deleted), objects=objects, uploads=uploads)


def _delete(s3: S3, bucket_name: str, *, may_be_full: bool) -> bool | None:
    """Delete a bucket.

    :returns: whether it was; None where something has been written to it meanwhile.
    """
    from botocore.exceptions import ClientError

    from airflow_provider_s3rest.s3.errors import translate

    try:
        s3.client(bucket_name).delete_bucket(Bucket=bucket_name)
    except ClientError as error:
        # The answer to an earlier try may have been lost.
        if _code(error) == "NoSuchBucket" and error.response["ResponseMetadata"].get("RetryAttempts"):
            return True
        if _code(error) == "BucketNotEmpty" and may_be_full:
            return None
        raise translate(error, bucket_name) from None
    return True


def _empty(s3: S3, bucket_name: str, emptier: Deleter) -> tuple[int, int]:
    """Delete all that a bucket holds.

    :returns: how many versions and delete markers, and how many uploads.
    """
    gone = emptier.delete_prefix(bucket_name, "", versions=True, allow_all=True)
    if gone.failures:
        first = gone.failed[0]
        raise S3RestError(
            f"Bucket {bucket_name!r} was not deleted: {gone.failures} of its objects were not, {gone.deleted} were; "
            f"the first is {first.key!r} ({first.code}: {first.message})"
        )
    aborted = abort_uploads(s3, bucket_name, older_than=timedelta())
    if aborted.failed:
        failure = aborted.failed[0]
        raise S3RestError(
            f"Bucket {bucket_name!r} was not deleted: {len(aborted.failed)} uploads to it were not aborted, "
            f"{len(aborted.uploads)} were; the first is that of {failure.upload.key!r} ({failure.code}: "
            f"{failure.message})"
        )
    return gone.deleted, len(aborted.uploads)


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))
