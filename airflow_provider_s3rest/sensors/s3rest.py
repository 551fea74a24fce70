# SPDX-License-Identifier: Apache-2.0
"""A sensor that waits for an object."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_s3rest.exceptions import S3RestNotFoundError
from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.hooks.templates import verbatim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context
    from jinja2 import Environment


class S3RestKeySensor(BaseSensorOperator):
    """Wait until an object exists.

    Returns its ``bucket_name``, ``key``, ``size``, ``etag``, ``last_modified``, ``content_type``, ``version_id`` and
    ``metadata``. Every error but its absence fails the task, also with ``soft_fail``.

    :param bucket_name: the bucket.
    :param key: the object's key.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    """

    template_fields: Sequence[str] = ("bucket_name", "key", "s3rest_conn_id", "region_name")
    ui_color = "#e8f1e4"

    def __init__(
        self,
        *,
        bucket_name: str,
        key: str,
        s3rest_conn_id: str = S3RestHook.default_conn_name,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.key = key
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name

    @cached_property
    def hook(self) -> S3RestHook:
        """The hook of the connection."""
        return S3RestHook(self.s3rest_conn_id, region_name=self.region_name)

    def render_template(
        self, content: Any, context: Context, jinja_env: Environment | None = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a template, of which a line break at the end stays."""
        return super().render_template(content, context, verbatim(jinja_env or self.get_template_env()), seen_oids)

    def poke(self, context: Context) -> bool | PokeReturnValue:  # noqa: ARG002
        """Look once."""
        try:
            head = self.hook.head_object(self.bucket_name, self.key)
        except S3RestNotFoundError:
            self.log.info("Object %r of bucket %s is not there yet", self.key, self.bucket_name)
            return False
        return PokeReturnValue(is_done=True, xcom_value=as_row(head))
