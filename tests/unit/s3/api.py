# SPDX-License-Identifier: Apache-2.0
"""Every operation of S3's API that the product sends: how to make it do so, and how to know it on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from airflow_provider_s3rest.s3.buckets import BucketTerms, create_bucket, delete_bucket
from airflow_provider_s3rest.s3.copying.model import Source, Target
from airflow_provider_s3rest.s3.copying.objects import copy_object
from airflow_provider_s3rest.s3.listing import list_versions
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.select import Select, select_object
from airflow_provider_s3rest.s3.tags import Tags
from airflow_provider_s3rest.s3.uploads import abort_uploads, list_uploads
from tests.unit.s3.events import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

LARGE = b"0123456789"
"""Is sent in parts, where :data:`SIZES` hold."""
SIZES = {
    "airflow_provider_s3rest.s3.upload.PART_BYTES": 5,
    "airflow_provider_s3rest.s3.upload._MEBIBYTE": 1,
    "airflow_provider_s3rest.s3.upsert.SINGLE_PUT_BYTES": 8,
}
_SINGLE_COPY_BYTES = "airflow_provider_s3rest.s3.copying.objects.SINGLE_COPY_BYTES"

# What every operation finds its own in.
_BODY = b"""<Result>
<UploadId>u</UploadId><ETag>&quot;e1&quot;</ETag><TagSet><Tag><Key>old</Key><Value>text</Value></Tag></TagSet>
<Upload><Key>key</Key><UploadId>u</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>
<Buckets><Bucket><Name>bucket</Name></Bucket></Buckets>
</Result>"""

_BODIES = {
    "GetObject": LARGE,
    "HeadObject": LARGE,
    "ListObjectsV2": b"<ListBucketResult/>",
    "ListObjectVersions": b"<ListBucketResult/>",
    "DeleteObjects": b"<DeleteResult><Deleted><Key>key</Key></Deleted></DeleteResult>",
    "SelectObjectContent": frame(b"", {":message-type": "event", ":event-type": "End"}),
}

_BUCKET_OPERATIONS = {
    "GET": {
        "list-type": "ListObjectsV2",
        "tagging": "GetBucketTagging",
        "uploads": "ListMultipartUploads",
        "versions": "ListObjectVersions",
    },
    "HEAD": {"": "HeadBucket"},
    "POST": {"delete": "DeleteObjects"},
    "PUT": {
        "": "CreateBucket",
        "object-lock": "PutObjectLockConfiguration",
        "ownershipControls": "PutBucketOwnershipControls",
        "publicAccessBlock": "PutPublicAccessBlock",
        "tagging": "PutBucketTagging",
        "versioning": "PutBucketVersioning",
    },
    "DELETE": {"": "DeleteBucket", "publicAccessBlock": "DeletePublicAccessBlock", "tagging": "DeleteBucketTagging"},
}
_OBJECT_OPERATIONS = {
    "GET": {"": "GetObject", "tagging": "GetObjectTagging"},
    "HEAD": {"": "HeadObject"},
    "POST": {
        "select": "SelectObjectContent",
        "uploadId": "CompleteMultipartUpload",
        "uploads": "CreateMultipartUpload",
    },
    "PUT": {"": "PutObject", "partNumber": "UploadPart", "tagging": "PutObjectTagging"},
    "DELETE": {"": "DeleteObject", "tagging": "DeleteObjectTagging", "uploadId": "AbortMultipartUpload"},
}
_COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}


def operation_of(request: Any) -> str:
    """Return the name of the operation that a request is."""
    target = urlsplit(request.target)
    if target.path == "/":
        return "ListBuckets"
    known = _OBJECT_OPERATIONS if target.path.strip("/").count("/") else _BUCKET_OPERATIONS
    operations = known[request.method]
    query = parse_qs(target.query, keep_blank_values=True)
    name = next((operations[part] for part in operations if part in query), None) or operations[""]
    return _COPIES[name] if "x-amz-copy-source" in request.headers else name


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a caller may want of an operation."""

    read: Read = field(default_factory=Read)
    write: Write = field(default_factory=Write)


def _put(s3: S3, options: Options, data: bytes) -> object:
    return s3.upsert_object("bucket", "key", data, replace(options.write, content_type="text/x"))


def _copy(s3: S3, options: Options) -> object:
    source = Source(s3=s3, bucket_name="source", key="old", read=options.read)
    return copy_object(source, Target(s3=s3, bucket_name="bucket", key="key", write=options.write))


def _select(s3: S3, options: Options) -> object:
    select = Select.parse("a.csv", "SELECT * FROM S3Object", {"engine": "s3_select"})
    with select_object(s3, "bucket", "a.csv", replace(select, customer_key=options.read.customer_key)) as selected:
        return list(selected)


def _object_tags(s3: S3, options: Options) -> Tags:
    return Tags.of_object(s3, "bucket", "key", options.read.version_id)


def _change_bucket(s3: S3, **terms: Any) -> object:
    return create_bucket(s3, "bucket", BucketTerms(**terms), exist_ok=True)


CALLS: dict[str, Callable[[S3, Options], object]] = {
    "AbortMultipartUpload": lambda s3, _: abort_uploads(s3, "bucket", older_than=timedelta()),
    "CompleteMultipartUpload": lambda s3, options: _put(s3, options, LARGE),
    "CopyObject": _copy,
    "CreateBucket": lambda s3, _: create_bucket(s3, "bucket"),
    "CreateMultipartUpload": lambda s3, options: _put(s3, options, LARGE),
    "DeleteBucket": lambda s3, _: delete_bucket(s3, "bucket"),
    "DeleteBucketTagging": lambda s3, _: Tags.of_bucket(s3, "bucket").put({}, merge=False),
    "DeleteObject": lambda s3, options: s3.delete_objects("bucket", [("\x01", options.read.version_id)]),
    "DeleteObjects": lambda s3, _: s3.delete_objects("bucket", "key"),
    "DeleteObjectTagging": lambda s3, options: _object_tags(s3, options).put({}, merge=False),
    "DeletePublicAccessBlock": lambda s3, _: _change_bucket(s3, block_public_access=False),
    "GetBucketTagging": lambda s3, _: Tags.of_bucket(s3, "bucket").get(),
    "GetObject": lambda s3, options: s3.get_object("bucket", "key", options.read).read(),
    "GetObjectTagging": lambda s3, options: _object_tags(s3, options).get(),
    "HeadBucket": lambda s3, _: create_bucket(s3, "bucket", exist_ok=True),
    "HeadObject": lambda s3, options: s3.head_object("bucket", "key", options.read),
    "ListBuckets": lambda s3, _: s3.list_buckets(),
    "ListMultipartUploads": lambda s3, _: list(list_uploads(s3, "bucket")),
    "ListObjectVersions": lambda s3, _: list(list_versions(s3, "bucket")),
    "ListObjectsV2": lambda s3, _: list(s3.query_objects("bucket")),
    "PutBucketOwnershipControls": lambda s3, _: _change_bucket(s3, object_ownership="BucketOwnerEnforced"),
    "PutBucketTagging": lambda s3, _: Tags.of_bucket(s3, "bucket").put({"a": "b"}, merge=False),
    "PutBucketVersioning": lambda s3, _: _change_bucket(s3, versioning=True),
    "PutObject": lambda s3, options: _put(s3, options, b"data"),
    "PutObjectLockConfiguration": lambda s3, _: _change_bucket(s3, object_lock=True),
    "PutObjectTagging": lambda s3, options: _object_tags(s3, options).put({"a": "b"}, merge=False),
    "PutPublicAccessBlock": lambda s3, _: _change_bucket(s3, block_public_access=True),
    "SelectObjectContent": _select,
    "UploadPart": lambda s3, options: _put(s3, options, LARGE),
    "UploadPartCopy": _copy,
}


class World:
    """An S3 that answers everything well, but for the operation under test.

    :param fake: the scripted server.
    :param s3: speaks to it.
    :param sleeps: the waits so far.
    """

    def __init__(self, fake: Any, s3: S3, sleeps: list[float]) -> None:
        self.fake = fake
        self.s3 = s3
        self.sleeps = sleeps
        self.operation = ""
        self.faults: list[Any] = []

    def call(
        self, patch: Any, operation: str, options: Options | None = None, *, faults: list[Any] | None = None
    ) -> None:
        """Have an operation sent, and answered first by these faults."""
        self.fake.forget()
        self.fake.otherwise = self._answer
        self.sleeps.clear()
        self.operation, self.faults = operation, list(faults or ())
        for name, size in SIZES.items():
            patch.setattr(name, size)
        if operation == "UploadPartCopy":
            patch.setattr(_SINGLE_COPY_BYTES, 4)
        CALLS[operation](self.s3, options or Options())

    @property
    def requests(self) -> list[Any]:
        """Those of the operation under test."""
        return [request for request in self.fake.requests if operation_of(request) == self.operation]

    def _answer(self, request: Any) -> Any:
        name = operation_of(request)
        if name == self.operation and self.faults:
            return self.faults.pop(0)
        if name == "CopyObject" and self.operation == "UploadPartCopy":
            return self.fake.make_answer(400, b"<Error><Code>InvalidRequest</Code></Error>")
        if name == "HeadBucket" and self.operation == "CreateBucket":
            return self.fake.make_answer(404)
        return self.fake.make_answer(200, _BODIES.get(name, _BODY))
