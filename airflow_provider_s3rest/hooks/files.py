# SPDX-License-Identifier: Apache-2.0
"""The part of the hook that moves files and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.hooks.base import S3RestBaseHook
from airflow_provider_s3rest.s3.keys import S3Url

if TYPE_CHECKING:
    import os
    from typing import Unpack

    from airflow_provider_s3rest.hooks.syncing import SyncArguments
    from airflow_provider_s3rest.s3.options import ReadOptions, WriteOptions
    from airflow_provider_s3rest.s3.results import ObjectHead, UpsertResult
    from airflow_provider_s3rest.s3.sync import SyncResult

    Place = str | os.PathLike[str]


class FileMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that move files and folders."""

    def sync(self, source: Place, target: Place, **options: Unpack[SyncArguments]) -> SyncResult:
        """Make a folder equal another one: transfer what is missing or has changed. Run again, it does the rest.

        :param source: an ``s3://bucket/folder`` URL; or a path, or a URL of any storage that Airflow or fsspec knows.
        :param target: likewise; one of the two at least is in S3.
        :param options: see :class:`~airflow_provider_s3rest.hooks.syncing.SyncArguments`.
        :raises ValueError: nothing was written, because something can't be done as it is asked for.
        :raises S3RestError: some files or objects failed, and the log names each; all others were done.
        """
        from airflow_provider_s3rest.hooks.syncing import read_arguments
        from airflow_provider_s3rest.s3.sync import sync

        result = sync(*read_arguments(self, source, target, options), self.progress)
        if not result.dry_run:
            self._record(inputs=[source], outputs=[target])
        return result

    def upload_file(
        self,
        local_path: Place,
        bucket_name: str | None,
        key: str,
        *,
        sse_customer_key: str | bytes | None = None,
        storage_conn_id: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> UpsertResult:
        """Write an object from a file of this machine or of another storage; one that changes meanwhile is an error.

        :param local_path: a path, or a URL of any storage that Airflow or fsspec knows.
        :param storage_conn_id: the connection of that storage, if it needs one.
        :param options: see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
        """
        from airflow_provider_s3rest.hooks.storage import locate_files
        from airflow_provider_s3rest.s3.sync import file_of

        write = self._write(options, sse_customer_key)
        tree, name = file_of(locate_files(local_path, "local_path", storage_conn_id))
        progress = self.progress(f"Uploading {name!r}")
        with tree.open(name) as file:
            result = self.store.upsert_object(bucket_name, key, file, write, progress=progress)
        self._record(inputs=[local_path], outputs=[S3Url(result.bucket_name, result.key)])
        return result

    def download_file(
        self,
        bucket_name: str | None,
        key: str,
        local_path: Place,
        *,
        sse_customer_key: str | bytes | None = None,
        storage_conn_id: str | None = None,
        **options: Unpack[ReadOptions],
    ) -> ObjectHead:
        """Write an object to a file of this machine or of another storage, verified, as a whole or not at all.

        The folders above it are made; on this machine it gets the time of the object.

        :param local_path: a path, or a URL of any storage that Airflow or fsspec knows.
        :param storage_conn_id: the connection of that storage, if it needs one.
        :param options: see :class:`~airflow_provider_s3rest.s3.options.ReadOptions`.
        :raises S3RestNotFoundError: there is no such object.
        """
        from airflow_provider_s3rest.hooks.storage import locate_files
        from airflow_provider_s3rest.s3.sync import file_of

        read = self._read(options, sse_customer_key)
        tree, name = file_of(locate_files(local_path, "local_path", storage_conn_id))
        with self.store.get_object(bucket_name, key, read) as stream:
            tree.prepare()
            tree.save(name, stream, self.progress(f"Downloading {stream.key!r}", stream.size))
        self._record(inputs=[S3Url(stream.head.bucket_name, stream.head.key)], outputs=[local_path])
        return stream.head
