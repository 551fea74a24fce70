# SPDX-License-Identifier: Apache-2.0
"""Waits at the desk against real servers."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.exceptions import S3RestNoBucketError
from airflow_provider_s3rest.s3.polling import Desk
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.waiting.model import Verdict

both_servers = pytest.mark.parametrize("server", ["moto", "seaweedfs"])


def waited(s3: S3, bucket_name: str, *wishes: Wishes, then: Callable[[], object] = lambda: None) -> list[Verdict]:
    """Wait for several things in one event loop.

    :param then: is called when all have been looked for once.
    """

    async def open_account() -> S3:
        return s3

    async def main() -> list[Verdict]:
        told: asyncio.Queue[str] = asyncio.Queue()
        waits = [
            asyncio.create_task(
                Desk.here().wait(
                    "a", open_account, KeyCondition.parse(bucket_name, wish), interval=0.25, log=told.put_nowait
                )
            )
            for wish in wishes
        ]

        async def looked() -> None:
            for _ in wishes:
                await told.get()

        looking = asyncio.create_task(looked())
        await asyncio.wait((*waits, looking), return_when=asyncio.FIRST_COMPLETED)
        looking.cancel()
        await asyncio.to_thread(then)
        return await asyncio.gather(*waits)

    return asyncio.run(main())


@both_servers
def test_waits_end_when_their_objects_come(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], server: str
) -> None:
    """By their keys, or by a pattern."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    wishes = (Wishes(key="in/a.csv"), Wishes(key="in/b.csv"), Wishes(glob="in/*.json"))

    def write() -> None:
        for key in ("in/a.csv", "in/b.csv", "in/c.json"):
            s3.upsert_object(bucket, key, b"12345")

    verdicts = waited(s3, bucket, *wishes, then=write)
    found = [[(item.key, item.size) for item in verdict.found] for verdict in verdicts]
    assert found == [[("in/a.csv", 5)], [("in/b.csv", 5)], [("in/c.json", 5)]]


@both_servers
@pytest.mark.parametrize("wishes", [Wishes(key="a"), Wishes(key="a//b"), Wishes(glob="a/*")])
def test_no_bucket_is_an_error_at_once(open_s3: Callable[[str], S3], server: str, wishes: Wishes) -> None:
    """Whatever is waited for in it."""
    with pytest.raises(S3RestNoBucketError):
        waited(open_s3(server), f"test-{uuid.uuid4().hex}", wishes)
