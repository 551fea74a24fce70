# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: each part is retried alone, and whatever goes wrong, nothing stays behind in the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.boto3_engine import written
from airflow_provider_s3rest.s3.client import call
from airflow_provider_s3rest.s3.errors import translated
from airflow_provider_s3rest.s3.etags import of_digests, parts_of
from airflow_provider_s3rest.s3.pool import clear_up, concurrently
from airflow_provider_s3rest.s3.results import unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from airflow_provider_s3rest.s3.engine import Written
    from airflow_provider_s3rest.s3.progress import Progress

    Send = Callable[[dict[str, str], int, "P"], dict[str, Any]]

P = TypeVar("P")

_DONE_CODES = frozenset({"NoSuchUpload", "ConditionalRequestConflict", "PreconditionFailed"})


class MultipartUpload:
    """One upload in parts.

    :param client: the boto3 client of the bucket's region.
    :param terms: how the object is written; each request carries those that it can.
    """

    def __init__(self, client: Any, bucket_name: str, key: str, terms: Mapping[str, Any]) -> None:
        self._client = client
        self._target = {"Bucket": bucket_name, "Key": key}
        self._terms = terms

    def run(self, parts: Iterator[bytes], workers: int, progress: Progress | None = None) -> Written:
        """Send the parts and make one object of them.

        :param workers: how many parts are in flight, and so in memory, at once.
        :param progress: is told of the bytes that have been sent.
        """

        def send(upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
            answer = call(self._client, "upload_part", self._terms, **upload, PartNumber=number, Body=body)
            if progress:
                progress.add(len(body))
            return sent_part(number, answer)

        return self.assemble(parts, send, workers)

    def assemble(self, parts: Iterable[P], send: Send[P], workers: int) -> Written:
        """Make one object of parts, however they come to S3.

        :param send: is given the upload as parameters of S3, the number of a part, and the part; it returns
            :func:`sent_part`.
        :param workers: how many parts are in flight at once.
        """
        with translated(self._target["Bucket"], self._target["Key"]):
            created = call(self._client, "create_multipart_upload", self._terms, **self._target)
            upload = {**self._target, "UploadId": created["UploadId"]}
            try:
                numbered = zip(count(1), parts, strict=False)
                sent = concurrently(lambda part: send(upload, *part), numbered, workers)
                return self._complete(upload, sent)
            except BaseException as error:
                self._abort(upload, error)
                raise

    def _complete(self, upload: dict[str, str], sent: list[dict[str, Any]]) -> Written:
        """Make one object of the parts.

        When the answer to the first try was lost, S3 no longer knows the upload at the second, or finds an object in
        the way of its condition: then the object tells by its ETag whether it is this one.
        """
        try:
            parts = {"Parts": sent}
            answer = call(self._client, "complete_multipart_upload", self._terms, **upload, MultipartUpload=parts)
            return written(self._client, answer)
        except ClientError as error:
            if not (
                error.response["Error"]["Code"] in _DONE_CODES and error.response["ResponseMetadata"]["RetryAttempts"]
            ):
                raise
            terms = {name: value for name, value in self._terms.items() if name.startswith("SSECustomer")}
            found = written(self._client, call(self._client, "head_object", terms, **self._target))
            if found.etag != _etag_of_parts(sent):
                raise
            return found

    def _abort(self, upload: dict[str, str], error: BaseException) -> None:
        try:
            clear_up(lambda: self._client.abort_multipart_upload(**upload), error)
        except self._client.exceptions.NoSuchUpload:
            # It is complete, or somebody else has ended it.
            return
        except Exception as failure:  # noqa: BLE001 - the first error is the one to report
            error.add_note(
                f"The parts sent so far could not be removed ({failure!r}); "
                "a lifecycle rule AbortIncompleteMultipartUpload on the bucket will do it"
            )


def sent_part(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    """Describe a part for the completion: by its ETag, and by the checksum that S3 keeps of it, if it does."""
    checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
    return {"PartNumber": number, "ETag": answer["ETag"], **checksums}


def _etag_of_parts(sent: list[dict[str, Any]]) -> str | None:
    """Return the ETag that S3 gives to an object of these parts; None where the parts' own are no MD5s."""
    digests = [unquote_etag(part["ETag"]) or "" for part in sent]
    return of_digests(digests) if all(parts_of(digest) == 0 for digest in digests) else None
