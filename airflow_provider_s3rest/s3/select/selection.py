# SPDX-License-Identifier: Apache-2.0
"""Choosing the engine of a selection, and the result that both of them give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.keys import locate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from types import TracebackType
    from typing import Self

    from airflow_provider_s3rest.s3.progress import Progress
    from airflow_provider_s3rest.s3.select.options import Select
    from airflow_provider_s3rest.s3.store import S3


@dataclass(kw_only=True)
class Selection:
    """The result of a selection; its bytes come, once, when it is iterated over.

    :param engine: which engine ran: ``s3_select`` or ``duckdb``.
    :param version_id: of the object; None where the bucket keeps no versions, and with S3 Select, which tells none.
    :param region_name: the region in which the object is.
    :param bytes_scanned: how many bytes were read of the object; S3 Select tells it at the end.
    """

    bucket_name: str
    key: str
    engine: str
    region_name: str
    version_id: str | None
    bytes_scanned: int
    chunks: Iterator[bytes] = field(repr=False)
    resources: ExitStack = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        """Hand out the result in chunks."""
        with self.resources:
            yield from self.chunks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the query and remove its files; what has not been read is lost."""
        self.resources.close()

    def text(self, max_bytes: int) -> str:
        """Return the whole result.

        :raises ValueError: it is longer than so many bytes.
        """
        found = bytearray()
        for chunk in self:
            found += chunk
            if len(found) > max_bytes:
                self.close()
                raise ValueError(
                    f"max_bytes: the result is longer than {max_bytes} bytes: write it to a key by target_key, select "
                    "less, or raise max_bytes"
                )
        return found.decode()


def select_object(
    s3: S3, bucket_name: str | None, key: str, select: Select, progress: Progress | None = None
) -> Selection:
    """Run SQL over an object.

    With the engine ``auto``, S3 Select is asked first, unless it can't do what is asked for or has been found missing
    for this account and endpoint; that costs one request in each process.

    :param bucket_name: the bucket; None where ``key`` is an ``s3://`` URL.
    :param progress: is told of the bytes that DuckDB's copy of the object has got.
    :raises ValueError: an engine refuses the SQL or the form of the object; the message has its own words.
    """
    from airflow_provider_s3rest.s3.select import duckdb_engine, s3_select

    bucket_name, key = locate(bucket_name, key)
    if select.engine != "duckdb":
        obstacle = s3_select.obstacle(s3.connection, select)
        if select.engine == "s3_select" and obstacle:
            raise ValueError(f"engine: S3 Select {obstacle}; choose duckdb")
        if not obstacle:
            try:
                return s3_select.run(s3, bucket_name, key, select)
            except s3_select.UnavailableError as error:
                if select.engine == "s3_select":
                    raise ValueError(f"engine: S3 Select is not to be had here ({error}); choose duckdb") from None
    return duckdb_engine.run(s3, bucket_name, key, select, progress)
