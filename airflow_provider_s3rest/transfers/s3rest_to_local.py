# SPDX-License-Identifier: Apache-2.0
"""From S3 to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.s3.values import read_switch
from airflow_provider_s3rest.transfers.base import FileTransferOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place


class S3RestToLocalFilesystemOperator(FileTransferOperator):
    """Download an object to a file, or all objects of a prefix to a folder; of a prefix, only what has changed.

    Returns of a key ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size``, ``region_name``, ``content_type``,
    ``last_modified``, ``metadata`` and ``local_path``; of a prefix what
    :class:`~airflow_provider_s3rest.operators.s3rest.S3RestSyncOperator` returns.

    :param version_id: of a key: the version; default: the current one.
    """

    template_fields: Sequence[str] = (*FileTransferOperator.template_fields, "version_id")

    def __init__(self, *, version_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.version_id = version_id

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The file or folder, and the object or prefix; nothing of a dry run."""
        return ((), ()) if read_switch(self.dry_run, "dry_run") else ([self.place()], [self.local_path])

    def operate(self, context: Context) -> dict[str, Any]:
        """Download the object or the folder."""
        key = self.secret(context, self.sse_customer_key)
        if not self.is_of_one_file():
            if self.version_id:
                raise ValueError("version_id: is for one object; give key in place of prefix, or leave it out")
            return self.sync(self.folder_url(), self.local_path, sse_customer_key=key)
        head = self.hook.download_file(
            self.bucket_name,
            self.key or "",
            self.local_path,
            sse_customer_key=key,
            storage_conn_id=self.storage_conn_id,
            version_id=self.version_id,
        )
        self.log.info("Downloaded s3://%s/%s to %s", head.bucket_name, head.key, self.local_path)
        return {**as_row(head), "local_path": str(self.local_path)}
