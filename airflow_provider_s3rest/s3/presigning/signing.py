# SPDX-License-Identifier: Apache-2.0
"""Signing URLs and forms by the credentials of the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.keys import locate
from airflow_provider_s3rest.s3.network import bucket_url
from airflow_provider_s3rest.s3.presigning.model import PresignedPost, PresignedUrl
from airflow_provider_s3rest.s3.sigv4 import Signer

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from airflow_provider_s3rest.s3.presigning.terms import FormTerms, UrlTerms
    from airflow_provider_s3rest.s3.store import S3

FILENAME = "${filename}"
"""At the end of a form's key: S3 puts the name of the file that is sent in its place."""


def presign(s3: S3, bucket_name: str | None, key: str, terms: UrlTerms, now: datetime | None = None) -> PresignedUrl:
    """Make a URL that allows one kind of request on an object; asks nobody but for the bucket's region, once.

    :param now: when it is signed; default: at this moment, by the service's clock where ours is known to be wrong.
    """
    bucket_name, key = locate(bucket_name, key)
    signing = _Signing(s3, bucket_name, terms.lifetime, now)
    query = dict(terms.query)
    # As parameters they bind whoever uses the URL; as headers they would have to be sent.
    if s3.connection.requester_pays:
        query["x-amz-request-payer"] = "requester"
    if s3.connection.expected_bucket_owner:
        query["x-amz-expected-bucket-owner"] = s3.connection.expected_bucket_owner
    url = signing.signer.url(
        terms.method,
        signing.base,
        f"{signing.path}/{key}",
        lifetime_seconds=int(terms.lifetime.total_seconds()),
        query=query,
        headers=terms.headers,
    )
    return PresignedUrl(method=terms.method, key=key, url=url, headers=terms.headers, **signing.told())


def presign_post(
    s3: S3, bucket_name: str | None, key: str, terms: FormTerms, now: datetime | None = None
) -> PresignedPost:
    """Make a form that allows one upload.

    :param key: may end with :data:`FILENAME`.
    :raises ValueError: the connection expects an owner of the bucket: a form can't say so.
    """
    bucket_name, key = locate(bucket_name, key)
    if s3.connection.expected_bucket_owner:
        raise ValueError(
            "expected_bucket_owner: the connection has it, and a form can't carry it to S3; presign a PUT instead"
        )
    signing = _Signing(s3, bucket_name, terms.lifetime, now)
    payer = {"x-amz-request-payer": "requester"} if s3.connection.requester_pays else {}
    exact = {**terms.fields, **payer}
    prefix = key.removesuffix(FILENAME)
    of_key: Any = {"key": key} if prefix == key else ["starts-with", "$key", prefix]
    conditions = [{"bucket": bucket_name}, of_key, *terms.conditions, *({n: value} for n, value in exact.items())]
    fields = signing.signer.form({"key": key, **exact}, conditions, signing.asked_end)
    return PresignedPost(
        method="POST", key=key, url=f"{signing.base}{signing.path or '/'}", fields=fields, **signing.told()
    )


class _Signing:
    """One use of the credentials of the moment, for one bucket."""

    def __init__(self, s3: S3, bucket_name: str, lifetime: timedelta, now: datetime | None) -> None:
        if bucket_name.endswith("--x-s3"):
            raise ValueError(
                f"bucket_name: {bucket_name!r} is a directory bucket, for which this provider signs no URL"
            )
        now = (now or s3.engines.clock.now()).replace(microsecond=0)
        credentials = s3.credentials.current()
        self._bucket_name = bucket_name
        self._region = s3.region_of(bucket_name)
        self._credentials_end = credentials.expires_at
        self.asked_end = now + lifetime
        self.signer = Signer(credentials, self._region, now)
        self.base, in_host = bucket_url(s3.connection, bucket_name, self._region)
        self.path = "" if in_host else f"/{bucket_name}"

    def told(self) -> dict[str, Any]:
        """Return what a caller may know of it."""
        end = min(self.asked_end, self._credentials_end or self.asked_end)
        return {
            "bucket_name": self._bucket_name,
            "region_name": self._region,
            "expires_at": end,
            "cut_short": end < self.asked_end,
        }
