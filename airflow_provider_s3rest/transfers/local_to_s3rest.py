# SPDX-License-Identifier: Apache-2.0
"""From files to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.s3.values import read_switch
from airflow_provider_s3rest.transfers.base import FileTransferOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.s3.options import WriteOptions


class LocalFilesystemToS3RestOperator(FileTransferOperator):
    """Upload a file to a key, or a folder to a prefix; of a folder, only what is missing or has changed.

    Returns of a file ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size`` and ``region_name`` of the object; of
    a folder what :class:`~airflow_provider_s3rest.operators.s3rest.S3RestSyncOperator` returns.

    :param write_options: how objects are written, see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
    """

    template_fields: Sequence[str] = (*FileTransferOperator.template_fields, "write_options")

    def __init__(self, *, write_options: WriteOptions | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.write_options = write_options

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The file or folder, and the object or prefix; nothing of a dry run."""
        return ((), ()) if read_switch(self.dry_run, "dry_run") else ([self.local_path], [self.place()])

    def operate(self, context: Context) -> dict[str, Any]:
        """Upload the file or the folder."""
        key = self.secret(context, self.sse_customer_key)
        options: WriteOptions = self.write_options or {}
        if not self.is_of_one_file():
            return self.sync(self.local_path, self.folder_url(), sse_customer_key=key, **options)
        result = self.hook.upload_file(
            self.local_path,
            self.bucket_name,
            self.key or "",
            sse_customer_key=key,
            storage_conn_id=self.storage_conn_id,
            **options,
        )
        self.log.info("Uploaded %s to s3://%s/%s", self.local_path, result.bucket_name, result.key)
        return as_row(result)
