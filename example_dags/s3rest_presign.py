# SPDX-License-Identifier: Apache-2.0
"""Let somebody without credentials write an object, send in a form, and read: by URLs that expire."""

from __future__ import annotations

import httpx
from airflow.sdk import dag, task

from airflow_provider_s3rest.operators.s3rest import S3RestDeleteOperator, S3RestPresignOperator


def write(presigned):
    """What the receiver of a URL for PUT does with it."""
    httpx.put(presigned.url, headers=presigned.headers, content=b"id,amount\n1,10\n").raise_for_status()


def send_in(presigned):
    """What the form in a browser does."""
    answer = httpx.post(presigned.url, data=presigned.fields, files={"file": ("photo.txt", b"a photo")})
    answer.raise_for_status()


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_presign():
    @task
    def read(presigned):
        return httpx.get(presigned["url"]).raise_for_status().text

    put = S3RestPresignOperator(
        task_id="put",
        key="presign/orders.csv",
        method="PUT",
        expires_in=300,
        options={"content_type": "text/csv"},
        send_to=write,
    )
    form = S3RestPresignOperator(
        task_id="form",
        key="presign/in/${filename}",
        method="POST",
        expires_in=300,
        options={"content_type": "text/plain", "max_bytes": 1_000_000},
        send_to=send_in,
    )
    get = S3RestPresignOperator(task_id="get", key="presign/orders.csv", expires_in=600, push_url=True)
    delete = S3RestDeleteOperator(task_id="delete", keys=["presign/orders.csv", "presign/in/photo.txt"])

    put >> get
    [read(get.output), form] >> delete


s3rest_presign()
