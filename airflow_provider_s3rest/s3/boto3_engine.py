# SPDX-License-Identifier: Apache-2.0
"""The complete engine: boto3, for every key that S3 can hold and all that S3 can do. Import it only to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from airflow_provider_s3rest.exceptions import S3RestIntegrityError, S3RestNotFoundError
from airflow_provider_s3rest.s3.client import call
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES, Deletion, OpenObject, Written, first_byte
from airflow_provider_s3rest.s3.errors import FaultError, translate, translated
from airflow_provider_s3rest.s3.etags import Encoding, asking, read_encoding
from airflow_provider_s3rest.s3.keys import fits_xml
from airflow_provider_s3rest.s3.options import Read
from airflow_provider_s3rest.s3.results import DeleteFailure, ObjectHead, ObjectId, unquote_etag
from airflow_provider_s3rest.s3.retry import is_transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow_provider_s3rest.s3.options import Write


class Boto3Engine:
    """Objects by way of boto3. Safe for threads.

    :param client_of: gives the client of a bucket's region.
    """

    def __init__(self, client_of: Callable[[str], Any]) -> None:
        self._client_of = client_of

    def get(self, bucket_name: str, key: str, read: Read) -> OpenObject:
        """Open an object, or a range of its bytes."""
        with translated(bucket_name, key):
            answer = self._call("get_object", bucket_name, key, read.terms())
        body = answer["Body"]
        head = self._summary(bucket_name, key, answer)
        try:
            start = first_byte(read, head, answer.get("ContentRange", ""))
        except S3RestIntegrityError:
            body.close()
            raise
        return OpenObject(
            head=head, body=_chunks(body), close=body.close, start=start, end=start + answer["ContentLength"]
        )

    def head(self, bucket_name: str, key: str, read: Read) -> ObjectHead:
        """Ask about an object."""
        with translated(bucket_name, key):
            answer = self._call("head_object", bucket_name, key, read.terms())
        return self._summary(bucket_name, key, answer)

    def find(self, bucket_name: str, key: str) -> ObjectHead | None:
        """Ask about an object that may well not exist."""
        try:
            return self.head(bucket_name, key, Read())
        except S3RestNotFoundError:
            return None

    def encoding_of(self, bucket_name: str, key: str, read: Read, part_number: int = 1) -> Encoding:
        """Ask how the object's ETag came about.

        :param part_number: the part whose size is to be told; ``WHOLE``, for its checksum.
        """
        with translated(bucket_name, key):
            answer = self._call("head_object", bucket_name, key, read.whole().terms() | asking(part_number))
        return read_encoding(answer)

    def put(self, bucket_name: str, key: str, body: bytes, write: Write) -> Written:
        """Write an object in one request."""
        with translated(bucket_name, key):
            answer = self._call("put_object", bucket_name, key, write.terms(), Body=body)
        return written(self._client_of(bucket_name), answer)

    def delete(self, bucket_name: str, ids: Sequence[ObjectId]) -> Deletion:
        """Delete at most 1,000 objects, or one whose key no XML can hold.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        """
        if len(ids) == 1 and not fits_xml(ids[0].key):
            return self._delete_alone(bucket_name, ids[0])
        objects = [{"Key": key, "VersionId": version} if version else {"Key": key} for key, version in ids]
        with translated(bucket_name):
            answer = self._client_of(bucket_name).delete_objects(Bucket=bucket_name, Delete={"Objects": objects})
        failures = [
            DeleteFailure(
                key=error["Key"],
                code=error.get("Code", ""),
                message=error.get("Message", ""),
                # An empty one stands for none.
                version_id=error.get("VersionId") or None,
            )
            for error in answer.get("Errors", ())
        ]
        # A version that was deleted for good tells whether it was a marker, in the same word.
        made = [item for item in answer.get("Deleted", ()) if item.get("DeleteMarker") and not item.get("VersionId")]
        return Deletion(failures=failures, markers=len(made))

    def _delete_alone(self, bucket_name: str, identity: ObjectId) -> Deletion:
        terms = {"VersionId": identity.version_id} if identity.version_id else {}
        try:
            self._call("delete_object", bucket_name, identity.key, terms)
        except ClientError as error:
            said = error.response["Error"]
            if said.get("Code") == "NoSuchBucket":
                raise translate(error, bucket_name) from None
            if is_transient(error.response["ResponseMetadata"]["HTTPStatusCode"], said.get("Code", "")):
                # It has had all its retries: it is the service that fails, and not this key.
                raise
            failure = DeleteFailure(
                key=identity.key,
                code=said.get("Code", ""),
                message=said.get("Message", ""),
                version_id=identity.version_id,
            )
            return Deletion(failures=[failure])
        return Deletion(failures=[])

    def _call(
        self, operation: str, bucket_name: str, key: str, terms: dict[str, Any], **parameters: Any
    ) -> dict[str, Any]:
        client = self._client_of(bucket_name)
        answer: dict[str, Any] = call(client, operation, terms, Bucket=bucket_name, Key=key, **parameters)
        return answer

    def _summary(self, bucket_name: str, key: str, answer: dict[str, Any]) -> ObjectHead:
        size = answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"]
        return ObjectHead(
            bucket_name=bucket_name,
            key=key,
            size=int(size),
            etag=unquote_etag(answer.get("ETag")),
            last_modified=answer["LastModified"],
            content_type=answer.get("ContentType"),
            version_id=answer.get("VersionId"),
            region_name=self._client_of(bucket_name).meta.region_name,
            metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
        )


def written(client: Any, answer: dict[str, Any]) -> Written:
    """Read a client's answer to a PutObject or a CompleteMultipartUpload."""
    return Written(
        etag=unquote_etag(answer.get("ETag")),
        version_id=answer.get("VersionId"),
        region_name=client.meta.region_name,
    )


def _chunks(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(CHUNK_BYTES)
    except FlexibleChecksumError as error:
        raise S3RestIntegrityError(str(error)) from error
    except BotoCoreError as error:
        raise FaultError(str(error)) from error
