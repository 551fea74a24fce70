# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs and forms: who has one may do with one object what it says, until it expires.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
"""

from __future__ import annotations

from airflow_provider_s3rest.s3.presigning.model import Presigned, PresignedPost, PresignedUrl
from airflow_provider_s3rest.s3.presigning.signing import FILENAME, presign, presign_post
from airflow_provider_s3rest.s3.presigning.terms import FormTerms, PresignOptions, UrlTerms

__all__ = [
    "FILENAME",
    "FormTerms",
    "PresignOptions",
    "Presigned",
    "PresignedPost",
    "PresignedUrl",
    "UrlTerms",
    "presign",
    "presign_post",
]
