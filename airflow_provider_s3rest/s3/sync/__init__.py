# SPDX-License-Identifier: Apache-2.0
"""Making one side equal the other: files and objects, or objects and objects. Import it only to use it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.sync.local import LocalTree
from airflow_provider_s3rest.s3.sync.model import FilePath, RemotePath, SyncOptions, SyncResult
from airflow_provider_s3rest.s3.sync.remote import RemoteTree

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.sync.model import FileTree, Report, Route
    from airflow_provider_s3rest.s3.sync.prefix import Prefix

__all__ = ["FilePath", "RemotePath", "SyncOptions", "SyncResult", "file_of", "file_tree", "sync"]


def sync(source: FilePath | Prefix, target: FilePath | Prefix, options: SyncOptions, report: Report) -> SyncResult:
    """See :func:`airflow_provider_s3rest.s3.sync.run.synchronise`."""
    # Whoever moves one file needs none of it.
    from airflow_provider_s3rest.s3.sync.run import synchronise

    return synchronise(_route(source, target), options, report)


def file_tree(path: FilePath) -> FileTree:
    """Return the files below a folder."""
    return RemoteTree(path) if isinstance(path, RemotePath) else LocalTree(path)


def file_of(path: FilePath) -> tuple[FileTree, str]:
    """Return one file, as a name in its folder.

    Links on the way to it are followed, and so is one in its place.

    :raises ValueError: the path ends with ``/``, and so means a folder.
    """
    if isinstance(path, RemotePath):
        folder, _, name = path.path.rpartition("/")
        tree: FileTree = RemoteTree(RemotePath(path.fs, folder, path.url))
    else:
        whole = Path(os.path.realpath(path))
        tree, name = LocalTree(whole.parent), "" if str(path).endswith("/") else whole.name
    if not name:
        raise ValueError(f"local_path: {path} is a folder; give the path of a file, or a prefix in place of the key")
    return tree, name


def _route(source: FilePath | Prefix, target: FilePath | Prefix) -> Route:
    from airflow_provider_s3rest.s3.sync.prefix import Prefix
    from airflow_provider_s3rest.s3.sync.routes import Copy, Download, Upload

    if not isinstance(source, Prefix):
        if not isinstance(target, Prefix):
            raise ValueError("source, target: one of them at least must be an s3:// URL")  # noqa: TRY004 - its words
        return Upload(file_tree(source), target)
    return Copy(source, target) if isinstance(target, Prefix) else Download(source, file_tree(target))
