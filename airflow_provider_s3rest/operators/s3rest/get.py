# SPDX-License-Identifier: Apache-2.0
"""Reading objects."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.stream import ObjectStream

LARGEST_RESULT_BYTES = 1_048_576
"""How much of an object an operator returns at most, unless told otherwise: results go to Airflow's database."""


class S3RestGetOperator(S3RestOperator):
    """Read an object: into a file, or as a text that is returned.

    Returns the text, or with ``local_path`` the object's ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size``,
    ``content_type``, ``last_modified`` and ``local_path``.

    :param key: the object's key; a missing object is an error.
    :param local_path: the file to write, as a whole or not at all.
    :param encoding: how the text is encoded in the object.
    :param max_bytes: the largest object to return as a text.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "key", "local_path", "encoding")

    def __init__(
        self,
        *,
        key: str,
        local_path: str | os.PathLike[str] | None = None,
        encoding: str = "utf-8",
        max_bytes: int = LARGEST_RESULT_BYTES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.local_path = local_path
        self.encoding = encoding
        self.max_bytes = max_bytes

    def operate(self, context: Context) -> str | dict[str, Any]:  # noqa: ARG002
        """Read the object."""
        with self.hook.get_object(self.bucket_name, self.key) as stream:
            if self.local_path is None:
                return self._text(stream)
            stream.save(self.local_path)
            head = asdict(stream.head)
        head["last_modified"] = stream.head.last_modified.isoformat()
        return {**head, "local_path": str(self.local_path)}

    def _text(self, stream: ObjectStream) -> str:
        if stream.head.size > self.max_bytes:
            raise ValueError(
                f"max_bytes: the object has {stream.head.size} bytes, and only {self.max_bytes} may be returned: write "
                "it to a file by local_path, or raise max_bytes"
            )
        try:
            return stream.read().decode(self.encoding)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"encoding: the object is no text in {self.encoding} ({error.reason} at byte {error.start}): give its "
                "own encoding, or write it to a file by local_path"
            ) from None
