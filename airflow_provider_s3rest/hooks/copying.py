# SPDX-License-Identifier: Apache-2.0
"""What the hook's copies take as options, and what they are to S3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_s3rest.hooks.airflow import mask
from airflow_provider_s3rest.s3.copying import Choice, Rules, Source, Target
from airflow_provider_s3rest.s3.filters import Filter, ObjectFilters
from airflow_provider_s3rest.s3.options import CustomerKey, Read, ReadOptions, Write, WriteOptions
from airflow_provider_s3rest.s3.values import known, read_switch

if TYPE_CHECKING:
    from airflow_provider_s3rest.hooks.base import S3RestBaseHook
    from airflow_provider_s3rest.s3.keys import S3Url

_SOURCE = "source_"


class CopyOptions(WriteOptions, total=False):
    """How an object is copied: how the copy is written, and these; all are optional.

    :param metadata_directive: ``MERGE`` (default): the content headers and metadata of the source, with those given
        here laid over them; ``COPY``: those of the source; ``REPLACE``: those given here, and nothing else.
    :param copy_tags: whether the source's tags go along, unless ``tags`` gives others; default: they do.
    :param sse_customer_key: a key of your own to encrypt the copy by (SSE-C): 32 bytes, or their Base64.
    :param source_hook: the hook of another connection, which reads the source; the bytes then stream through here.
    :param source_version_id: the version to copy; default: the current one.
    :param source_if_match: only if the source has this ETag.
    :param source_if_none_match: only if it has another ETag.
    :param source_if_modified_since: only if it is newer; a time with its zone, or one in ISO format.
    :param source_if_unmodified_since: only if it is not newer.
    :param source_sse_customer_key: the key by which the source is encrypted (SSE-C).
    """

    metadata_directive: Literal["MERGE", "COPY", "REPLACE"] | None
    copy_tags: bool | str | None
    sse_customer_key: str | bytes | None
    source_hook: S3RestBaseHook | None
    source_version_id: str | None
    source_if_match: str | None
    source_if_none_match: str | None
    source_if_modified_since: datetime | str | None
    source_if_unmodified_since: datetime | str | None
    source_sse_customer_key: str | bytes | None


class CopyPrefixOptions(CopyOptions, total=False):
    """How the objects of a prefix are copied: each as :class:`CopyOptions` say, and these.

    :param filters: which of them, see :class:`~airflow_provider_s3rest.s3.filters.ObjectFilters`.
    :param skip_existing: leave alone those whose key the target has already, whatever is there.
    :param dry_run: copy none; log what would be copied.
    """

    filters: ObjectFilters | None
    skip_existing: bool | str | None
    dry_run: bool | str | None


def read_options(
    hook: S3RestBaseHook, source: S3Url, target: S3Url, options: CopyOptions
) -> tuple[Source, Target, Rules]:
    """Check the options of a copy.

    :raises ValueError: one of them is unknown or can't be; it is named.
    """
    given = known(options, CopyOptions.__annotations__)
    reader: S3RestBaseHook = given.pop("source_hook", None) or hook
    rules = Rules(
        metadata_directive=given.pop("metadata_directive", "MERGE"),
        copy_tags=read_switch(given.pop("copy_tags", True), "copy_tags"),
    )
    read = _read({name: given.pop(name) for name in list(given) if name.startswith(_SOURCE)})
    write = Write.parse(given, given.pop("sse_customer_key", None))  # type: ignore[arg-type]
    mask([key.base64 for key in (read.customer_key, write.customer_key) if key])
    return (
        Source(s3=reader.store, bucket_name=source.bucket_name, key=source.key, read=read),
        Target(s3=hook.store, bucket_name=target.bucket_name, key=target.key, write=write),
        rules,
    )


def read_choice(options: CopyPrefixOptions) -> tuple[Choice, CopyOptions]:
    """Check what options say of a prefix.

    :returns: that, and the other options.
    :raises ValueError: one of them is unknown or can't be; it is named.
    """
    rest = known(options, CopyPrefixOptions.__annotations__)
    chosen = {name: rest.pop(name) for name in list(rest) if name not in CopyOptions.__annotations__}
    choice = Choice(
        only=Filter.parse(chosen.get("filters"), now=datetime.now(UTC)),
        skip_existing=read_switch(chosen.get("skip_existing", False), "skip_existing"),
        dry_run=read_switch(chosen.get("dry_run", False), "dry_run"),
    )
    return choice, rest  # type: ignore[return-value]


def _read(given: dict[str, Any]) -> Read:
    argument = f"{_SOURCE}sse_customer_key"
    key = CustomerKey.parse(given.pop(argument, None), argument)
    options: ReadOptions = {name.removeprefix(_SOURCE): value for name, value in given.items()}  # type: ignore[assignment]
    try:
        return Read.parse(options)._replace(customer_key=key)
    except ValueError as error:
        raise ValueError(f"{_SOURCE}{error}") from None
