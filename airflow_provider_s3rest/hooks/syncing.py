# SPDX-License-Identifier: Apache-2.0
"""What a synchronisation is told by users, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.airflow import mask_key
from airflow_provider_s3rest.hooks.storage import is_s3_url, locate_files
from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.options import CustomerKey, Read, Write, WriteOptions
from airflow_provider_s3rest.s3.sync import SyncOptions
from airflow_provider_s3rest.s3.sync.prefix import Prefix
from airflow_provider_s3rest.s3.values import known

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Literal

    from airflow_provider_s3rest.hooks.base import S3RestBaseHook
    from airflow_provider_s3rest.hooks.s3rest import S3RestHook

    Place = str | os.PathLike[str]


class SyncArguments(WriteOptions, total=False):
    """What a synchronisation leaves out and may do, and how objects are written; all are optional.

    :param include: a glob, or several: only files and objects whose relative name matches one.
    :param exclude: likewise: none that matches one. What is left out is left alone on both sides.
    :param compare: what counts as unchanged: ``size_and_mtime`` (default), ``checksum``, or ``size`` alone.
    :param delete: whether to delete what the target has and the source has not.
    :param allow_empty_source: whether ``delete`` may empty the target because the source has nothing.
    :param dry_run: only tell what would be done.
    :param max_concurrency: how many files or objects are under way at once; default: as the connection says.
    :param storage_conn_id: the connection of the side that is a URL of another storage, if that needs one.
    :param sse_customer_key: a key of your own (SSE-C) by which the objects of the target are encrypted, or in a
        download those of the source: 32 bytes, or their Base64.
    :param source_hook: the hook of another connection, which reads the source.
    :param source_sse_customer_key: from S3 to S3: the key by which the source is encrypted.
    """

    include: str | Sequence[str] | None
    exclude: str | Sequence[str] | None
    compare: Literal["size_and_mtime", "checksum", "size"] | None
    delete: bool | str | None
    allow_empty_source: bool | str | None
    dry_run: bool | str | None
    max_concurrency: int | str | None
    storage_conn_id: str | None
    sse_customer_key: str | bytes | None
    source_hook: S3RestHook | None
    source_sse_customer_key: str | bytes | None


_OTHERS = frozenset({"storage_conn_id", "sse_customer_key", "source_hook", "source_sse_customer_key"})


def read_arguments(
    hook: S3RestBaseHook, source: Place, target: Place, options: SyncArguments
) -> tuple[Any, Any, SyncOptions]:
    """Check what a user wants.

    :returns: the two sides, and what is to be done.
    :raises ValueError: something is wrong with an argument; it is named.
    """
    given = known(options, SyncArguments.__annotations__)
    writing: Any = {name: given.pop(name) for name in list(given) if name in WriteOptions.__annotations__}
    others = {name: given.pop(name) for name in list(given) if name in _OTHERS}
    key = others.get("sse_customer_key")
    argument = "source_sse_customer_key" if is_s3_url(target) else "sse_customer_key"
    read = Read(customer_key=CustomerKey.parse(others.get(argument), argument))
    write = Write.parse(writing, key)
    mask_key(read.customer_key)
    mask_key(write.customer_key)
    if not is_s3_url(target) and (writing or others.get("source_sse_customer_key")):
        raise ValueError("write_options, source_sse_customer_key: are for a target in S3; leave them out")
    sides: list[Any] = []
    for side, name, of, terms in (
        (source, "source", others.get("source_hook") or hook, {"read": read}),
        (target, "target", hook, {"write": write}),
    ):
        if is_s3_url(side):
            bucket_name, prefix = locate_prefix(None, str(side), argument=name)
            sides.append(Prefix(s3=of.store, bucket_name=bucket_name, prefix=prefix, **terms))
        else:
            sides.append(locate_files(side, name, others.get("storage_conn_id")))
    return sides[0], sides[1], SyncOptions.parse(**given)
