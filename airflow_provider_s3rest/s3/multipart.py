# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: each part is retried alone, and whatever goes wrong, nothing stays behind in the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.engine import Written
from airflow_provider_s3rest.s3.errors import translated
from airflow_provider_s3rest.s3.etags import of_digests, parts_of
from airflow_provider_s3rest.s3.pool import clear_up, concurrently
from airflow_provider_s3rest.s3.results import unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.store import S3

    Send = Callable[[str, int, "P"], dict[str, Any]]

P = TypeVar("P")

_DONE_CODES = frozenset({"NoSuchUpload", "ConditionalRequestConflict", "PreconditionFailed"})


class Parts(Protocol):
    """The requests of uploads of one object; each raises the errors of botocore."""

    def create(self) -> str:
        """Begin an upload; returns its id."""

    def send(self, upload_id: str, number: int, body: bytes) -> dict[str, Any]:
        """Send a part; returns what the completion names it by."""

    def complete(self, upload_id: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Make the object of its parts."""

    def abort(self, upload_id: str) -> None:
        """Remove the parts that were sent."""

    def head(self) -> dict[str, Any]:
        """Ask about the object that is there."""


class MultipartUpload:
    """One upload in parts.

    :param terms: how the object is written; each request carries those that it can.
    """

    def __init__(self, s3: S3, bucket_name: str, key: str, terms: Mapping[str, Any]) -> None:
        self._s3 = s3
        self._bucket_name = bucket_name
        self._key = key
        self._parts = _parts(s3, bucket_name, key, terms)

    def run(self, parts: Iterator[bytes], workers: int, progress: Progress | None = None) -> Written:
        """Send the parts and make one object of them.

        :param workers: how many parts are in flight, and so in memory, at once.
        :param progress: is told of the bytes that have been sent.
        """

        def send(upload_id: str, number: int, body: bytes) -> dict[str, Any]:
            sent = self._parts.send(upload_id, number, body)
            if progress:
                progress.add(len(body))
            return sent

        return self.assemble(parts, send, workers)

    def assemble(self, parts: Iterable[P], send: Send[P], workers: int) -> Written:
        """Make one object of parts, however they come to S3.

        :param send: is given the id of the upload, the number of a part, and the part; it returns :func:`sent_part`.
        :param workers: how many parts are in flight at once.
        """
        with translated(self._bucket_name, self._key):
            upload_id = self._parts.create()
            try:
                numbered = zip(count(1), parts, strict=False)
                sent = concurrently(lambda part: send(upload_id, *part), numbered, workers)
                return self._complete(upload_id, sent)
            except BaseException as error:
                self._abort(upload_id, error)
                raise

    def _complete(self, upload_id: str, sent: list[dict[str, Any]]) -> Written:
        """Make one object of the parts.

        When the answer to the first try was lost, S3 no longer knows the upload at the second, or finds an object in
        the way of its condition: then the object tells by its ETag whether it is this one.
        """
        try:
            return self._written(self._parts.complete(upload_id, sent))
        except ClientError as error:
            if not (
                error.response["Error"]["Code"] in _DONE_CODES and error.response["ResponseMetadata"]["RetryAttempts"]
            ):
                raise
            found = self._written(self._parts.head())
            if found.etag != _etag_of_parts(sent):
                raise
            return found

    def _written(self, answer: Mapping[str, Any]) -> Written:
        region = self._s3.engines.region_of(self._bucket_name)
        return Written(etag=unquote_etag(answer.get("ETag")), version_id=answer.get("VersionId"), region_name=region)

    def _abort(self, upload_id: str, error: BaseException) -> None:
        try:
            clear_up(lambda: self._parts.abort(upload_id), error)
        except Exception as failure:  # noqa: BLE001 - the first error is the one to report
            if isinstance(failure, ClientError) and failure.response["Error"]["Code"] == "NoSuchUpload":
                # It is complete, or somebody else has ended it.
                return
            error.add_note(
                f"The parts sent so far could not be removed ({failure!r}); "
                "a lifecycle rule AbortIncompleteMultipartUpload on the bucket will do it"
            )


@dataclass(frozen=True, slots=True)
class _Boto3Parts:
    """The same requests by boto3, which knows every checksum."""

    client: Any
    target: Mapping[str, str]
    terms: Mapping[str, Any]

    def create(self) -> str:
        upload_id: str = self._call("create_multipart_upload")["UploadId"]
        return upload_id

    def send(self, upload_id: str, number: int, body: bytes) -> dict[str, Any]:
        return sent_part(number, self._call("upload_part", UploadId=upload_id, PartNumber=number, Body=body))

    def complete(self, upload_id: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return self._call("complete_multipart_upload", UploadId=upload_id, MultipartUpload={"Parts": parts})

    def abort(self, upload_id: str) -> None:
        self.client.abort_multipart_upload(**self.target, UploadId=upload_id)

    def head(self) -> dict[str, Any]:
        from airflow_provider_s3rest.s3.client import call

        terms = {name: value for name, value in self.terms.items() if name.startswith("SSECustomer")}
        answer: dict[str, Any] = call(self.client, "head_object", terms, **self.target)
        return answer

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from airflow_provider_s3rest.s3.client import call

        answer: dict[str, Any] = call(self.client, operation, self.terms, **self.target, **parameters)
        return answer


def _parts(s3: S3, bucket_name: str, key: str, terms: Mapping[str, Any]) -> Parts:
    plain = s3.engines.plain_for(bucket_name)
    if plain is None or "ChecksumAlgorithm" in terms:
        return _Boto3Parts(s3.client(bucket_name), {"Bucket": bucket_name, "Key": key}, terms)
    from airflow_provider_s3rest.s3.plain.operations import Object
    from airflow_provider_s3rest.s3.plain.parts import PlainParts

    return PlainParts(Object(plain, bucket_name, key), terms)


def sent_part(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    """Describe a part for the completion: by its ETag, and by the checksum that S3 keeps of it, if it does."""
    checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
    return {"PartNumber": number, "ETag": answer["ETag"], **checksums}


def _etag_of_parts(sent: list[dict[str, Any]]) -> str | None:
    """Return the ETag that S3 gives to an object of these parts; None where the parts' own are no MD5s."""
    digests = [unquote_etag(part["ETag"]) or "" for part in sent]
    return of_digests(digests) if all(parts_of(digest) == 0 for digest in digests) else None
