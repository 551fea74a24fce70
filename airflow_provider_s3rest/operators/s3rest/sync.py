# SPDX-License-Identifier: Apache-2.0
"""Making one folder equal another."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.operators.s3rest.base import SyncingOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.options import WriteOptions


class S3RestSyncOperator(SyncingOperator):
    """Make a folder equal another one: local to S3, S3 to local, or S3 to S3. Killed and run again, it does the rest.

    Returns ``source``, ``target``, the numbers ``uploaded``, ``downloaded``, ``copied``, ``skipped``, ``deleted``,
    ``size`` (the bytes of what was transferred), ``dry_run``, and with it ``planned``, the first 100 things to do.
    Fails if any file or object failed, after all have been tried.

    :param source: an ``s3://bucket/folder`` URL; or a path of the worker, or a URL of any storage that Airflow or
        fsspec knows.
    :param target: likewise; one of the two at least is in S3.
    :param source_s3rest_conn_id: the connection that reads a source in S3; default: ``s3rest_conn_id``.
    :param source_region_name: the region of the source's bucket; default: that connection's, or else discovered.
    :param write_options: how objects are written, see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`.
    :param sse_customer_key: a key of your own (SSE-C) by which the objects of the target are encrypted, or in a
        download those of the source: 32 bytes in Base64, best by a template such as ``{{ conn.sse.password }}``.
        Airflow stores and shows it nowhere.
    :param source_sse_customer_key: from S3 to S3, likewise, the key by which the source is encrypted.
    """

    template_fields: Sequence[str] = (
        *SyncingOperator.template_fields,
        *("source", "target", "source_s3rest_conn_id", "source_region_name", "write_options"),
    )

    def __init__(
        self,
        *,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        source_s3rest_conn_id: str | None = None,
        source_region_name: str | None = None,
        write_options: WriteOptions | None = None,
        sse_customer_key: str | bytes | None = None,
        source_sse_customer_key: str | bytes | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.target = target
        self.source_s3rest_conn_id = source_s3rest_conn_id
        self.source_region_name = source_region_name
        self.write_options = write_options
        self.sse_customer_key = sse_customer_key
        self.source_sse_customer_key = source_sse_customer_key

    def reads_and_writes(self) -> tuple[Sequence[Place], Sequence[Place]]:
        """Both folders; nothing of a dry run."""
        return ((), ()) if read_switch(self.dry_run, "dry_run") else ([self.source], [self.target])

    def operate(self, context: Context) -> dict[str, Any]:
        """Make the target equal the source."""
        return self.sync(
            self.source,
            self.target,
            source_hook=self.source_hook,
            sse_customer_key=self.secret(context, self.sse_customer_key),
            source_sse_customer_key=self.secret(context, self.source_sse_customer_key),
            **(self.write_options or {}),
        )

    @cached_property
    def source_hook(self) -> S3RestHook:
        """The hook that reads the source."""
        conn_id = self.source_s3rest_conn_id or self.s3rest_conn_id
        if (conn_id, self.source_region_name or None) == (self.s3rest_conn_id, self.region_name or None):
            return self.hook
        from airflow_provider_s3rest.hooks.s3rest import S3RestHook

        return S3RestHook(conn_id, region_name=self.source_region_name or None)
