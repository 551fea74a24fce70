# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: each part is retried alone, and whatever goes wrong, nothing stays behind in the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.boto3_engine import translated, written
from airflow_provider_s3rest.s3.pool import concurrently
from airflow_provider_s3rest.s3.results import MD5_ETAG, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_s3rest.s3.engine import Written


class MultipartUpload:
    """One upload in parts.

    :param client: the boto3 client of the bucket's region.
    """

    def __init__(self, client: Any, bucket_name: str, key: str) -> None:
        self._client = client
        self._target = {"Bucket": bucket_name, "Key": key}

    def run(self, parts: Iterator[bytes], content_type: str, workers: int) -> Written:
        """Send the parts and make one object of them.

        :param workers: how many parts are in flight, and so in memory, at once.
        """
        with translated(self._target["Bucket"], self._target["Key"]):
            created = self._client.create_multipart_upload(**self._target, ContentType=content_type)
            upload = {**self._target, "UploadId": created["UploadId"]}
            try:
                sent = concurrently(lambda part: self._send(upload, *part), zip(count(1), parts, strict=False), workers)
                return self._complete(upload, sent)
            except BaseException as error:
                self._abort(upload, error)
                raise

    def _send(self, upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
        answer = self._client.upload_part(**upload, PartNumber=number, Body=body)
        # Where botocore added a checksum to the part, S3 wants it named again at the end.
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    def _complete(self, upload: dict[str, str], sent: list[dict[str, Any]]) -> Written:
        """Make one object of the parts.

        When the answer to the first try was lost, S3 no longer knows the upload at the second: then the object tells by
        its ETag whether it is this one.
        """
        try:
            return written(self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent}))
        except self._client.exceptions.NoSuchUpload:
            found = written(self._client.head_object(**self._target))
            if found.etag != _etag_of_parts(sent):
                raise
            return found

    def _abort(self, upload: dict[str, str], error: BaseException) -> None:
        try:
            self._client.abort_multipart_upload(**upload)
        except Exception as failure:  # noqa: BLE001 - the first error is the one to report
            error.add_note(
                f"The parts sent so far could not be removed ({failure}); "
                "a lifecycle rule AbortIncompleteMultipartUpload on the bucket will do it"
            )


def _etag_of_parts(sent: list[dict[str, Any]]) -> str | None:
    """Return the ETag that S3 gives to an object of these parts; None where the parts' own are no MD5s."""
    digests = [unquote_etag(part["ETag"]) or "" for part in sent]
    if not all(map(MD5_ETAG.fullmatch, digests)):
        return None
    whole = hashlib.md5(bytes.fromhex("".join(digests)), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(sent)}"
