# SPDX-License-Identifier: Apache-2.0
"""The requests of uploads in parts.

Over TLS the bytes are not signed, which would take twice the time of a checksum; AWS is given that, as boto3 gives it.
Other services refuse what they do not know, and TLS guards the bytes on their way.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from airflow_provider_s3rest.s3.plain.operations import CUSTOMER_KEY, WRITTEN, element, headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_s3rest.s3.plain.operations import Object

_COMPLETION = {**CUSTOMER_KEY, "IfMatch": "if-match", "IfNoneMatch": "if-none-match"}
# S3 refuses a completion that leaves out what it keeps of a part.
_CHECKSUMS = {
    f"Checksum{name}": f"x-amz-checksum-{name.lower()}" for name in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
}


@dataclass(frozen=True, slots=True)
class PlainParts:
    """Uploads of one object.

    :param terms: how the object is written, as boto3 names it; each request carries those that it can.
    """

    target: Object
    terms: Mapping[str, Any]

    def create(self) -> str:
        """Begin an upload.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html

        :returns: its id.
        """
        checked = {"x-amz-checksum-algorithm": "CRC32"} if self.target.client.is_aws else {}
        headers = headers_of(self.terms, WRITTEN) | checked
        return element(self.target.send("CreateMultipartUpload", "POST", headers, {"uploads": ""}), "UploadId") or ""

    def send(self, upload_id: str, number: int, body: bytes) -> dict[str, Any]:
        """Send a part.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html

        :returns: what the completion names it by.
        """
        headers = headers_of(self.terms, CUSTOMER_KEY)
        if self.target.client.is_aws:
            headers["x-amz-checksum-crc32"] = base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = self.target.send("UploadPart", "PUT", headers, query, body)
        kept = {term: answer.headers[header] for term, header in _CHECKSUMS.items() if header in answer.headers}
        return {"PartNumber": number, "ETag": answer.headers["etag"], **kept}

    def complete(self, upload_id: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Make the object of its parts.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
        """
        told = "".join(
            f"<Part>{''.join(f'<{name}>{escape(str(value))}</{name}>' for name, value in part.items())}</Part>"
            for part in parts
        )
        body = (
            f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{told}</CompleteMultipartUpload>'
        )
        headers = {"content-type": "application/xml", **headers_of(self.terms, _COMPLETION)}
        answer = self.target.send("CompleteMultipartUpload", "POST", headers, {"uploadId": upload_id}, body.encode())
        return {"ETag": element(answer, "ETag"), "VersionId": answer.headers.get("x-amz-version-id")}

    def abort(self, upload_id: str) -> None:
        """Remove the parts that were sent.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
        """
        self.target.send("AbortMultipartUpload", "DELETE", {}, {"uploadId": upload_id})

    def head(self) -> dict[str, Any]:
        """Ask about the object that is there."""
        return self.target.head({name: value for name, value in self.terms.items() if name in CUSTOMER_KEY})
