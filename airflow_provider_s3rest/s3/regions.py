# SPDX-License-Identifier: Apache-2.0
"""The region of each bucket: given, discovered once, or corrected by the service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.network import home_region

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.retry import RetryPolicy

_REGION = r"[a-z0-9]+(-[a-z0-9]+)*"
_DISCOVERED: dict[tuple[str, str], str] = {}
"""The region of every bucket met by this process, by the home region too: each partition has names of its own."""


class Regions:
    """The region of each bucket of one connection: given, or asked from AWS once in a process.

    :param region_name: the region to use for all, whatever the connection says.
    :raises ValueError: it can't be the name of one.
    """

    def __init__(self, connection: S3RestConnection, region_name: str | None, policy: RetryPolicy) -> None:
        if region_name and not re.fullmatch(_REGION, region_name):
            raise ValueError("region_name: is not an AWS region: it must be lower case with dashes, as in eu-west-1")
        self._connection = connection
        self.given = region_name or connection.region_name
        self._policy = policy
        self._corrected: dict[str, str] = {}

    @property
    def home(self) -> str:
        """The region for what belongs to no bucket."""
        return self.given or home_region(self._connection)

    def of(self, bucket_name: str) -> str:
        """Return the region of a bucket; the home region for one that does not exist."""
        if bucket_name in self._corrected:
            return self._corrected[bucket_name]
        if self.given or self._connection.endpoint_url:
            return self.home
        known = _DISCOVERED.get((self.home, bucket_name))
        if known is None:
            known = self._ask(bucket_name)
            if known is None:
                return self.home
            _DISCOVERED[self.home, bucket_name] = known
        return known

    def correct(self, bucket_name: str) -> bool:
        """Ask AWS again, since it sent a request for the bucket elsewhere.

        :returns: whether the bucket is in another region than was thought.
        """
        if self._connection.endpoint_url:
            return False
        before = self.of(bucket_name)
        region = self._ask(bucket_name)
        if region is None or region == before:
            return False
        self._corrected[bucket_name] = _DISCOVERED[self.home, bucket_name] = region
        return True

    def know(self, bucket_name: str, region: str) -> None:
        """Remember the region of a bucket, as whoever created it knows it."""
        if not self._connection.endpoint_url and re.fullmatch(_REGION, region):
            _DISCOVERED[self.home, bucket_name] = region
            self._corrected.pop(bucket_name, None)

    def forget(self, bucket_name: str) -> None:
        """Forget the region of a bucket that was deleted: the next one of its name may be elsewhere."""
        _DISCOVERED.pop((self.home, bucket_name), None)
        self._corrected.pop(bucket_name, None)

    def _ask(self, bucket_name: str) -> str | None:
        from airflow_provider_s3rest.s3.discovery import discover_region

        region = discover_region(self._connection, bucket_name, self.home, self._policy)
        # It becomes a part of a host's name.
        return region if region and re.fullmatch(_REGION, region) else None
