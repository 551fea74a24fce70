# SPDX-License-Identifier: Apache-2.0
"""Lineage: tells Airflow's collector and OpenLineage which objects and files are read and written.

https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/lineage.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.keys import S3Url, is_url, locate_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_s3rest.hooks.base import S3RestBaseHook
    from airflow_provider_s3rest.s3.identities import Keys

    Place = S3Url | str | os.PathLike[str]
    """An object; or a folder as a synchronisation is given it: a URL in S3, a path, a URL of another storage."""

MOST_PLACES = 100
"""How many objects of one operation are told at most; Airflow's collector keeps as many of all."""


def record(hook: S3RestBaseHook, *, inputs: Iterable[Place] = (), outputs: Iterable[Place] = ()) -> None:
    """Tell Airflow's collector what was read and written, if anybody reads it there; a fault in that is only logged."""
    try:
        collector = _collector()
        if collector is None:
            return
        for places, add in ((inputs, collector.add_input_asset), (outputs, collector.add_output_asset)):
            for place in places:
                add(context=hook, **_asset(place))
    except Exception as error:  # noqa: BLE001 - the work is done, and must not fail because nobody can be told
        hook.log.warning("Lineage was not recorded: %s", error)


def folder(bucket_name: str | None, prefix: str) -> S3Url:
    """Return all objects with a prefix as one place, without the slash at its end, as Airflow names assets."""
    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    return S3Url(bucket_name, prefix.removesuffix("/"))


def of_keys(bucket_name: str | None, keys: Keys) -> Iterator[S3Url]:
    """Give the first of the objects that keys mean; of an iterator, which can be read once only, their bucket."""
    from airflow_provider_s3rest.s3.identities import read_identities

    if isinstance(keys, Iterator):
        if bucket_name:
            yield S3Url(bucket_name, "")
        return
    bucket_name, identities = read_identities(bucket_name, keys)
    for identity in islice(identities, MOST_PLACES):
        yield S3Url(bucket_name or "", identity.key)


def openlineage(
    inputs: Iterable[Place], outputs: Iterable[Place], *, dropped: bool = False
) -> OperatorLineage[Any, Any]:
    """Return what OpenLineage is told of a task.

    :param dropped: whether the inputs have been deleted.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage

    facets = _dropped if dropped else None
    return OperatorLineage(
        inputs=[dataset(place, facets) for place in inputs], outputs=[dataset(place) for place in outputs]
    )


def dataset(place: Place, facets: Any = None) -> Dataset:
    """Return the dataset of OpenLineage that a place is, named as the specification says.

    https://openlineage.io/docs/spec/naming/
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset

    found = _place(place)
    if isinstance(found, S3Url):
        namespace, name = f"s3://{found.bucket_name}", found.key or "/"
    else:
        scheme, separator, rest = found.partition("://")
        host, _, path = rest.partition("/")
        namespace, name = (f"{scheme}://{host}", path or "/") if separator else ("file", found)
    return Dataset(namespace=namespace, name=name, facets=facets(namespace, name) if facets else {})


def _dropped(namespace: str, name: str) -> dict[str, Any]:
    from airflow.providers.common.compat.openlineage.facet import (
        LifecycleStateChange,
        LifecycleStateChangeDatasetFacet,
        PreviousIdentifier,
    )

    change = LifecycleStateChangeDatasetFacet(
        lifecycleStateChange=LifecycleStateChange.DROP,
        previousIdentifier=PreviousIdentifier(namespace=namespace, name=name),
    )
    return {"lifecycleStateChange": change}


def _asset(place: Place) -> dict[str, Any]:
    found = _place(place)
    if isinstance(found, S3Url):
        return {"scheme": "s3rest", "asset_kwargs": {"bucket": found.bucket_name, "key": found.key}}
    return {"uri": found} if "://" in found else {"scheme": "file", "asset_kwargs": {"path": found}}


def _place(place: Place) -> S3Url | str:
    if isinstance(place, S3Url):
        return place
    text = (str(place) if hasattr(place, "fs") else os.fspath(place)).removeprefix("file://")
    scheme, separator, rest = text.partition("://")
    if not separator:
        return os.path.abspath(text)  # noqa: PTH100 - nothing but text is needed
    host, slash, path = rest.partition("/")
    # A user or a password is no part of a place, and nobody's business; nor is the connection of an ObjectStoragePath.
    url = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return folder(None, url) if is_url(url) else url


def _collector() -> Any:
    """Return Airflow's collector, or None where it has no readers."""
    try:
        from airflow.sdk.plugins_manager import get_hook_lineage_readers_plugins
    except ImportError:
        readers = True  # Airflow before 3.2 tells only by the collector that it makes
    else:
        # Where it makes one without need, it imports the hooks of every provider that has assets.
        readers = bool(get_hook_lineage_readers_plugins())
    if not readers:
        return None

    from airflow.providers.common.compat.sdk import NoOpCollector, get_hook_lineage_collector

    collector = get_hook_lineage_collector()
    return None if isinstance(collector, NoOpCollector) else collector
