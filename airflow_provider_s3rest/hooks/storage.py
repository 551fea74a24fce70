# SPDX-License-Identifier: Apache-2.0
"""Paths that users give: of this machine, or of any file system that Airflow or fsspec knows."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.keys import is_url

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.sync import FilePath

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def is_s3_url(place: object) -> bool:
    """Whether a side of a synchronisation is in S3."""
    return isinstance(place, str) and is_url(place)


def locate_files(place: str | os.PathLike[str], argument: str, storage_conn_id: str | None = None) -> FilePath:
    """Find the file system of a path.

    :param place: a path of this machine, a URL such as ``gs://bucket/folder``, or an ``ObjectStoragePath``.
    :param argument: the name under which the caller knows the path.
    :param storage_conn_id: the connection of Airflow that the file system needs, if it needs one.
    :raises ValueError: it is in S3, or on a file system that nobody knows.
    """
    from airflow_provider_s3rest.s3.sync import RemotePath

    if hasattr(place, "fs") and hasattr(place, "path"):
        return RemotePath(place.fs, place.path, str(place))
    text = os.fspath(place)
    scheme = found[1].lower() if (found := _URL.match(text)) else "file"
    if scheme in {"s3", "s3rest"}:
        raise ValueError(f"{argument}: is in S3; S3RestSyncOperator copies from S3 to S3")
    if scheme == "file":
        if storage_conn_id:
            raise ValueError(f"storage_conn_id: is for a URL, such as gs://bucket/folder, and {argument} is a path")
        return text.removeprefix(found[0]) if found else text
    return _remote(text, scheme, storage_conn_id)


def _remote(url: str, scheme: str, storage_conn_id: str | None) -> FilePath:
    from airflow.providers.common.compat.sdk import ObjectStoragePath
    from fsspec.core import url_to_fs

    from airflow_provider_s3rest.s3.sync import RemotePath

    try:
        place = ObjectStoragePath(url, conn_id=storage_conn_id)
        return RemotePath(place.fs, place.path, url)
    except ValueError as error:
        # No installed provider of Airflow brings this file system.
        if storage_conn_id:
            raise ValueError(f"storage_conn_id: nothing could use it for {scheme}:// ({error})") from None

    fs, path = url_to_fs(url)
    return RemotePath(fs, path, url)
