# SPDX-License-Identifier: Apache-2.0
"""The part of the hook that makes presigned URLs and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.hooks.base import S3RestBaseHook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Literal, Unpack

    from airflow_provider_s3rest.s3.options import WriteOptions
    from airflow_provider_s3rest.s3.presigning import Presigned, PresignedPost, PresignedUrl, PresignOptions


class PresigningMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that make URLs and forms."""

    def presign(
        self,
        bucket_name: str | None,
        key: str,
        method: Literal["GET", "HEAD", "PUT", "DELETE"] = "GET",
        *,
        expires_in: timedelta | float | str = 3600,
        sse_customer_key: str | bytes | None = None,
        **options: Unpack[PresignOptions],
    ) -> PresignedUrl:
        """Make a URL by which anybody may do one thing with one object, without credentials, until it expires.

        It is a secret: Airflow masks it in every log from now on. S3 is not asked whether the object exists, or whether
        the connection may do what the URL allows.

        :param expires_in: seconds, or a ``timedelta``: 1 second to 7 days. Temporary credentials may end before: then
            the URL ends with them, which ``expires_at`` of the result and a warning tell.
        :param sse_customer_key: the key of an object that is encrypted by one of your own (SSE-C): 32 bytes, or their
            Base64. Whoever uses the URL must send it, as ``headers`` of the result tell.
        :param options: see :class:`~airflow_provider_s3rest.s3.presigning.PresignOptions`.
        """
        from airflow_provider_s3rest.hooks.airflow import mask
        from airflow_provider_s3rest.s3.presigning import UrlTerms, presign

        terms = UrlTerms.parse(method, expires_in, options, sse_customer_key)
        mask([text for name, text in terms.headers.items() if name.endswith("-customer-key")])
        made = presign(self.store, bucket_name, key, terms)
        self._guard(made, made.secrets())
        return made

    def presign_post(
        self,
        bucket_name: str | None,
        key: str,
        *,
        expires_in: timedelta | float | str = 3600,
        min_bytes: int | None = None,
        max_bytes: int | None = None,
        fields: Mapping[str, str] | None = None,
        **options: Unpack[WriteOptions],
    ) -> PresignedPost:
        """Make a form by which anybody may upload one object, from a browser for example, until it expires.

        It is as secret as a URL; see :meth:`presign`.

        :param key: the object's key; ``uploads/${filename}`` allows every key below ``uploads/``.
        :param min_bytes: the smallest object that S3 takes.
        :param max_bytes: the largest one, 5 GiB at most.
        :param fields: more fields of the form, such as ``success_action_redirect``; each must be sent as it is here.
        :param options: see :class:`~airflow_provider_s3rest.s3.options.WriteOptions`; a ``content_type`` such as
            ``image/*`` leaves the rest of it to whoever fills in the form.
        """
        from airflow_provider_s3rest.s3.presigning import FormTerms, presign_post

        terms = FormTerms.parse(expires_in, options, min_bytes=min_bytes, max_bytes=max_bytes, fields=fields)
        made = presign_post(self.store, bucket_name, key, terms)
        self._guard(made, made.secrets())
        return made

    def _guard(self, made: Presigned, secrets: list[str]) -> None:
        from airflow_provider_s3rest.hooks.airflow import mask

        mask(secrets)
        if made.cut_short:
            self.log.warning(
                "The presigned %s of %r ends at %s with the credentials that signed it, sooner than was asked for",
                made.method,
                made.key,
                made.expires_at.isoformat(),
            )
