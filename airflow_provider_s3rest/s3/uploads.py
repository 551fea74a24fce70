# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads that nobody completed: their parts cost money, and no listing of objects shows them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.pool import for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.store import S3

SAFE_AGE = timedelta(days=7)
"""Nobody is still sending an upload that began so long ago; younger ones may be under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUpload:
    """A multipart upload that was begun, and neither completed nor aborted.

    :param initiated: when it began.
    """

    key: str
    upload_id: str
    initiated: datetime
    storage_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortFailure:
    """An upload that S3 did not abort, and S3's own words why."""

    upload: OpenUpload
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortResult:
    """What became of open uploads.

    :param found: how many there are, whatever their age.
    :param uploads: those that were old enough and are gone; of a dry run, those that would be.
    :param failed: those that S3 refused to abort.
    """

    bucket_name: str
    found: int
    uploads: tuple[OpenUpload, ...]
    failed: tuple[AbortFailure, ...]
    dry_run: bool


def list_uploads(s3: S3, bucket_name: str | None, prefix: str = "") -> Iterator[OpenUpload]:
    """List open uploads in the order of their keys; one page of 1,000 is in memory at a time.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html

    :raises S3RestNotFoundError: at the first upload: there is no such bucket.
    """
    from airflow_provider_s3rest.s3.client import call
    from airflow_provider_s3rest.s3.errors import translated

    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    # Only URL encoding can carry every key through XML; botocore decodes it for other listings, but not for this one.
    terms: dict[str, Any] = {"Prefix": prefix, "EncodingType": "url"}
    while True:
        with translated(bucket_name):
            page = call(s3.client(bucket_name), "list_multipart_uploads", terms, Bucket=bucket_name)
        is_encoded = page.get("EncodingType") == "url"
        for item in page.get("Uploads", ()):
            yield OpenUpload(
                key=unquote_plus(item["Key"]) if is_encoded else item["Key"],
                upload_id=item["UploadId"],
                initiated=item["Initiated"],
                storage_class=item.get("StorageClass", "STANDARD"),
            )
        if not page.get("IsTruncated"):
            return
        marker = page["NextKeyMarker"]
        terms["KeyMarker"] = unquote_plus(marker) if is_encoded else marker
        terms["UploadIdMarker"] = page["NextUploadIdMarker"]


def abort_uploads(
    s3: S3,
    bucket_name: str | None,
    prefix: str = "",
    *,
    older_than: timedelta = SAFE_AGE,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> AbortResult:
    """Abort the open uploads that began long ago; an upload that was completed meanwhile counts as gone.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html

    :param older_than: how long ago at least.
    :param dry_run: whether only to tell which these are.
    :raises S3RestNotFoundError: there is no such bucket.
    """
    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    run = _Run(s3, bucket_name, progress)
    # The clock of the service may be ahead of ours: no age means any age.
    until = datetime.now(UTC) - older_than if older_than else datetime.max.replace(tzinfo=UTC)
    old = run.older(list_uploads(s3, bucket_name, prefix), until)
    if dry_run:
        run.gone += old
    else:
        for_each(run.abort, old, s3.workers)
    return AbortResult(
        bucket_name=bucket_name,
        found=run.found,
        uploads=tuple(sorted(run.gone, key=_order)),
        failed=tuple(sorted(run.failed, key=lambda failure: _order(failure.upload))),
        dry_run=dry_run,
    )


class _Run:
    """One clean-up, on threads."""

    def __init__(self, s3: S3, bucket_name: str, progress: Progress | None) -> None:
        self._s3 = s3
        self._bucket_name = bucket_name
        self._progress = progress
        self._lock = threading.Lock()
        self.found = 0
        self.gone: list[OpenUpload] = []
        self.failed: list[AbortFailure] = []

    def older(self, uploads: Iterator[OpenUpload], until: datetime) -> Iterator[OpenUpload]:
        """Count uploads, and give those that began until then."""
        for upload in uploads:
            self.found += 1
            if upload.initiated <= until:
                yield upload

    def abort(self, upload: OpenUpload) -> None:
        failure = self._refusal(upload)
        with self._lock:
            if failure:
                self.failed.append(failure)
            else:
                self.gone.append(upload)
        if self._progress:
            self._progress.add(1)

    def _refusal(self, upload: OpenUpload) -> AbortFailure | None:
        from botocore.exceptions import ClientError

        from airflow_provider_s3rest.s3.client import call

        target = {"Bucket": self._bucket_name, "Key": upload.key, "UploadId": upload.upload_id}
        try:
            call(self._s3.client(self._bucket_name), "abort_multipart_upload", {}, **target)
        except ClientError as error:
            said = error.response["Error"]
            if said.get("Code") == "NoSuchUpload":
                return None
            return AbortFailure(upload=upload, code=said.get("Code", ""), message=said.get("Message", ""))
        return None


def _order(upload: OpenUpload) -> tuple[str, datetime]:
    return upload.key, upload.initiated
