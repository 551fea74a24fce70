# SPDX-License-Identifier: Apache-2.0
"""What of a query goes to XCom, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_s3rest.hooks.rows import MOST_ROWS, as_row
from airflow_provider_s3rest.s3.keys import locate_prefix
from airflow_provider_s3rest.s3.results import CommonPrefix
from airflow_provider_s3rest.s3.values import read_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_provider_s3rest.hooks.s3rest import S3RestHook
    from airflow_provider_s3rest.s3.filters import ObjectFilters
    from airflow_provider_s3rest.s3.results import ObjectSummary, ObjectVersion

_OBJECT = ("bucket_name", "key", "size", "etag", "last_modified", "storage_class", "region_name")
_VERSION = (*_OBJECT, "version_id", "is_latest", "is_delete_marker")
_FOLDER = (*_OBJECT, "is_prefix")
_ON_DEMAND = ("uri",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is listed.

    :param delimiter: lists one folder, if given.
    :param versions: lists versions.
    """

    bucket_name: str | None
    prefix: str
    start_after: str
    delimiter: str
    versions: bool
    limit: int | None
    filters: ObjectFilters

    def items(self, hook: S3RestHook) -> Iterator[ObjectSummary | ObjectVersion | CommonPrefix]:
        """Begin the listing."""
        if self.delimiter and self.versions:
            raise ValueError("versions: can't go together with delimiter; leave one of them out")
        where = (self.bucket_name, self.prefix, self.start_after)
        if self.versions:
            return hook.query_versions(*where, limit=self.limit, **self.filters)
        if self.delimiter:
            return hook.query_folder(*where, delimiter=self.delimiter, limit=self.limit, **self.filters)
        return hook.query_objects(*where, limit=self.limit, **self.filters)

    @property
    def fields(self) -> tuple[str, ...]:
        """What is known of each item."""
        return _VERSION if self.versions else _FOLDER if self.delimiter else _OBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How it is returned.

    :param fields: the fields of each row; None for all.
    :param flat: whether a row is the value of its only field.
    :param chunk_size: how many rows stand in each list of a list of lists; None for one list of rows.
    :param max_results: more rows than these are an error.
    """

    fields: tuple[str, ...] | None
    flat: bool
    chunk_size: int | None
    max_results: int

    @classmethod
    def parse(cls, fields: str | Sequence[str] | None, chunk_size: Any, max_results: Any) -> Self:
        """Check what a caller wants.

        :param fields: names of fields; a single text stands for a list of bare values.
        :raises ValueError: one of these can't be.
        """
        flat = isinstance(fields, str) and bool(fields)
        names = ((fields,) if isinstance(fields, str) else tuple(fields)) if fields else None
        return cls(
            fields=names,
            flat=flat,
            chunk_size=read_count(chunk_size, "chunk_size"),
            max_results=read_count(max_results, "max_results") or MOST_ROWS,
        )

    def fit(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the fields of each row.

        :param known: those that there are.
        :raises ValueError: one is unknown.
        """
        fields = known if self.fields is None else self.fields
        if unknown := [name for name in fields if name not in known + _ON_DEMAND]:
            raise ValueError(f"fields: there is no {unknown[0]!r}; there are {', '.join(known + _ON_DEMAND)}")
        return fields


def query(hook: S3RestHook, scope: Scope, form: Form) -> list[Any]:
    """List what is wanted, as rows that JSON can hold.

    :raises ValueError: there are more rows than may be returned, or an argument can't be.
    """
    fields = form.fit(scope.fields)
    bucket_name, prefix = locate_prefix(scope.bucket_name, scope.prefix)
    found = list(islice(scope.items(hook), form.max_results + 1))
    if len(found) > form.max_results:
        raise ValueError(
            f"max_results: more than {form.max_results} were found below {prefix!r} in bucket {bucket_name!r}, and "
            "results go to Airflow's database: narrow the prefix or the filters, set limit, or raise max_results"
        )
    region_name = hook.store.region_of(bucket_name) if found and "region_name" in fields else ""
    rows = [_row(item, fields, bucket_name, region_name) for item in found]
    bare = [row[fields[0]] for row in rows] if form.flat else rows
    if form.chunk_size is None:
        return bare
    return [bare[start : start + form.chunk_size] for start in range(0, len(bare), form.chunk_size)]


def _row(
    item: ObjectSummary | ObjectVersion | CommonPrefix, fields: tuple[str, ...], bucket_name: str, region_name: str
) -> dict[str, Any]:
    is_prefix = isinstance(item, CommonPrefix)
    known = {"key": item.prefix} if isinstance(item, CommonPrefix) else as_row(item)
    known |= {
        "bucket_name": bucket_name,
        "region_name": region_name,
        "is_prefix": is_prefix,
        "uri": f"s3://{bucket_name}/{known['key']}",
    }
    return {name: known.get(name) for name in fields}
