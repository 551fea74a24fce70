# SPDX-License-Identifier: Apache-2.0
"""The tags of objects and of buckets. S3 only knows how to replace them all: adding one reads the others first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.keys import check_bucket_name, locate
from airflow_provider_s3rest.s3.options.values import MAX_TAGS, check_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_provider_s3rest.s3.store import S3

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
MAX_BUCKET_TAGS = 50


class Tags:
    """The tags of one bucket, or of one object in it.

    :param key: None for the bucket.
    :param version_id: of the object; None for the current one.
    """

    def __init__(self, s3: S3, bucket_name: str, key: str | None = None, version_id: str | None = None) -> None:
        self._s3 = s3
        self._bucket_name = bucket_name
        self._key = key
        self._kind = "bucket" if key is None else "object"
        self._target: dict[str, Any] = {"Bucket": bucket_name} | ({} if key is None else {"Key": key})
        self._version = {"VersionId": version_id} if version_id else {}

    @classmethod
    def of_bucket(cls, s3: S3, bucket_name: str) -> Tags:
        """Return those of a bucket."""
        return cls(s3, check_bucket_name(bucket_name))

    @classmethod
    def of_object(cls, s3: S3, bucket_name: str | None, key: str, version_id: str | None = None) -> Tags:
        """Return those of an object."""
        return cls(s3, *locate(bucket_name, key), version_id)

    def get(self) -> dict[str, str]:
        """Ask for them.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
        """
        from botocore.exceptions import ClientError

        try:
            answer = self._call("get")
        except ClientError as error:
            # The words for a bucket without tags.
            if error.response["Error"].get("Code") == "NoSuchTagSet":
                return {}
            raise
        return {tag["Key"]: tag.get("Value", "") for tag in answer["TagSet"]}

    def put(self, tags: Mapping[str, str], *, remove: str | Iterable[str] = (), merge: bool = True) -> dict[str, str]:
        """Set tags, and take others away; where nothing changes, nothing is sent.

        :param remove: names of tags to take away; absent ones are.
        :param merge: whether those stay that are named in neither.
        :returns: all that there are now.
        :raises ValueError: there would be too many, or one is too long.
        """
        given = check_tags(tags, most=self._most)
        unwanted = {remove} if isinstance(remove, str) else set(remove)
        if both := sorted(unwanted & set(given)):
            raise ValueError(f"remove: {both[0]!r} is to be set too; leave it out of one of them")
        there = self.get() if merge else None
        left = {name: text for name, text in (there or {}).items() if name not in unwanted}
        wanted = check_tags({**left, **given}, most=self._most)
        if wanted and wanted != there:
            self._call("put", Tagging={"TagSet": [{"Key": name, "Value": text} for name, text in wanted.items()]})
        elif not wanted and there != {}:
            self._call("delete")
        return wanted

    @property
    def _most(self) -> int:
        return MAX_BUCKET_TAGS if self._key is None else MAX_TAGS

    def _call(self, verb: str, **parameters: Any) -> dict[str, Any]:
        from airflow_provider_s3rest.s3.client import call
        from airflow_provider_s3rest.s3.errors import translated

        client = self._s3.client(self._bucket_name)
        with translated(self._bucket_name, self._key):
            answer: dict[str, Any] = call(
                client, f"{verb}_{self._kind}_tagging", self._version, **self._target, **parameters
            )
        return answer
