# SPDX-License-Identifier: Apache-2.0
"""Writing objects."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.s3.options import WriteOptions
    from airflow_provider_s3rest.s3.upload import Data


class S3RestUpsertOperator(S3RestOperator):
    """Create or replace an object.

    Returns ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size`` and ``region_name`` of the object, and whether
    it was ``unchanged``.

    :param data: its content: bytes, or a text.
    :param local_path: the file that is its content, in place of ``data``.
    :param produce: a function without arguments that gives the content, in place of ``data``: bytes, a text, an open
        binary file, or an iterable of bytes; the last two may be of any size.
    :param key: the object's key, or its ``s3://`` URL; it goes before ``folder`` and ``file_name``.
    :param folder: what the key begins with, without the ``/`` that follows; it too may be an ``s3://`` URL.
    :param file_name: the rest of the key; default: the name of the file at ``local_path``, or else one that is made up
        and stays the same when the task is tried again.
    :param encoding: how a text becomes bytes.
    :param skip_unchanged: send nothing where the object is there with these bytes, metadata and content type.
    :param write_options: see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
    :param sse_customer_key: a key of your own to encrypt it by (SSE-C): 32 bytes in Base64, best by a template such as
        ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere.
    """

    template_fields: Sequence[str] = (
        *S3RestOperator.template_fields,
        *("data", "local_path", "key", "folder", "file_name", "encoding", "write_options"),
    )

    def __init__(  # noqa: PLR0913 - each argument is a word of S3's
        self,
        *,
        data: str | bytes | None = None,
        local_path: str | os.PathLike[str] | None = None,
        produce: Callable[[], Data] | None = None,
        key: str | None = None,
        folder: str | None = None,
        file_name: str | None = None,
        encoding: str = "utf-8",
        skip_unchanged: bool = False,
        write_options: WriteOptions | None = None,
        sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data = data
        self.local_path = local_path
        self.produce = produce
        self.key = key
        self.folder = folder
        self.file_name = file_name
        self.encoding = encoding
        self.skip_unchanged = skip_unchanged
        self.write_options = write_options
        self.sse_customer_key = sse_customer_key

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The file if there is one, and the object, unless its key is made up."""
        from airflow_provider_s3rest.s3.keys import locate

        read = [] if self.local_path is None else [self.local_path]
        return read, [locate(self.bucket_name, self.key)] if self.key else []

    def operate(self, context: Context) -> dict[str, Any]:
        """Write the object."""
        result = self.hook.upsert_object(
            self.bucket_name,
            self.key or self._made_up_key(context),
            self._content(),
            sse_customer_key=self.secret(context, self.sse_customer_key),
            skip_unchanged=self.skip_unchanged,
            **(self.write_options or {}),
        )
        done = "Left unchanged" if result.unchanged else "Wrote"
        self.log.info("%s s3://%s/%s, %d bytes", done, result.bucket_name, result.key, result.size)
        return as_row(result)

    def _content(self) -> Data:
        given: list[Any] = [each for each in (self.data, self.local_path, self.produce) if each is not None]
        if len(given) != 1:
            raise ValueError("data: give either data, local_path or produce, one of them")
        if self.local_path is not None:
            return Path(self.local_path)
        data: Data = self.produce() if self.produce is not None else given[0]
        return data.encode(self.encoding) if isinstance(data, str) else data

    def _made_up_key(self, context: Context) -> str:
        name = self.file_name or (Path(self.local_path).name if self.local_path is not None else "")
        if not name and (task := context.get("ti")):
            name = uuid.uuid5(uuid.NAMESPACE_OID, f"{task.dag_id} {task.run_id} {task.task_id} {task.map_index}").hex
        return "/".join([*([self.folder.removesuffix("/")] if self.folder else []), name or uuid.uuid4().hex])
