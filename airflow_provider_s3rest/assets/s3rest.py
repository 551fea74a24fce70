# SPDX-License-Identifier: Apache-2.0
"""``s3rest://bucket/key`` as the URI of an asset; Airflow finds these functions by the provider info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.keys import asset_uri, parse_asset_uri

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.common.compat.sdk import Asset


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check the URI of an asset, and bring it into the one form that its object has.

    :param uri: as Airflow has split it: with a scheme in lower case, without slashes at its end and without fragment.
    :raises ValueError: it has no bucket, or one that can't be; or user information, a port or a query.
    """
    place = parse_asset_uri(uri.geturl())
    path = asset_uri(*place).removeprefix(f"{uri.scheme}://{place.bucket_name}")
    return uri._replace(netloc=place.bucket_name, path=path, query="", fragment="")


def create_asset(*, bucket: str, key: str, extra: dict[str, Any] | None = None) -> Asset:
    """Make the asset that an object is.

    :param key: an object's key, or a prefix; empty for the bucket.
    :param extra: what else to say about it.
    """
    from airflow.providers.common.compat.sdk import Asset

    return Asset(uri=asset_uri(bucket, key), extra=extra)


def convert_asset_to_openlineage(asset: Asset, lineage_context: object) -> Dataset:  # noqa: ARG001 - as Airflow calls it
    """Name the dataset that an asset is to OpenLineage, as every tool does that reads from S3.

    https://openlineage.io/docs/spec/naming/
    """
    from airflow_provider_s3rest.hooks.lineage import dataset

    return dataset(parse_asset_uri(asset.uri))
