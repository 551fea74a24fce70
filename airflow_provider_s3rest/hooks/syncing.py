# SPDX-License-Identifier: Apache-2.0
"""The part of the hook that moves files and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.base import S3RestBaseHook
from airflow_provider_s3rest.s3.options import Read, ReadOptions, WriteOptions
from airflow_provider_s3rest.s3.options.values import CustomerKey, known

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Literal, Unpack

    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.results import ObjectHead, UpsertResult
    from airflow_provider_s3rest.s3.sync import SyncResult

    Place = str | os.PathLike[str]


class SyncArguments(WriteOptions, total=False):
    """What a synchronisation leaves out and may do, and how objects are written; all are optional.

    :param include: a glob, or several: only files and objects whose relative name matches one.
    :param exclude: likewise: none that matches one. What is left out is left alone on both sides.
    :param compare: what counts as unchanged: ``size_and_mtime`` (default), ``checksum``, or ``size`` alone.
    :param delete: whether to delete what the target has and the source has not.
    :param allow_empty_source: whether ``delete`` may empty the target because the source has nothing.
    :param dry_run: only tell what would be done.
    :param max_concurrency: how many files or objects are under way at once; default: as the connection says.
    :param storage_conn_id: the connection of the side that is a URL of another storage, if that needs one.
    :param sse_customer_key: a key of your own (SSE-C) by which the objects of the target are encrypted, or in a
        download those of the source: 32 bytes, or their Base64.
    :param source_hook: the hook of another connection, which reads the source.
    :param source_sse_customer_key: from S3 to S3: the key by which the source is encrypted.
    """

    include: str | Sequence[str] | None
    exclude: str | Sequence[str] | None
    compare: Literal["size_and_mtime", "checksum", "size"] | None
    delete: bool | str | None
    allow_empty_source: bool | str | None
    dry_run: bool | str | None
    max_concurrency: int | str | None
    storage_conn_id: str | None
    sse_customer_key: str | bytes | None
    source_hook: S3RestHook | None
    source_sse_customer_key: str | bytes | None


_OTHERS = frozenset({"storage_conn_id", "sse_customer_key", "source_hook", "source_sse_customer_key"})


class SyncMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that move files and folders."""

    def sync(self, source: Place, target: Place, **options: Unpack[SyncArguments]) -> SyncResult:
        """Make a folder equal another one: transfer what is missing or has changed. Run again, it does the rest.

        :param source: an ``s3://bucket/folder`` URL; or a path, or a URL of any storage that Airflow or fsspec knows.
        :param target: likewise; one of the two at least is in S3.
        :param options: see :class:`~airflow_provider_s3rest.hooks.syncing.SyncArguments`.
        :raises ValueError: nothing was written, because something can't be done as it is asked for.
        :raises S3RestError: some files or objects failed, and the log names each; all others were done.
        """
        from airflow_provider_s3rest.s3.sync import SyncOptions, sync

        given = known(options, SyncArguments.__annotations__)
        writing = {name: given.pop(name) for name in list(given) if name in WriteOptions.__annotations__}
        others = {name: given.pop(name) for name in list(given) if name in _OTHERS}
        sides = self._sides(source, target, writing, others)
        return sync(*sides, SyncOptions.parse(**given), self.progress)

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
            return self.store.upsert_object(bucket_name, key, file, write, progress=progress)

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
            return stream.head

    def _sides(self, source: Place, target: Place, writing: Any, others: dict[str, Any]) -> tuple[Any, Any]:
        from airflow_provider_s3rest.hooks.storage import is_s3_url, locate_files
        from airflow_provider_s3rest.s3.keys import locate_prefix
        from airflow_provider_s3rest.s3.sync import Prefix

        reader = others.get("source_hook") or self
        key = others.get("sse_customer_key")
        write = self._write(writing, key)
        argument = "source_sse_customer_key" if is_s3_url(target) else "sse_customer_key"
        read = Read(customer_key=CustomerKey.parse(others.get(argument), argument))
        self._hide(read.customer_key)
        if not is_s3_url(target) and (writing or others.get("source_sse_customer_key")):
            raise ValueError("write_options, source_sse_customer_key: are for a target in S3; leave them out")
        sides: list[Any] = []
        for side, argument, hook, terms in (
            (source, "source", reader, {"read": read}),
            (target, "target", self, {"write": write}),
        ):
            if is_s3_url(side):
                bucket_name, prefix = locate_prefix(None, str(side), argument=argument)
                sides.append(Prefix(s3=hook.store, bucket_name=bucket_name, prefix=prefix, **terms))
            else:
                sides.append(locate_files(side, argument, others.get("storage_conn_id")))
        return sides[0], sides[1]
