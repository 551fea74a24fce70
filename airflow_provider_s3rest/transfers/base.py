# SPDX-License-Identifier: Apache-2.0
"""What the transfers share: a file or a folder on one side, a key or a prefix on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.operators.s3rest.base import SyncingOperator

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.keys import S3Url


class FileTransferOperator(SyncingOperator):
    """What the transfers share.

    :param local_path: a file or a folder: a path of the worker, or a URL of any storage that Airflow or fsspec knows,
        such as ``gs://bucket/folder`` or ``sftp://host/folder``.
    :param bucket_name: the bucket; leave it out where the key or prefix is an ``s3://bucket/...`` URL.
    :param key: the key of one object; ``local_path`` is a file.
    :param prefix: in its place, a folder of objects: ``data`` means all below ``data/``, ``""`` all of the bucket;
        ``local_path`` is a folder, and the two are compared as :class:`~airflow_provider_s3rest.operators.s3rest.
        S3RestSyncOperator` does it. ``include``, ``exclude``, ``delete`` and so on are for folders.
    :param sse_customer_key: a key of your own by which objects are encrypted (SSE-C): 32 bytes in Base64, best by a
        template such as ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere.
    """

    template_fields: Sequence[str] = (
        *("bucket_name", *SyncingOperator.template_fields),
        *("local_path", "key", "prefix"),
    )

    def __init__(
        self,
        *,
        local_path: str | os.PathLike[str],
        bucket_name: str | None = None,
        key: str | None = None,
        prefix: str | None = None,
        sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.local_path = local_path
        self.bucket_name = bucket_name
        self.key = key
        self.prefix = prefix
        self.sse_customer_key = sse_customer_key

    def place(self) -> S3Url:
        """Return what is transferred from or to S3."""
        from airflow_provider_s3rest.hooks.lineage import folder
        from airflow_provider_s3rest.s3.keys import locate

        if self.is_of_one_file():
            return locate(self.bucket_name, self.key or "")
        return folder(self.bucket_name, self.prefix or "")

    def folder_url(self) -> str:
        """Return the URL of the folder of objects."""
        from airflow_provider_s3rest.s3.keys import locate_prefix

        bucket_name, prefix = locate_prefix(self.bucket_name, self.prefix or "")
        return f"s3://{bucket_name}/{prefix}"

    def is_of_one_file(self) -> bool:
        """Whether one file is transferred, and not a folder.

        :raises ValueError: neither a key nor a prefix is given, or both are; or options of folders go with a key.
        """
        if (self.key is None) == (self.prefix is None):
            raise ValueError("key: give either key, for a file, or prefix, for a folder")
        if self.prefix is not None:
            return False
        for name in ("include", "exclude", "max_concurrency"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name}: is for a folder; give prefix in place of key, or leave it out")
        for name in ("delete", "allow_empty_source", "dry_run"):
            if str(getattr(self, name)).lower() == "true":
                raise ValueError(f"{name}: is for a folder; give prefix in place of key, or leave it out")
        return True
