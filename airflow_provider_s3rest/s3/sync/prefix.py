# SPDX-License-Identifier: Apache-2.0
"""The objects of a bucket below a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.deletion import Deleter
from airflow_provider_s3rest.s3.keys import check_key
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.results import ObjectId
from airflow_provider_s3rest.s3.sync.model import NANOSECONDS, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.sync.model import Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """The objects of a bucket below a folder.

    :param prefix: ``data`` means ``data/``; empty means all of the bucket.
    :param read: how they are read, where they are a source or are compared.
    :param write: how they are written, where they are a target.
    """

    s3: S3
    bucket_name: str
    prefix: str
    read: Read = field(default_factory=Read)
    write: Write = field(default_factory=Write)

    def __post_init__(self) -> None:
        if self.write.if_match or self.write.if_none_match:
            raise ValueError("if_match, if_none_match: are for one object; leave them out of a synchronisation")
        if self.prefix and not self.prefix.endswith("/"):
            object.__setattr__(self, "prefix", f"{self.prefix}/")

    def __str__(self) -> str:
        return f"s3://{self.bucket_name}/{self.prefix}"

    def key(self, name: str) -> str:
        """Return the key of a relative name."""
        return self.prefix + name

    def fault_of(self, name: str) -> str | None:
        """Tell why a relative name can't become a key; None where it can."""
        try:
            check_key(self.key(name), "its key")
        except ValueError as error:
            return str(error)
        return None

    def entries(self) -> Iterator[Entry]:
        """List the objects.

        :raises S3RestNotFoundError: there is no such bucket.
        """
        for item in self.s3.query_objects(self.bucket_name, self.prefix):
            modified = int(item.last_modified.timestamp() * NANOSECONDS)
            yield Entry(item.key[len(self.prefix) :], item.size, modified, item.etag or None)

    def delete(self, names: Iterable[str], failed: Failed) -> int:
        """Delete objects, 1,000 at once.

        :param failed: is told of each that S3 refused to delete.
        :returns: how many are gone.
        """
        deleter = Deleter(s3=self.s3, refused=lambda told: failed(told.key, f"{told.code}: {told.message}"))
        return deleter.delete_keys(self.bucket_name, (ObjectId(self.key(name)) for name in names)).deleted
