# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.presigning import PresignedPost, PresignedUrl, PresignOptions

_SECRETS = ("url", "headers", "fields")
_CUSTOMER_KEY = "x-amz-server-side-encryption-customer-key"


class S3RestPresignOperator(S3RestOperator):
    """Make a URL, or a form, by which anybody may do one thing with one object, without credentials, until it expires.

    Whoever sees it may use it, so that it is masked in every log and goes nowhere by itself: hand it on by ``send_to``.
    Returns ``bucket_name``, ``key``, ``region_name``, ``method``, ``expires_at`` and ``cut_short``; with ``push_url``
    also ``url``, and the ``headers`` that must be sent with it or the ``fields`` of the form.

    :param key: the object's key, or its ``s3://`` URL; for a form, ``uploads/${filename}`` allows all keys below
        ``uploads/``.
    :param method: ``GET``, ``HEAD``, ``PUT`` or ``DELETE``; ``POST`` makes a form.
    :param expires_in: seconds, or a ``timedelta``: 1 second to 7 days. Temporary credentials may end before, and the
        URL with them: ``expires_at`` is true, ``cut_short`` tells it.
    :param options: see :class:`~airflow_provider_s3rest.s3.presigning.PresignOptions`; for a form also ``min_bytes``,
        ``max_bytes`` and ``fields``, see :meth:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook.presign_post`.
    :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C): 32 bytes in Base64, best
        by a template such as ``{{ conn.sse.password }}``. Airflow stores and shows it nowhere, and it is not in
        ``headers``: whoever uses the URL must know it.
    :param send_to: a function that is given the URL or form, a
        :class:`~airflow_provider_s3rest.s3.presigning.PresignedUrl` or
        :class:`~airflow_provider_s3rest.s3.presigning.PresignedPost`, to send it where it is needed.
    :param push_url: whether the URL is returned too. It then lies in Airflow's database, and whoever may see XComs may
        use it.
    """

    template_fields: Sequence[str] = (
        *S3RestOperator.template_fields,
        "key",
        "method",
        "expires_in",
        "options",
        "push_url",
    )

    def __init__(
        self,
        *,
        key: str,
        method: str = "GET",
        expires_in: timedelta | float | str = 3600,
        options: PresignOptions | dict[str, Any] | None = None,
        sse_customer_key: str | bytes | None = None,
        send_to: Callable[[Any], object] | None = None,
        push_url: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.key = key
        self.method = method
        self.expires_in = expires_in
        self.options = options
        self.sse_customer_key = sse_customer_key
        self.send_to = send_to
        self.push_url = push_url

    def operate(self, context: Context) -> dict[str, Any]:
        """Make the URL or form, and hand it on."""
        made = self._make(context)
        if self.send_to:
            self.send_to(made)
        row = as_row(made)
        if not read_switch(self.push_url, "push_url"):
            return {name: value for name, value in row.items() if name not in _SECRETS}
        row.get("headers", {}).pop(_CUSTOMER_KEY, None)
        return row

    def _make(self, context: Context) -> PresignedUrl | PresignedPost:
        key = self.secret(context, self.sse_customer_key)
        options: Any = self.options or {}
        if self.method != "POST":
            method: Any = self.method
            return self.hook.presign(
                self.bucket_name, self.key, method, expires_in=self.expires_in, sse_customer_key=key, **options
            )
        if key:
            raise ValueError("sse_customer_key: can't go into a form, which would tell it; presign a PUT instead")
        return self.hook.presign_post(self.bucket_name, self.key, expires_in=self.expires_in, **options)
