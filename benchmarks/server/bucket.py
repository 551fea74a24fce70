# SPDX-License-Identifier: Apache-2.0
"""Buckets in memory: of large objects only the size, since all their bytes are those of one block."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, unescape

from benchmarks.server.reading import KEPT_BYTES, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = os.urandom(1 << 20)
"""What large objects consist of."""
PART_BYTES = 8 << 20
PAGE = 1000
_XML = "Content-Type: application/xml\r\n"
_DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
_KIND = "binary/octet-stream"
_LONG_AGO = 1_764_000_000.0
# That of what is too large to be kept; true ones would take more time than all the rest.
_ETAG = "9a0364b9e99bb480dd25e1f0284c8555"


@dataclass(frozen=True, slots=True)
class Object:
    """An object; without ``data``, its bytes are those of :data:`BLOCK` again and again.

    :param part_bytes: the size of the parts that it was sent in; 0: it was not, or nobody knows.
    :param checksum: the CRC-32 of their CRC-32s, as S3 keeps it of what boto3 or ours has sent; none: an empty one.
    """

    size: int
    etag: str
    data: bytes | None = None
    kind: str = _KIND
    modified: float = _LONG_AGO
    part_bytes: int = 0
    checksum: str = ""

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """Give its bytes."""
        if self.data is not None:
            yield memoryview(self.data)[start:end]
            return
        block = memoryview(BLOCK)
        while start < end:
            at = start % len(BLOCK)
            piece = block[at : at + end - start]
            yield piece
            start += len(piece)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: the head, and then pieces of the body."""

    head: bytes
    pieces: Iterator[memoryview] | None = None


Act = Callable[[Request], Answer]


class World:
    """All buckets: there are as many as anybody asks for.

    :param keys: how many small objects are there.
    """

    def __init__(self, keys: int = 0) -> None:
        self._filled = keys
        self._cpu = 0.0
        self.objects: dict[tuple[str, str], Object] = {}
        self.counts: Counter[str] = Counter()
        self._keys: dict[str, list[str]] = {}
        self._pages: dict[tuple[object, ...], bytes] = {}
        self._uploads: dict[str, dict[str, int]] = {}
        self.refill()

    def figures(self) -> dict[str, object]:
        """Count the requests by operation, and the seconds of CPU, since the last time."""
        counts, self.counts = self.counts, Counter()
        before, self._cpu = self._cpu, time.process_time()
        return {"requests": counts, "cpu": self._cpu - before}

    def refill(self) -> None:
        """Put ``first`` into the bucket ``small``, and small objects into ``listed``, 1,000 in a folder."""
        small = Object(4, hashlib.md5(b"data", usedforsecurity=False).hexdigest(), b"data")
        self.objects["small", "first"] = small
        for number in range(self._filled):
            self.objects["listed", f"data/{number // 1000:04}/part-{number:08}.parquet"] = small
        self._keys.clear()
        self._pages.clear()

    def put_large(self, bucket: str, key: str, size: int, *, parts: bool) -> None:
        """Put an object of a true ETag into a bucket.

        :param parts: whether it is as if it had been sent in parts of 8 MiB.
        """
        whole = hashlib.md5(usedforsecurity=False)
        digests, checksums = [], []
        for start in range(0, size, PART_BYTES):
            part, checksum = hashlib.md5(usedforsecurity=False), 0
            for piece in Object(size, "").pieces(start, min(start + PART_BYTES, size)):
                (part if parts else whole).update(piece)
                checksum = zlib.crc32(piece, checksum)
            digests.append(part.digest())
            checksums.append(checksum.to_bytes(4))
        etag, told = whole.hexdigest(), ""
        if parts:
            joined = b"".join(digests)
            etag = f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(digests)}"
            combined = base64.b64encode(zlib.crc32(b"".join(checksums)).to_bytes(4)).decode()
            told = f"{combined}-{len(checksums)}"
        self.objects[bucket, key] = Object(size, etag, part_bytes=PART_BYTES if parts else 0, checksum=told)

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        operation, act = self._of_object(request) if request.key else self._of_bucket(request)
        self.counts[operation] += 1
        return act(request)

    def _of_object(self, request: Request) -> tuple[str, Act]:
        if request.method == "PUT" and request.header(b"x-amz-copy-source"):
            return "CopyObject", self._copy
        known: dict[tuple[str, str], tuple[str, Act]] = {
            ("GET", "tagging"): ("GetObjectTagging", _no_tags),
            ("GET", ""): ("GetObject", self._get),
            ("HEAD", ""): ("HeadObject", self._get),
            ("HEAD", "partNumber"): ("HeadObject", self._head_part),
            ("PUT", "partNumber"): ("UploadPart", self._put_part),
            ("PUT", ""): ("PutObject", self._put),
            ("POST", "uploads"): ("CreateMultipartUpload", self._begin),
            ("POST", ""): ("CompleteMultipartUpload", self._end),
            ("DELETE", "uploadId"): ("AbortMultipartUpload", _nothing),
            ("DELETE", ""): ("DeleteObject", self._delete),
        }
        meant = next((name for name in request.query if (request.method, name) in known), "")
        return known[request.method, meant]

    def _of_bucket(self, request: Request) -> tuple[str, Act]:
        if "list-type" in request.query:
            return "ListObjectsV2", self._list
        if "delete" in request.query:
            return "DeleteObjects", self._delete_many
        return f"{request.method.title()}Bucket", _nothing

    def _get(self, request: Request) -> Answer:
        found = self.objects.get((request.bucket, request.key))
        if found is None:
            return _error(404, "NoSuchKey", request)
        start, end, status = 0, found.size, 200
        more = f"{_described(found)}Accept-Ranges: bytes\r\n"
        if wanted := re.fullmatch(r"bytes=(\d*)-(\d*)", request.header(b"range")):
            first, last = wanted.groups()
            start = int(first) if first else max(0, found.size - int(last))
            end = min(found.size, int(last) + 1) if first and last else found.size
            status = 206
            more += f"Content-Range: bytes {start}-{end - 1}/{found.size}\r\n"
        elif found.checksum and request.header(b"x-amz-checksum-mode"):
            more += f"x-amz-checksum-crc32: {found.checksum}\r\nx-amz-checksum-type: COMPOSITE\r\n"
        head = _head(status, end - start, f"{more}Content-Type: {found.kind}\r\n")
        return Answer(head, None if request.method == "HEAD" else found.pieces(start, end))

    def _head_part(self, request: Request) -> Answer:
        found = self.objects.get((request.bucket, request.key))
        if found is None or not found.part_bytes:
            return self._get(request)
        start = (int(request.query["partNumber"]) - 1) * found.part_bytes
        size = min(found.part_bytes, found.size - start)
        parts = -(-found.size // found.part_bytes)
        told = f"Content-Range: bytes {start}-{start + size - 1}/{found.size}\r\nx-amz-mp-parts-count: {parts}\r\n"
        return Answer(_head(206, size, _described(found) + told))

    def _put(self, request: Request) -> Answer:
        if request.header(b"if-none-match") and (request.bucket, request.key) in self.objects:
            return _error(412, "PreconditionFailed", request)
        data = bytes(request.body) if request.size <= KEPT_BYTES else None
        etag = f"{_ETAG}-1" if data is None else hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._keep(request, Object(request.size, etag, data, request.header(b"content-type") or _KIND, time.time()))
        return Answer(_head(200, 0, f'ETag: "{etag}"\r\n'))

    def _copy(self, request: Request) -> Answer:
        bucket, _, key = unquote(request.header(b"x-amz-copy-source").partition("?")[0]).lstrip("/").partition("/")
        found = self.objects.get((bucket, key))
        if found is None:
            return _error(404, "NoSuchKey", request)
        self._keep(request, replace(found, modified=time.time()))
        return _document(
            f"<CopyObjectResult><LastModified>{_stamp(time.time())}</LastModified><ETag>&quot;{found.etag}&quot;</ETag>"
            "</CopyObjectResult>"
        )

    def _begin(self, request: Request) -> Answer:
        self._uploads[name := str(len(self._uploads))] = {}
        place = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key><UploadId>{name}</UploadId>"
        return _document(f"<InitiateMultipartUploadResult>{place}</InitiateMultipartUploadResult>")

    def _put_part(self, request: Request) -> Answer:
        self._uploads[request.query["uploadId"]][request.query["partNumber"]] = request.size
        return Answer(_head(200, 0, f'ETag: "{_ETAG}"\r\n'))

    def _end(self, request: Request) -> Answer:
        sizes = self._uploads[request.query["uploadId"]]
        etag = f"{_ETAG}-{len(sizes)}"
        self._keep(request, Object(sum(sizes.values()), etag, modified=time.time()))
        told = f"<ETag>&quot;{etag}&quot;</ETag>"
        return _document(f"<CompleteMultipartUploadResult>{told}</CompleteMultipartUploadResult>")

    def _delete(self, request: Request) -> Answer:
        self._drop(request.bucket, request.key)
        return Answer(_head(204, 0))

    def _delete_many(self, request: Request) -> Answer:
        keys = [unescape(key) for key in re.findall(r"<Key>([^<]*)</Key>", request.body.decode())]
        for key in keys:
            self._drop(request.bucket, key)
        quiet = b"<Quiet>true" in request.body
        told = "" if quiet else "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _document(f"<DeleteResult>{told}</DeleteResult>")

    def _keep(self, request: Request, kept: Object) -> None:
        if (request.bucket, request.key) not in self.objects:
            self._keys.pop(request.bucket, None)
        self.objects[request.bucket, request.key] = kept
        self._pages.clear()

    def _drop(self, bucket: str, key: str) -> None:
        if self.objects.pop((bucket, key), None):
            self._keys.pop(bucket, None)
            self._pages.clear()

    def _list(self, request: Request) -> Answer:
        page = self._pages.get(asked := (request.bucket, *sorted(request.query.items())))
        if page is None:
            page = self._pages[asked] = self._page(request.bucket, request.query)
        return Answer(_head(200, len(page), _XML), iter([memoryview(page)]))

    def _page(self, bucket: str, query: dict[str, str]) -> bytes:
        keys = self._keys.get(bucket)
        if keys is None:
            keys = self._keys[bucket] = sorted((k for b, k in self.objects if b == bucket), key=str.encode)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        most = min(PAGE, int(query.get("max-keys") or PAGE))
        encode = quote if query.get("encoding-type") == "url" else escape
        at = bisect_right(keys, after) if after else bisect_left(keys, prefix)
        items: list[str] = []
        last = ""
        while at < len(keys) and len(items) < most and (keys[at].startswith(prefix) or keys[at] < prefix):
            key = keys[at]
            at += 1
            if not key.startswith(prefix):
                continue
            folder, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                last = f"{prefix}{folder}{delimiter}"
                items.append(f"<CommonPrefixes><Prefix>{encode(last)}</Prefix></CommonPrefixes>")
                at = bisect_left(keys, last[:-1] + chr(ord(last[-1]) + 1))
                last = keys[at - 1]
            else:
                last = key
                items.append(self._item(bucket, key, encode))
        cut = at < len(keys) and keys[at].startswith(prefix)
        more = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if cut else ""
        return (
            f'{_DECLARED}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>'
            f"<Prefix>{encode(prefix)}</Prefix><KeyCount>{len(items)}</KeyCount><MaxKeys>{most}</MaxKeys>"
            f"{'<EncodingType>url</EncodingType>' if encode is quote else ''}"
            f"<IsTruncated>{str(cut).lower()}</IsTruncated>{more}{''.join(items)}</ListBucketResult>"
        ).encode()

    def _item(self, bucket: str, key: str, encode: Callable[[str], str]) -> str:
        found = self.objects[bucket, key]
        return (
            f"<Contents><Key>{encode(key)}</Key><LastModified>{_stamp(found.modified)}</LastModified>"
            f"<ETag>&quot;{found.etag}&quot;</ETag><Size>{found.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )


def _described(found: Object) -> str:
    return f'ETag: "{found.etag}"\r\nLast-Modified: {formatdate(found.modified, usegmt=True)}\r\n'


def _no_tags(_: Request) -> Answer:
    return _document("<Tagging><TagSet/></Tagging>")


def _nothing(_: Request) -> Answer:
    return Answer(_head(200, 0, "x-amz-bucket-region: us-east-1\r\n"))


def _stamp(moment: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{whole}.{int(moment % 1 * 1000):03}Z"


def _head(status: int, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nDate: {formatdate(usegmt=True)}\r\nx-amz-request-id: 1\r\nServer: bench\r\n{more}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def _document(text: str, status: int = 200) -> Answer:
    body = f"{_DECLARED}{text}".encode()
    return Answer(_head(status, len(body), _XML) + body)


def _error(status: int, code: str, request: Request) -> Answer:
    told = _document(f"<Error><Code>{code}</Code><Message>{code}</Message></Error>", status)
    return Answer(told.head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n") if request.method == "HEAD" else told
