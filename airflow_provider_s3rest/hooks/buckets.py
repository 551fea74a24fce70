# SPDX-License-Identifier: Apache-2.0
"""The part of the hook for buckets, for tags, and for uploads that nobody completed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.hooks.base import S3RestBaseHook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import timedelta
    from typing import Unpack

    from airflow_provider_s3rest.s3.buckets import BucketOptions, CreateBucketResult, DeleteBucketResult
    from airflow_provider_s3rest.s3.uploads import AbortResult, OpenUpload


class BucketMethods(S3RestBaseHook):
    """Methods of :class:`~airflow_provider_s3rest.hooks.s3rest.S3RestHook` that look after buckets."""

    def create_bucket(
        self, bucket_name: str, *, exist_ok: bool = False, **options: Unpack[BucketOptions]
    ) -> CreateBucketResult:
        """Create a bucket, in the region of the hook or the connection; without any, in the partition's first.

        :param exist_ok: whether a bucket of this name that the account owns already will do. It is then set up as the
            options say, and its tags are added to.
        :param options: see :class:`~airflow_provider_s3rest.s3.buckets.BucketOptions`.
        :raises S3RestError: it exists, and shall not; or somebody else has a bucket of this name.
        """
        from airflow_provider_s3rest.s3.buckets import BucketTerms, create_bucket

        return create_bucket(self.store, bucket_name, BucketTerms.parse(options), exist_ok=exist_ok)

    def delete_bucket(self, bucket_name: str, *, force: bool = False, missing_ok: bool = False) -> DeleteBucketResult:
        """Delete a bucket.

        :param force: delete first all that it holds: objects, every version of them, delete markers, open uploads.
            Without it, S3 refuses to delete a bucket that is not empty.
        :param missing_ok: whether it is all the same if there is none.
        :raises S3RestNotFoundError: there is none.
        :raises S3RestError: something in it can't be deleted; everything else is gone, and the bucket is not.
        """
        from airflow_provider_s3rest.s3.buckets import delete_bucket

        emptier = self._deleter(dry_run=False) if force else None
        return delete_bucket(self.store, bucket_name, missing_ok=missing_ok, emptier=emptier)

    def get_bucket_tags(self, bucket_name: str) -> dict[str, str]:
        """The tags of a bucket."""
        from airflow_provider_s3rest.s3.tags import Tags

        return Tags.of_bucket(self.store, bucket_name).get()

    def put_bucket_tags(
        self, bucket_name: str, tags: Mapping[str, str], *, remove: str | Iterable[str] = (), merge: bool = True
    ) -> dict[str, str]:
        """Set tags of a bucket, 50 at most, and take others off it.

        :param remove: names of tags to take off; absent ones are.
        :param merge: whether those stay that are named in neither; else ``tags`` are the only ones from now on.
        :returns: all its tags.
        """
        from airflow_provider_s3rest.s3.tags import Tags

        return Tags.of_bucket(self.store, bucket_name).put(tags, remove=remove, merge=merge)

    def delete_bucket_tags(self, bucket_name: str) -> None:
        """Take all tags off a bucket."""
        from airflow_provider_s3rest.s3.tags import Tags

        Tags.of_bucket(self.store, bucket_name).put({}, merge=False)

    def get_tags(self, bucket_name: str | None, key: str, version_id: str | None = None) -> dict[str, str]:
        """The tags of an object."""
        from airflow_provider_s3rest.s3.tags import Tags

        return Tags.of_object(self.store, bucket_name, key, version_id).get()

    def put_tags(
        self,
        bucket_name: str | None,
        key: str,
        tags: Mapping[str, str],
        version_id: str | None = None,
        *,
        remove: str | Iterable[str] = (),
        merge: bool = True,
    ) -> dict[str, str]:
        """Set tags of an object, 10 at most, and take others off it.

        :param remove: names of tags to take off; absent ones are.
        :param merge: whether those stay that are named in neither; else ``tags`` are the only ones from now on.
        :returns: all its tags.
        """
        from airflow_provider_s3rest.s3.tags import Tags

        return Tags.of_object(self.store, bucket_name, key, version_id).put(tags, remove=remove, merge=merge)

    def delete_tags(self, bucket_name: str | None, key: str, version_id: str | None = None) -> None:
        """Take all tags off an object."""
        from airflow_provider_s3rest.s3.tags import Tags

        Tags.of_object(self.store, bucket_name, key, version_id).put({}, merge=False)

    def list_uploads(self, bucket_name: str | None, prefix: str = "") -> Iterator[OpenUpload]:
        """The multipart uploads that were neither completed nor aborted, page by page as they are asked for.

        :param prefix: only those whose keys begin so.
        """
        from airflow_provider_s3rest.s3.uploads import list_uploads

        return list_uploads(self.store, bucket_name, prefix)

    def abort_uploads(
        self,
        bucket_name: str | None,
        prefix: str = "",
        *,
        older_than: timedelta | float | str | None = None,
        dry_run: bool = False,
    ) -> AbortResult:
        """Abort multipart uploads that nobody completed, so that their parts cost nothing any more.

        :param prefix: only those whose keys begin so.
        :param older_than: how long ago they began at least: seconds, or a ``timedelta``; default: 7 days. A shorter
            time may hit uploads that are still under way.
        :param dry_run: only tell which these are.
        :returns: those that are gone, and those that S3 refused to abort.
        """
        from airflow_provider_s3rest.s3.progress import Progress
        from airflow_provider_s3rest.s3.uploads import SAFE_AGE, abort_uploads
        from airflow_provider_s3rest.s3.values import read_duration

        age = SAFE_AGE if older_than is None else read_duration(older_than, "older_than")
        progress = Progress("Aborting uploads", self.log.info, unit="uploads")
        return abort_uploads(self.store, bucket_name, prefix, older_than=age, dry_run=dry_run, progress=progress)
