# SPDX-License-Identifier: Apache-2.0
"""Tests of waits that a queue of moto tells when to look, and that ask S3 for nothing else."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.polling import Desk
from airflow_provider_s3rest.s3.waiting.conditions import (
    AbsentCondition,
    KeyCondition,
    PrefixCondition,
    UnchangedCondition,
)
from airflow_provider_s3rest.s3.waiting.wishes import Wishes
from tests.integration.notified import Place, asked_of_s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Verdict


class Waits(Place):
    """Waits of one event loop for that bucket."""

    def __init__(self, s3: S3, bucket: str) -> None:
        super().__init__(s3, bucket)
        self.told: asyncio.Queue[str] = asyncio.Queue()

    async def wait(self, condition: Condition) -> Verdict:
        """Wait."""
        return await Desk.here().wait(
            "account", self._open, condition, interval=3600, log=self.told.put_nowait, queue_url=self.url
        )

    async def puts(self, *keys: str) -> None:
        """Write objects."""
        await asyncio.to_thread(self.put, *keys)

    async def _open(self) -> S3:
        return self.s3


@pytest.fixture
def place(open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str]) -> Waits:
    """A bucket and its queue."""
    s3 = open_s3("moto")
    return Waits(s3, make_bucket(s3))


@pytest.fixture
def asked(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Tell what moto has been asked of S3."""
    caplog.set_level(logging.INFO, "werkzeug")
    return lambda: asked_of_s3(caplog.messages)


def test_keys_are_looked_at_when_they_are_told_of(place: Waits, asked: Callable[[], list[str]]) -> None:
    """Once at first, and then no more requests than messages about them; what concerns nobody stays in the queue."""
    condition = KeyCondition.parse(place.bucket, Wishes(key=["a b", "dir/c+"]))

    async def main() -> Verdict:
        waiting = asyncio.create_task(place.wait(condition))
        await place.told.get()
        before = len(asked())
        await place.puts("other", "dir/c+")
        assert "1 of 2" in await place.told.get()
        await place.puts("a b")
        verdict = await waiting
        requests = [line.replace(f"/{place.bucket}", "") for line in asked()[before:]]
        looks = [line for line in requests if not line.startswith("PUT")]
        assert looks == ["HEAD /dir/c+", "HEAD /a%20b"]
        return verdict

    verdict = asyncio.run(main())
    assert [found.key for found in verdict.found] == ["a b", "dir/c+"]
    assert place.held() == (0, 1)


def test_what_is_there_already_needs_no_message(place: Waits) -> None:
    """The first look sees it; its message is left to whoever needs it."""

    async def main() -> Verdict:
        await place.puts("dir/key")
        return await place.wait(PrefixCondition.parse(place.bucket, "dir/"))

    assert asyncio.run(main()).done


def test_a_prefix_fills_while_many_wait(place: Waits, asked: Callable[[], list[str]]) -> None:
    """They share the messages and the looks; the queue is empty afterwards."""
    condition = PrefixCondition.parse(place.bucket, "dir/", at_least_objects=3)

    async def main() -> None:
        waiting = [asyncio.create_task(place.wait(condition)) for _ in range(150)]
        await place.told.get()
        before = len(asked())
        await place.puts("dir/1", "dir/2", "dir/3")
        verdicts = await asyncio.gather(*waiting)
        looks = [line for line in asked()[before:] if line.startswith("GET")]
        # One for each message, and one for those who came while the first look was under way.
        assert len(looks) <= 5
        assert all(verdict.total == 3 for verdict in verdicts)

    asyncio.run(main())
    assert place.held() == (0, 0)


def test_a_deletion_ends_a_wait_for_absence(place: Waits) -> None:
    """Its message makes somebody look, like any other."""

    async def main() -> None:
        await place.puts("key")
        waiting = asyncio.create_task(place.wait(AbsentCondition.parse(place.bucket, Wishes(key="key"))))
        await place.told.get()
        await asyncio.to_thread(place.delete, "key")
        assert (await waiting).done

    asyncio.run(main())
    assert place.held() == (0, 0)


def test_quiet_ends_without_a_message(place: Waits, asked: Callable[[], list[str]]) -> None:
    """One look is made when the period is over; there is nothing to tell of it."""

    async def main() -> None:
        await place.puts("dir/key")
        waiting = asyncio.create_task(place.wait(UnchangedCondition.parse(place.bucket, "dir/", quiet_for=1)))
        await place.told.get()
        before = len(asked())
        assert (await waiting).done
        assert 1 <= len(asked()[before:]) <= 3

    asyncio.run(main())


def test_a_wait_that_is_cancelled_leaves_its_messages(place: Waits) -> None:
    """Whoever takes it up finds what has happened by a look, and the next message by the queue."""
    condition = KeyCondition.parse(place.bucket, Wishes(key=["a", "b"]))

    async def main() -> None:
        waiting = asyncio.create_task(place.wait(condition))
        await place.told.get()
        await place.puts("a")
        await place.told.get()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        again = asyncio.create_task(place.wait(condition))
        assert "1 of 2" in await place.told.get()
        await place.puts("b")
        assert (await again).done

    asyncio.run(main())


def test_a_queue_that_is_not_there_ends_the_wait(place: Waits) -> None:
    """At once, in the words of SQS."""
    place.url += "-no"

    async def main() -> None:
        with pytest.raises(ClientError, match=r"does not exist.*-no\)"):
            await place.wait(KeyCondition.parse(place.bucket, Wishes(key="a")))

    asyncio.run(main())
