# SPDX-License-Identifier: Apache-2.0
"""Pages of listings.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from airflow_provider_s3rest.s3.clock import read_date
from airflow_provider_s3rest.s3.errors import FaultError
from airflow_provider_s3rest.s3.pages import read_page
from airflow_provider_s3rest.s3.plain.client import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_s3rest.s3.pages import Page
    from airflow_provider_s3rest.s3.plain.client import PlainClient

_PARAMETERS = {"Prefix": "prefix", "Delimiter": "delimiter", "MaxKeys": "max-keys"}
_OF_OBJECTS = _PARAMETERS | {"StartAfter": "start-after", "ContinuationToken": "continuation-token"}
_OF_VERSIONS = _PARAMETERS | {"KeyMarker": "key-marker", "VersionIdMarker": "version-id-marker"}
_KINDS = {
    "list_objects_v2": ("ListObjectsV2", {"list-type": "2"}, _OF_OBJECTS),
    "list_object_versions": ("ListObjectVersions", {"versions": ""}, _OF_VERSIONS),
}


def ask_page(client: PlainClient, method: str, bucket_name: str, terms: Mapping[str, str | int]) -> Page:
    """Ask for a page.

    :param method: the kind of the listing, by the name of boto3's method.
    :param terms: the parameters of the request as boto3 names them.
    :raises S3RestNotFoundError: there is no such bucket.
    :raises S3RestIntegrityError: the answer is no page.
    :raises botocore.exceptions.ClientError: it may not be listed, or S3 stayed busy through all retries.
    :raises botocore.exceptions.HTTPClientError: S3 did not answer through all retries.
    """
    operation, query, parameters = _KINDS[method]
    # What follows a page may name terms of other listings too.
    asked = {parameters[term]: str(value) for term, value in terms.items() if term in parameters}
    query = {"encoding-type": "url", **query, **asked}
    try:
        answer = client.send(Request(method="GET", bucket_name=bucket_name, query=query))
    except FaultError as fault:
        raise fault.public(operation, bucket_name) from None
    # An error inside a 200 is none that is answered well.
    page = cast("Page", read_page(answer.body))
    return replace(page, at=read_date(answer.headers.get("date")))
