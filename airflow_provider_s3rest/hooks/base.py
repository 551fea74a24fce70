# SPDX-License-Identifier: Apache-2.0
"""What all methods of the hook need: the connection, the engines behind it, and the task's log."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_s3rest.hooks import DEFAULT_CONN_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.hooks.diagnosis import Diagnosis
    from airflow_provider_s3rest.hooks.lineage import Place
    from airflow_provider_s3rest.s3.deletion import Deleter
    from airflow_provider_s3rest.s3.options import Read, ReadOptions, Write, WriteOptions
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import DeleteFailure
    from airflow_provider_s3rest.s3.store import S3


class S3RestBaseHook(BaseHook):
    """The connection of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook`, and what is made of it."""

    conn_name_attr = "s3rest_conn_id"
    default_conn_name = DEFAULT_CONN_ID
    conn_type = "s3rest"
    hook_name = "Amazon S3 (s3rest)"

    def __init__(self, s3rest_conn_id: str = default_conn_name, region_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def connection(self) -> S3RestConnection:
        """The connection as Airflow has it, read and checked."""
        from airflow_provider_s3rest.hooks.airflow import read_connection

        return read_connection(self.get_connection(self.s3rest_conn_id))

    @cached_property
    def store(self) -> S3:
        """The engines behind every operation."""
        from airflow_provider_s3rest.s3.store import S3

        return S3(self.connection, self._source, self.region_name)

    @cached_property
    def _source(self) -> CredentialSource:
        from airflow_provider_s3rest.auth.credentials import credential_source
        from airflow_provider_s3rest.hooks.airflow import cache_options, mask

        return credential_source(self.connection, mask=mask, **cache_options())

    def get_conn(self) -> Any:
        """A boto3 S3 client, for the rest of the API; its credentials renew themselves."""
        return self.store.client()

    def get_credentials(self) -> Credentials:
        """Live credentials, from the cache if it has any; temporary ones have at least 60 s of life."""
        return self._source.current()

    def test_connection(self) -> tuple[bool, str]:
        """Make the calls that the connection is for, past every cache and without retries.

        :returns: whether all went well, and who we are, or which stage failed and the service's own words.
        """
        diagnosis = self.diagnose()
        return diagnosis.good, diagnosis.message

    def diagnose(self) -> Diagnosis:
        """Do as :meth:`test_connection`, and tell what every stage came to."""
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.hooks.diagnosis import diagnose

        return diagnose(lambda: self.connection, region_name=self.region_name, mask=mask)

    def progress(self, what: str, total: int | None = None, unit: str = "bytes") -> Progress:
        """Tell the task's log every 10 seconds how far some long work is.

        :param total: how much there is to do, if that is known.
        """
        from airflow_provider_s3rest.s3.progress import Progress

        return Progress(what, self.log.info, total=total, unit=unit)

    def _record(self, *, inputs: Iterable[Place] = (), outputs: Iterable[Place] = ()) -> None:
        """Tell Airflow's lineage what was read and written."""
        from airflow_provider_s3rest.hooks.lineage import record

        record(self, inputs=inputs, outputs=outputs)

    def _deleter(self, *, dry_run: bool) -> Deleter:
        from airflow_provider_s3rest.s3.deletion import Deleter

        def refused(failure: DeleteFailure) -> None:
            version = f" version {failure.version_id}" if failure.version_id else ""
            self.log.error("Not deleted: %s%s (%s: %s)", failure.key, version, failure.code, failure.message)

        progress = self.progress("Deleting", unit="objects")
        return Deleter(s3=self.store, dry_run=dry_run, refused=refused, progress=progress)

    def _read(self, options: ReadOptions, sse_customer_key: str | bytes | None) -> Read:
        from airflow_provider_s3rest.hooks.airflow import mask_key
        from airflow_provider_s3rest.s3.options import Read

        read = Read.parse(options, sse_customer_key)
        mask_key(read.customer_key)
        return read

    def _write(self, options: WriteOptions, sse_customer_key: str | bytes | None) -> Write:
        from airflow_provider_s3rest.hooks.airflow import mask_key
        from airflow_provider_s3rest.s3.options import Write

        write = Write.parse(options, sse_customer_key)
        mask_key(write.customer_key)
        return write
