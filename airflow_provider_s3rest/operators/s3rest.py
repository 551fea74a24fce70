# SPDX-License-Identifier: Apache-2.0
"""One operator for each operation; what they do is the hook's."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.failures import permanent_ones_are_final

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.stream import ObjectStream

LARGEST_RESULT_BYTES = 1_048_576
"""How much of an object an operator returns at most, unless told otherwise: results go to Airflow's database."""


class S3RestOperator(BaseOperator):
    """What all operators share.

    :param bucket_name: the bucket.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    """

    template_fields: Sequence[str] = ("bucket_name", "s3rest_conn_id", "region_name")
    ui_color = "#e8f1e4"

    def __init__(
        self,
        *,
        bucket_name: str,
        s3rest_conn_id: str = S3RestHook.default_conn_name,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def hook(self) -> S3RestHook:
        """The hook of the connection."""
        return S3RestHook(self.s3rest_conn_id, region_name=self.region_name)

    def execute(self, context: Context) -> Any:  # noqa: ARG002
        """Do the operation; errors that trying again can't mend fail the task at once."""
        with permanent_ones_are_final():
            return self.operate()

    def operate(self) -> Any:
        """Do the operation.

        :returns: what goes to XCom.
        """
        raise NotImplementedError


class S3RestUpsertOperator(S3RestOperator):
    """Create or replace an object.

    Returns ``bucket_name``, ``key``, ``etag``, ``version_id`` and ``size`` of what was written.

    :param key: the object's key.
    :param data: its content: bytes, or a text, which is stored as UTF-8.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "key", "data")

    def __init__(self, *, key: str, data: str | bytes, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.data = data

    def operate(self) -> dict[str, Any]:
        """Write the object."""
        return asdict(self.hook.upsert_object(self.bucket_name, self.key, self.data))


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

    def operate(self) -> str | dict[str, Any]:
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


class S3RestQueryOperator(S3RestOperator):
    """List objects.

    Returns a list of ``key``, ``size``, ``etag``, ``last_modified`` and ``storage_class``, in the order of the keys.

    :param prefix: only keys that begin so.
    :param start_after: only keys after this one.
    :param limit: the most objects to list; default: all.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "prefix", "start_after")

    def __init__(self, *, prefix: str = "", start_after: str = "", limit: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.start_after = start_after
        self.limit = limit

    def operate(self) -> list[dict[str, Any]]:
        """List the objects."""
        found = self.hook.query_objects(self.bucket_name, prefix=self.prefix, start_after=self.start_after)
        return [
            {**asdict(summary), "last_modified": summary.last_modified.isoformat()}
            for summary in islice(found, self.limit)
        ]


class S3RestDeleteOperator(S3RestOperator):
    """Delete objects; an absent one counts as deleted, and an empty list deletes nothing.

    Returns ``bucket_name`` and the number ``deleted``. Fails if S3 refuses any of the keys, after all have been tried.

    :param keys: one key, or a list of them.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "keys")

    def __init__(self, *, keys: str | Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keys = keys

    def operate(self) -> dict[str, Any]:
        """Delete the objects."""
        result = self.hook.delete_objects(self.bucket_name, self.keys)
        for failure in result.failed:
            self.log.error("Not deleted: %s (%s: %s)", failure.key, failure.code, failure.message)
        if result.failed:
            first = result.failed[0]
            raise S3RestError(
                f"{len(result.failed)} objects of bucket {self.bucket_name} were not deleted, {result.deleted} were; "
                f"the first is {first.key!r} ({first.code}: {first.message}), the task log names all"
            )
        return {"bucket_name": result.bucket_name, "deleted": result.deleted}
