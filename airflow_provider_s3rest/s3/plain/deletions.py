# SPDX-License-Identifier: Apache-2.0
"""Deletions, many objects by one request."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.engine import Deletion
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.keys import fits_xml
from airflow_provider_s3rest.s3.plain.client import Request
from airflow_provider_s3rest.s3.results import DeleteFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.plain.client import PlainClient
    from airflow_provider_s3rest.s3.results import ObjectId

# A reader of XML makes a line feed of every end of a line.
_ENDS_OF_LINES = {"\r": "&#13;", "\n": "&#10;"}


class PlainDeleter:
    """Deletes objects. Safe for threads."""

    def __init__(self, client: PlainClient) -> None:
        self._client = client

    def delete(self, bucket_name: str, ids: Sequence[ObjectId]) -> Deletion:
        """Delete at most 1,000 objects, or one whose key no XML can hold.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        """
        if len(ids) == 1 and not fits_xml(ids[0].key):
            return self._delete_alone(bucket_name, ids[0])
        body = _written(ids)
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        request = Request(
            method="POST",
            bucket_name=bucket_name,
            query={"delete": ""},
            headers={"content-md5": base64.b64encode(digest).decode(), "content-type": "application/xml"},
            body=body,
        )
        try:
            answer = self._client.send(request)
        except FaultError as fault:
            raise fault.public("DeleteObjects", bucket_name) from None
        return _read(answer.body)

    def _delete_alone(self, bucket_name: str, identity: ObjectId) -> Deletion:
        """Delete an object.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
        """
        key, version_id = identity
        query = {"versionId": version_id} if version_id else {}
        request = Request(method="DELETE", bucket_name=bucket_name, key=key, query=query)
        try:
            self._client.send(request)
        except FaultError as fault:
            if fault.transient or fault.code == "NoSuchBucket":
                raise fault.public("DeleteObject", bucket_name) from None
            failure = DeleteFailure(key=key, code=fault.code, message=fault.message, version_id=version_id)
            return Deletion(failures=[failure])
        return Deletion(failures=[])


def _written(ids: Sequence[ObjectId]) -> bytes:
    # All at once: no key that is here has this character.
    keys = escape("\0".join(key for key, _ in ids), _ENDS_OF_LINES).split("\0")
    objects = "".join(
        f"<Object><Key>{key}</Key><VersionId>{escape(version)}</VersionId></Object>"
        if version
        else f"<Object><Key>{key}</Key></Object>"
        for key, (_, version) in zip(keys, ids, strict=True)
    )
    return f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{objects}</Delete>'.encode()


def _read(body: bytes) -> Deletion:
    # All are gone, and no bucket keeps versions: nothing of it need be read, which would take most of the time.
    if body.endswith(b"</DeleteResult>") and b"Error>" not in body and b"DeleteMarker>" not in body:
        return Deletion(failures=[], markers=0)
    if b"<!DOCTYPE" in body:
        raise S3RestIntegrityError("The service's answer to a deletion holds a DTD, which none of S3 does")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a DTD there are no entities
    except ET.ParseError as error:
        raise S3RestIntegrityError(f"The service's answer to a deletion can't be read: {error!r}") from None
    namespace, _, name = root.tag.rpartition("}")
    if name != "DeleteResult":
        raise S3RestIntegrityError(f"The service's answer to a deletion is a <{name}>")
    space = f"{namespace}}}" if namespace else ""
    failures = [
        DeleteFailure(
            key=error.findtext(f"{space}Key", ""),
            code=error.findtext(f"{space}Code", ""),
            message=error.findtext(f"{space}Message", ""),
            # An empty one stands for none.
            version_id=error.findtext(f"{space}VersionId") or None,
        )
        for error in root.iter(f"{space}Error")
    ]
    # A version that was deleted for good tells whether it was a marker, in the same word.
    markers = sum(
        done.findtext(f"{space}DeleteMarker") == "true" and not done.findtext(f"{space}VersionId")
        for done in root.iter(f"{space}Deleted")
    )
    return Deletion(failures=failures, markers=markers)
