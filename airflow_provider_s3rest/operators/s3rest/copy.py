# SPDX-License-Identifier: Apache-2.0
"""Copying objects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestFilteringOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.options import WriteOptions


class S3RestCopyOperator(S3RestFilteringOperator):
    """Copy an object of any size, or all objects of a prefix: with content headers, metadata and tags.

    Of one connection, S3 does the copying itself, in other regions too. From another connection the bytes stream
    through the worker.

    Returns of an object ``bucket_name``, ``key``, ``etag``, ``version_id``, ``size`` (in bytes, where it is known: S3
    does not tell it of a copy) and ``region_name`` of the copy, and ``source_bucket_name``, ``source_key`` and
    ``source_version_id``; of a prefix ``bucket_name``, ``prefix``, ``source_bucket_name``, ``source_prefix``, numbers
    ``copied``, ``size`` (in bytes) and ``skipped``, and ``dry_run``. Fails if any object could not be
    copied, after all have been tried. The arguments of :class:`S3RestFilteringOperator` say which objects of a prefix
    are copied.

    :param source_bucket_name: the bucket to copy from; leave it out where the key or prefix is an ``s3://`` URL.
    :param source_key: the key of the object to copy, or its URL.
    :param source_prefix: in its place, what the keys of the objects to copy begin with; ``""`` means all of the bucket.
    :param key: the key of the copy, or its URL; default: that of the source.
    :param prefix: what the keys of the copies begin with in place of ``source_prefix``, or its URL; default: the same.
    :param source_s3rest_conn_id: the connection that reads the source; default: ``s3rest_conn_id``.
    :param source_region_name: the region of the source's bucket; default: that connection's, or else discovered.
    :param source_version_id: the version to copy; default: the current one.
    :param source_if_match: fail unless the source has this ETag.
    :param source_if_none_match: fail if it has this ETag.
    :param source_if_modified_since: fail unless it is newer; a time with its zone, or one in ISO format.
    :param source_if_unmodified_since: fail if it is newer.
    :param metadata_directive: ``MERGE``: the source's content headers and metadata, with those of ``write_options``
        laid over them; ``COPY``: the source's; ``REPLACE``: those of ``write_options``, and nothing else.
    :param copy_tags: whether the source's tags go along, unless ``write_options`` has others.
    :param skip_existing: of a prefix: leave alone those whose key the target has already, whatever is there.
    :param dry_run: of a prefix: copy nothing, but log what would be.
    :param write_options: how the copies are written, see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
    :param sse_customer_key: a key of your own to encrypt the copies by (SSE-C): 32 bytes in Base64, best by a template
        such as ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere.
    :param source_sse_customer_key: likewise, the key by which the source is encrypted.
    """

    template_fields: Sequence[str] = (
        *S3RestFilteringOperator.template_fields,
        *("source_bucket_name", "source_key", "source_prefix", "key", "prefix", "source_s3rest_conn_id"),
        *("source_region_name", "source_version_id", "source_if_match", "source_if_none_match"),
        *("source_if_modified_since", "source_if_unmodified_since", "metadata_directive", "copy_tags"),
        *("skip_existing", "dry_run", "write_options"),
    )

    def __init__(  # noqa: PLR0913 - each argument is a word of S3's
        self,
        *,
        source_bucket_name: str | None = None,
        source_key: str | None = None,
        source_prefix: str | None = None,
        key: str | None = None,
        prefix: str | None = None,
        source_s3rest_conn_id: str | None = None,
        source_region_name: str | None = None,
        source_version_id: str | None = None,
        source_if_match: str | None = None,
        source_if_none_match: str | None = None,
        source_if_modified_since: datetime | str | None = None,
        source_if_unmodified_since: datetime | str | None = None,
        metadata_directive: Literal["MERGE", "COPY", "REPLACE"] = "MERGE",
        copy_tags: bool | str = True,
        skip_existing: bool | str = False,
        dry_run: bool | str = False,
        write_options: WriteOptions | None = None,
        sse_customer_key: str | bytes | None = None,
        source_sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_bucket_name = source_bucket_name
        self.source_key = source_key
        self.source_prefix = source_prefix
        self.key = key
        self.prefix = prefix
        self.source_s3rest_conn_id = source_s3rest_conn_id
        self.source_region_name = source_region_name
        self.source_version_id = source_version_id
        self.source_if_match = source_if_match
        self.source_if_none_match = source_if_none_match
        self.source_if_modified_since = source_if_modified_since
        self.source_if_unmodified_since = source_if_unmodified_since
        self.metadata_directive = metadata_directive
        self.copy_tags = copy_tags
        self.skip_existing = skip_existing
        self.dry_run = dry_run
        self.write_options = write_options
        self.sse_customer_key = sse_customer_key
        self.source_sse_customer_key = source_sse_customer_key

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """The object and its copy, or both prefixes; nothing of a dry run."""
        from airflow_provider_s3rest.hooks.lineage import folder
        from airflow_provider_s3rest.s3.keys import locate_copy

        if self.source_key is not None:
            source, target = (self.source_bucket_name, self.source_key), (self.bucket_name, self.key)
            read, written = locate_copy(source, target, "key")
            return [read], [written]
        if read_switch(self.dry_run, "dry_run"):
            return (), ()
        source, target = (self.source_bucket_name, self.source_prefix or ""), (self.bucket_name, self.prefix)
        read, written = locate_copy(source, target, "prefix")
        return [folder(*read)], [folder(*written)]

    def operate(self, context: Context) -> dict[str, Any]:
        """Copy the object, or those of the prefix."""
        if (self.source_key is None) == (self.source_prefix is None):
            raise ValueError("source_key: give either source_key or source_prefix, one of them")
        return self._copy_object(context) if self.source_key is not None else self._copy_prefix(context)

    def _copy_object(self, context: Context) -> dict[str, Any]:
        switched = read_switch(self.skip_existing, "skip_existing") or read_switch(self.dry_run, "dry_run")
        filtered = any(value is not None for value in self.filters.values())
        if self.prefix is not None or filtered or switched:
            raise ValueError("source_key: goes with key; prefix, filters, skip_existing and dry_run need source_prefix")
        result = self.hook.copy_object(
            self.source_bucket_name, self.source_key or "", self.bucket_name, self.key, **self._options(context)
        )
        self.log.info(
            "Copied s3://%s/%s to s3://%s/%s",
            *(result.source_bucket_name, result.source_key, result.bucket_name, result.key),
        )
        return as_row(result)

    def _copy_prefix(self, context: Context) -> dict[str, Any]:
        if self.key is not None:
            raise ValueError("source_prefix: goes with prefix; key needs source_key")
        result = self.hook.copy_prefix(
            self.source_bucket_name,
            self.source_prefix or "",
            self.bucket_name,
            self.prefix,
            filters=self.filters,
            skip_existing=self.skip_existing,
            dry_run=self.dry_run,
            **self._options(context),
        )
        done = "Would copy" if result.dry_run else "Copied"
        self.log.info("%s %d objects, %d bytes; %d skipped", done, result.copied, result.size, result.skipped)
        return as_row(result)

    def _options(self, context: Context) -> dict[str, Any]:
        return {
            **(self.write_options or {}),
            "metadata_directive": self.metadata_directive,
            "copy_tags": self.copy_tags,
            "sse_customer_key": self.secret(context, self.sse_customer_key),
            "source_hook": self.source_hook,
            "source_version_id": self.source_version_id,
            "source_if_match": self.source_if_match,
            "source_if_none_match": self.source_if_none_match,
            "source_if_modified_since": self.source_if_modified_since,
            "source_if_unmodified_since": self.source_if_unmodified_since,
            "source_sse_customer_key": self.secret(context, self.source_sse_customer_key),
        }

    @cached_property
    def source_hook(self) -> S3RestHook:
        """The hook that reads the source."""
        conn_id = self.source_s3rest_conn_id or self.s3rest_conn_id
        if (conn_id, self.source_region_name or None) == (self.s3rest_conn_id, self.region_name or None):
            return self.hook
        from airflow_provider_s3rest.hooks.s3rest import S3RestHook

        return S3RestHook(conn_id, region_name=self.source_region_name or None)
