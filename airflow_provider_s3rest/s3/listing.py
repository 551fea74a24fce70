# SPDX-License-Identifier: Apache-2.0
"""Lists what a bucket holds, page by page as it is asked for: memory holds one page, however long the listing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_s3rest.exceptions import S3RestIntegrityError
from airflow_provider_s3rest.s3.filters import Filter
from airflow_provider_s3rest.s3.keys import check_key, locate_prefix
from airflow_provider_s3rest.s3.results import CommonPrefix
from airflow_provider_s3rest.s3.values import read_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_provider_s3rest.s3.pages import Page
    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.results import ObjectSummary, ObjectVersion
    from airflow_provider_s3rest.s3.store import S3

MAX_PAGE = 1000
"""How many entries one request gives at most."""

_EVERYTHING = Filter()
_LIST = "list_objects_v2"


def list_objects(
    s3: S3,
    bucket_name: str | None,
    prefix: str = "",
    *,
    start_after: str = "",
    limit: int | None = None,
    where: Filter = _EVERYTHING,
    progress: Progress | None = None,
) -> Iterator[ObjectSummary]:
    """List objects in the order of their keys' bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html

    :param prefix: only keys that begin so; or an ``s3://`` URL.
    :param start_after: only keys that come after it; it need not exist.
    :param limit: the most to give; no page beyond those that it takes is asked for.
    :param where: which of them are meant.
    :param progress: is told of every object that the service named, meant or not.
    :raises S3RestNotFoundError: at the first object: there is no such bucket.
    """
    bucket_name, terms = _begin(bucket_name, prefix, StartAfter=start_after)
    found = _walk(s3, bucket_name, _LIST, terms, where, read_count(limit, "limit"), progress)
    return cast("Iterator[ObjectSummary]", found)


def list_folder(
    s3: S3,
    bucket_name: str | None,
    prefix: str = "",
    *,
    delimiter: str = "/",
    start_after: str = "",
    limit: int | None = None,
    where: Filter = _EVERYTHING,
) -> Iterator[ObjectSummary | CommonPrefix]:
    """List what is directly below a prefix, as :func:`list_objects` does: objects, and the prefixes of what is deeper.

    :param delimiter: what ends a prefix.
    """
    if not delimiter:
        raise ValueError("delimiter: is empty; give '/', or list objects without it")
    bucket_name, terms = _begin(bucket_name, prefix, StartAfter=start_after)
    terms["Delimiter"] = delimiter
    found = _walk(s3, bucket_name, _LIST, terms, where, read_count(limit, "limit"), None)
    return cast("Iterator[ObjectSummary | CommonPrefix]", found)


def list_versions(
    s3: S3,
    bucket_name: str | None,
    prefix: str = "",
    *,
    start_after: str = "",
    limit: int | None = None,
    where: Filter = _EVERYTHING,
    progress: Progress | None = None,
) -> Iterator[ObjectVersion]:
    """List versions and delete markers, as :func:`list_objects` does; those of one key from the newest to the oldest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    bucket_name, terms = _begin(bucket_name, prefix, KeyMarker=start_after)
    found = _walk(s3, bucket_name, "list_object_versions", terms, where, read_count(limit, "limit"), progress)
    return cast("Iterator[ObjectVersion]", found)


def list_pages(s3: S3, bucket_name: str, prefix: str) -> Iterator[Page]:
    """List objects as :func:`list_objects` does, by whole pages; each tells the service's time."""
    return _pages(partial(_ask, s3, bucket_name, _LIST), bucket_name, {"Prefix": prefix})


def _begin(bucket_name: str | None, prefix: str, **start: str) -> tuple[str, dict[str, Any]]:
    bucket_name, prefix = locate_prefix(bucket_name, prefix)
    return bucket_name, {"Prefix": prefix} | {
        term: check_key(value, "start_after") for term, value in start.items() if value
    }


def _walk(
    s3: S3,
    bucket_name: str,
    operation: str,
    terms: dict[str, Any],
    where: Filter,
    limit: int | None,
    progress: Progress | None,
) -> Iterator[ObjectSummary | ObjectVersion | CommonPrefix]:
    everything = where.is_empty
    if limit is not None and everything:
        terms["MaxKeys"] = min(MAX_PAGE, limit)
    given = 0
    for page in _pages(partial(_ask, s3, bucket_name, operation), bucket_name, terms):
        if progress:
            progress.add(len(page.items))
        if everything and limit is None:
            yield from page.items
            continue
        for item in page.items:
            if everything or _is_meant(where, item):
                yield item
                given += 1
                if given == limit:
                    return


def _pages(ask: Callable[[dict[str, Any]], Page], bucket_name: str, terms: dict[str, Any]) -> Iterator[Page]:
    following: dict[str, str] = {}
    while True:
        page = ask(terms | following)
        yield page
        if not page.following:
            return
        if page.following == following:
            raise S3RestIntegrityError(f"The listing of bucket {bucket_name!r} goes round in a circle")
        following = page.following
        terms = {term: value for term, value in terms.items() if term != "StartAfter"}


def _ask(s3: S3, bucket_name: str, operation: str, terms: dict[str, Any]) -> Page:
    from airflow_provider_s3rest.s3.plain.pages import ask_page

    client = s3.engines.plain_for(bucket_name)
    page = (
        ask_page(client, operation, bucket_name, terms)
        if client
        else _ask_completely(s3, bucket_name, operation, terms)
    )
    if "KeyMarker" in terms and "VersionIdMarker" not in terms:
        # Some services begin with the versions of that key itself.
        page.items[:] = [item for item in page.items if getattr(item, "key", None) != terms["KeyMarker"]]
    if "Delimiter" in terms:
        # The service tells objects first, prefixes afterwards.
        page.items.sort(key=lambda item: item.prefix if isinstance(item, CommonPrefix) else item.key)
    return page


def _ask_completely(s3: S3, bucket_name: str, operation: str, terms: dict[str, Any]) -> Page:
    # Like all of boto3, imported only to be used.
    from airflow_provider_s3rest.s3 import pages
    from airflow_provider_s3rest.s3.client import call
    from airflow_provider_s3rest.s3.errors import translated

    with translated(bucket_name), pages.as_pages():
        page: Page = call(s3.client(bucket_name), operation, terms, Bucket=bucket_name)[pages.PAGE]
    return page


def _is_meant(where: Filter, item: ObjectSummary | ObjectVersion | CommonPrefix) -> bool:
    return where.matches_prefix(item.prefix) if isinstance(item, CommonPrefix) else where.matches(item)
