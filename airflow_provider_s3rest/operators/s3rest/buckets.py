# SPDX-License-Identifier: Apache-2.0
"""Buckets and their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.hooks.rows import as_row
from airflow_provider_s3rest.operators.s3rest.base import S3RestOperator
from airflow_provider_s3rest.s3.values import read_switch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_s3rest.s3.buckets import BucketOptions


class S3RestCreateBucketOperator(S3RestOperator):
    """Create a bucket, in ``region_name``, or else the connection's region, or else the first of the partition.

    Returns ``bucket_name``, ``region_name``, and whether it was ``created``.

    :param exist_ok: whether a bucket of this name that the account owns already will do, so that the task can be tried
        again. It is then set up as the options say, and its tags are added to.
    :param bucket_options: see :class:`~airflow_provider_s3rest.s3.buckets.BucketOptions`.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "exist_ok", "bucket_options")

    def __init__(
        self,
        *,
        bucket_name: str,
        exist_ok: bool = False,
        bucket_options: BucketOptions | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(bucket_name=bucket_name, **kwargs)
        self.exist_ok = exist_ok
        self.bucket_options = bucket_options

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Create the bucket."""
        name = self.bucket_name or ""
        exist_ok = read_switch(self.exist_ok, "exist_ok")
        result = self.hook.create_bucket(name, exist_ok=exist_ok, **(self.bucket_options or {}))
        done = "Created" if result.created else "There was already"
        self.log.info("%s bucket %s in %s", done, result.bucket_name, result.region_name)
        return as_row(result)


class S3RestDeleteBucketOperator(S3RestOperator):
    """Delete a bucket.

    Returns ``bucket_name``, whether it was ``deleted``, and how many ``objects`` (versions and delete markers counted
    one by one) and open ``uploads`` went with it.

    :param force: whether to delete first all that it holds: objects, every version of them, delete markers, and open
        multipart uploads. Without it, S3 refuses to delete a bucket that is not empty.
    :param missing_ok: whether it is all the same if there is no such bucket.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "force", "missing_ok")

    def __init__(self, *, bucket_name: str, force: bool = False, missing_ok: bool = False, **kwargs: Any) -> None:
        super().__init__(bucket_name=bucket_name, **kwargs)
        self.force = force
        self.missing_ok = missing_ok

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Delete the bucket."""
        force, missing_ok = read_switch(self.force, "force"), read_switch(self.missing_ok, "missing_ok")
        return as_row(self.hook.delete_bucket(self.bucket_name or "", force=force, missing_ok=missing_ok))


class S3RestBucketTagsOperator(S3RestOperator):
    """Set, remove, or only read the tags of a bucket.

    Returns all the ``tags`` that the bucket has then, and ``bucket_name``.

    :param tags: tags to set; 50 at most on a bucket.
    :param remove: names of tags to take off; absent ones are.
    :param merge: whether tags that are named nowhere here stay; else ``tags`` are the only ones from now on.
    """

    template_fields: Sequence[str] = (*S3RestOperator.template_fields, "tags", "remove", "merge")

    def __init__(
        self,
        *,
        bucket_name: str,
        tags: Mapping[str, str] | None = None,
        remove: str | Iterable[str] = (),
        merge: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(bucket_name=bucket_name, **kwargs)
        self.tags = tags
        self.remove = remove
        self.merge = merge

    def operate(self, context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Set and remove the tags."""
        name = self.bucket_name or ""
        merge = read_switch(self.merge, "merge")
        tags = self.hook.put_bucket_tags(name, self.tags or {}, remove=self.remove, merge=merge)
        return {"bucket_name": name, "tags": tags}
