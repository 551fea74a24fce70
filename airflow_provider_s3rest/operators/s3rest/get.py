# SPDX-License-Identifier: Apache-2.0
"""Reading objects."""

from __future__ import annotations

import base64
import codecs
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.s3.options import ReadOptions
    from airflow_provider_s3rest.s3.stream import ObjectStream

LARGEST_RESULT_BYTES = 1_048_576
"""How much of an object an operator returns at most, unless told otherwise: results go to Airflow's database."""


class S3RestGetOperator(S3RestOperator):
    """Read an object: into a file, through a function, or as a text that is returned.

    Returns ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size``, ``region_name``, ``content_type``,
    ``last_modified`` and ``metadata`` of the object, with ``include_tags`` its ``tags``, and ``local_path``, or
    ``result``, or ``content``.

    :param key: the object's key, or its ``s3://`` URL; a missing object is an error.
    :param local_path: the file to write, as a whole or not at all; the folders above it are made.
    :param read: a function that is given the open object,
        :class:`~airflow_provider_s3rest.s3.stream.ObjectStream`, to read it in chunks or as a file, whatever its size.
        What it returns is returned as ``result``.
    :param encoding: how the text that is returned is encoded in the object; ``base64`` returns any bytes so.
    :param max_bytes: the most to return as a text.
    :param include_tags: whether to ask for the object's tags.
    :param version_id: the version to read; default: the current one.
    :param byte_range: the bytes to read: ``0-99``, ``100-``, or ``-500`` for the last 500.
    :param if_match: fail unless the object has this ETag.
    :param if_none_match: fail if it has this ETag.
    :param if_modified_since: fail unless it is newer; a time with its zone, or one in ISO format.
    :param if_unmodified_since: fail if it is newer.
    :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C): 32 bytes in Base64, best
        by a template such as ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere.
    """

    template_fields: Sequence[str] = (
        *S3RestOperator.template_fields,
        *("key", "local_path", "encoding", "max_bytes", "version_id", "byte_range", "if_match", "if_none_match"),
        *("if_modified_since", "if_unmodified_since"),
    )

    def __init__(  # noqa: PLR0913 - each argument is a word of S3's
        self,
        *,
        key: str,
        local_path: str | os.PathLike[str] | None = None,
        read: Callable[[ObjectStream], Any] | None = None,
        encoding: str = "utf-8",
        max_bytes: int = LARGEST_RESULT_BYTES,
        include_tags: bool = False,
        version_id: str | None = None,
        byte_range: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | str | None = None,
        if_unmodified_since: datetime | str | None = None,
        sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.local_path = local_path
        self.read = read
        self.encoding = encoding
        self.max_bytes = max_bytes
        self.include_tags = include_tags
        self.version_id = version_id
        self.byte_range = byte_range
        self.if_match = if_match
        self.if_none_match = if_none_match
        self.if_modified_since = if_modified_since
        self.if_unmodified_since = if_unmodified_since
        self.sse_customer_key = sse_customer_key

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The object, and the file if there is one."""
        from airflow_provider_s3rest.s3.keys import locate

        written = [] if self.local_path is None else [self.local_path]
        return [locate(self.bucket_name, self.key)], written

    def operate(self, context: Context) -> dict[str, Any]:
        """Read the object."""
        options: ReadOptions = {
            "version_id": self.version_id,
            "byte_range": self.byte_range,
            "if_match": self.if_match,
            "if_none_match": self.if_none_match,
            "if_modified_since": self.if_modified_since,
            "if_unmodified_since": self.if_unmodified_since,
        }
        key = self.secret(context, self.sse_customer_key)
        with self.hook.get_object(self.bucket_name, self.key, sse_customer_key=key, **options) as stream:
            head = stream.head
            found = as_row(head) | self._outcome(stream)
        if self.include_tags:
            found["tags"] = self.hook.get_tags(head.bucket_name, head.key, head.version_id)
        return found

    def _outcome(self, stream: ObjectStream) -> dict[str, Any]:
        if self.local_path is not None and self.read is not None:
            raise ValueError("read: can't go together with local_path; leave one of them out")
        if self.read is not None:
            return {"result": self.read(stream)}
        if self.local_path is None:
            return {"content": self._text(stream)}
        path = Path(self.local_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        stream.save(path, self.hook.progress(f"Reading {stream.key!r}", stream.size))
        return {"local_path": str(path)}

    def _text(self, stream: ObjectStream) -> str:
        if stream.size > int(self.max_bytes):
            raise ValueError(
                f"max_bytes: the object has {stream.size} bytes, and only {self.max_bytes} may be returned: write it "
                "to a file by local_path, read it by a function, ask for a part by byte_range, or raise max_bytes"
            )
        if self.encoding == "base64":
            return base64.b64encode(stream.read()).decode()
        try:
            return codecs.decode(stream.read(), self.encoding)
        except LookupError:
            raise ValueError(f"encoding: {self.encoding!r} is none that Python knows; utf-8 is the usual one") from None
        except UnicodeDecodeError as error:
            raise ValueError(
                f"encoding: the object is no text in {self.encoding} ({error.reason} at byte {error.start}): give its "
                "own encoding, or base64, or write it to a file by local_path"
            ) from None
