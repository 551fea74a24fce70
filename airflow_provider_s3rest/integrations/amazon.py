# SPDX-License-Identifier: Apache-2.0
"""Credentials of an ``s3rest`` connection for the operators of Airflow's amazon provider, which must be installed.

Airflow's option ``[aws] session_factory`` names the class here; see docs/amazon.md.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory

if TYPE_CHECKING:
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

# What else an ``aws`` connection may take credentials from.
_OTHER_CREDENTIALS = ("aws_access_key_id", "profile_name", "role_arn", "assume_role_method")


class S3RestSessionFactory(BaseSessionFactory):  # type: ignore[misc]
    """Makes sessions of boto3 and aiobotocore whose credentials an ``s3rest`` connection gives and renews.

    Of an ``aws_conn_id`` that names an ``s3rest`` connection, or an ``aws`` connection whose extra names one by
    ``s3rest_conn_id``. Every other connection works as without this class.
    """

    def create_session(self, deferrable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the amazon provider's interface
        """Make a session.

        :param deferrable: whether of aiobotocore, or else of boto3.
        """
        conn_id = self._s3rest_conn_id()
        if conn_id is None:
            return super().create_session(deferrable=deferrable)
        from airflow_provider_s3rest.hooks.s3rest import S3RestHook

        hook = S3RestHook(conn_id)
        if deferrable:
            session = self.get_async_session()
            credentials = _asynchronous(hook)
        else:
            session = _new_session()
            credentials = _synchronous(hook)
        # There is no other way in, and the amazon provider takes this one too.
        session._credentials = credentials  # noqa: SLF001
        if self.region_name:
            session.set_config_variable("region", self.region_name)
        return session if deferrable else _as_boto3(session)

    def _s3rest_conn_id(self) -> str | None:
        if not self.conn:
            return None
        if self.conn.conn_type == "s3rest":
            return str(self.conn.conn_id)
        named = self.extra_config.get("s3rest_conn_id") or None
        others = [name for name in _OTHER_CREDENTIALS if getattr(self.conn, name)]
        if named and others:
            raise ValueError(
                f"Connection {self.conn.conn_id!r}: s3rest_conn_id and {others[0]} do not go together: keep one of them"
            )
        return named


def _new_session() -> Any:
    import botocore.session

    return botocore.session.get_session()


def _as_boto3(session: Any) -> Any:
    import boto3

    return boto3.session.Session(botocore_session=session)


def _synchronous(hook: S3RestHook) -> Any:
    from airflow_provider_s3rest.s3.client import SourceCredentials

    return SourceCredentials(hook.store.credentials)


def _asynchronous(hook: S3RestHook) -> Any:
    from aiobotocore.credentials import AioCredentials
    from botocore.credentials import ReadOnlyCredentials

    class SourceCredentials(AioCredentials):  # type: ignore[misc]
        """Asks at every signing, like its namesake for boto3."""

        async def get_frozen_credentials(self) -> ReadOnlyCredentials:
            """Give one consistent set to one signing."""
            # The connection, the cache and Roles Anywhere may block.
            live = await asyncio.to_thread(hook.get_credentials)
            return ReadOnlyCredentials(live.access_key_id, live.secret_access_key, live.session_token)

    # What the base class holds itself is never asked for.
    return SourceCredentials("", "", method="custom-s3rest")
