# SPDX-License-Identifier: Apache-2.0
"""The part of the hook that lists and deletes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_s3rest.hooks.base import S3RestBaseHook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from airflow_provider_s3rest.s3.filters import Filter, ObjectFilters
    from airflow_provider_s3rest.s3.identities import Keys
    from airflow_provider_s3rest.s3.results import CommonPrefix, DeleteResult, ObjectSummary, ObjectVersion


class ListingMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that list and delete."""

    def query_objects(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        limit: int | None = None,
        parallel: str | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectSummary]:
        """The objects of a bucket in the order of their keys, page by page as they are asked for.

        :param prefix: only keys that begin so.
        :param start_after: only keys after this one.
        :param limit: the most to give.
        :param parallel: a delimiter, such as ``"/"``: what is below each common prefix is listed at the same time as
            that below the next ones, at the cost of a request more for each. For all, from the first one.
        :param filters: see :class:`~airflow_provider_s3rest.s3.filters.ObjectFilters`.
        """
        from airflow_provider_s3rest.s3.listing import list_objects

        where, progress = self._filter(filters), self.progress("Listing", unit="objects")
        if parallel:
            if start_after or limit is not None:
                raise ValueError("parallel: lists all objects; leave out start_after and limit, or parallel")
            from airflow_provider_s3rest.s3.folders import list_by_folder

            return list_by_folder(self.store, bucket_name, prefix, delimiter=parallel, where=where, progress=progress)
        return list_objects(
            self.store, bucket_name, prefix, start_after=start_after, limit=limit, where=where, progress=progress
        )

    def query_folder(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        delimiter: str = "/",
        limit: int | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectSummary | CommonPrefix]:
        """What is directly below a prefix: objects, and the common prefixes of what is deeper; else as query_objects.

        :param delimiter: what ends a common prefix. It has a name only: filters by anything else leave it out.
        """
        from airflow_provider_s3rest.s3.listing import list_folder

        where = self._filter(filters)
        return list_folder(
            self.store, bucket_name, prefix, delimiter=delimiter, start_after=start_after, limit=limit, where=where
        )

    def query_versions(
        self,
        bucket_name: str | None,
        prefix: str = "",
        start_after: str = "",
        *,
        limit: int | None = None,
        **filters: Unpack[ObjectFilters],
    ) -> Iterator[ObjectVersion]:
        """The versions and delete markers of a bucket, the newest of each key first; else as query_objects."""
        from airflow_provider_s3rest.s3.listing import list_versions

        where, progress = self._filter(filters), self.progress("Listing", unit="versions")
        return list_versions(
            self.store, bucket_name, prefix, start_after=start_after, limit=limit, where=where, progress=progress
        )

    def delete_objects(self, bucket_name: str | None, keys: Keys, *, dry_run: bool = False) -> DeleteResult:
        """Delete objects; an absent one counts as deleted, as S3 has it. Refusals are logged.

        :param keys: one key or any number of them, as texts, as tuples with a version id, as rows or items of a query;
            see :func:`~airflow_provider_s3rest.s3.identities.read_identities`.
        :param dry_run: delete nothing, and tell what would be deleted.
        :returns: how many are gone, and which ones S3 refused to delete, and why.
        """
        from airflow_provider_s3rest.hooks.lineage import of_keys

        result = self._deleter(dry_run=dry_run).delete_keys(bucket_name, keys)
        if not dry_run:
            self._record(inputs=of_keys(result.bucket_name, keys))
        return result

    def delete_prefix(
        self,
        bucket_name: str | None,
        prefix: str,
        *,
        versions: bool = False,
        allow_all: bool = False,
        dry_run: bool = False,
        **filters: Unpack[ObjectFilters],
    ) -> DeleteResult:
        """Delete the objects whose keys begin so, while they are being listed. Refusals are logged.

        :param versions: delete every version and delete marker, for good.
        :param allow_all: let an empty prefix mean the whole bucket; otherwise it is an error.
        :param dry_run: delete nothing, and tell what would be deleted.
        :param filters: see :class:`~airflow_provider_s3rest.s3.filters.ObjectFilters`.
        """
        from airflow_provider_s3rest.hooks.lineage import folder

        where = self._filter(filters, strict=True)
        deleter = self._deleter(dry_run=dry_run)
        result = deleter.delete_prefix(bucket_name, prefix, where, versions=versions, allow_all=allow_all)
        if not dry_run:
            self._record(inputs=[folder(bucket_name, prefix)])
        return result

    def _filter(self, filters: ObjectFilters, *, strict: bool = False) -> Filter:
        from airflow_provider_s3rest.s3.filters import Filter

        return Filter.parse(filters, now=datetime.now(UTC), strict=strict)
