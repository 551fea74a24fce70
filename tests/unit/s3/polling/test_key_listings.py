# SPDX-License-Identifier: Apache-2.0
"""Tests of many keys that are looked for by one listing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_s3rest.s3.polling.key_listings import KEYS_PER_PAGE, NOT_AGAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

ENOUGH = [f"in/{number:03}" for number in range(KEYS_PER_PAGE)]
PAGE = 5


class Bucket:
    """A bucket that notes what it is asked: ``HEAD``, or the prefix of a listing."""

    def __init__(self, fake: Any) -> None:
        self.there: set[str] = set()
        self.asked: list[str] = []
        self.may_be_listed = True
        self._fake = fake
        fake.otherwise = self._answer

    def _answer(self, request: Any) -> Any:
        query = parse_qs(urlsplit(request.target).query)
        if "list-type" in query:
            self.asked.append(query["prefix"][0])
            return self._listed(query) if self.may_be_listed else self._fake.make_error(403, "AccessDenied")
        self.asked.append(request.method)
        found = request.path.decode().removeprefix("/bucket/") in self.there
        return self._fake.make_answer(200, b"12345") if found else self._fake.make_answer(404)

    def _listed(self, query: dict[str, list[str]]) -> Any:
        begin = int(query.get("continuation-token", ["0"])[0])
        keys = sorted(key for key in self.there if key.startswith(query["prefix"][0]))
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-24T01:02:03.000Z</LastModified><ETag>e</ETag>"
            "<Size>5</Size></Contents>"
            for key in keys[begin : begin + PAGE]
        )
        if begin + PAGE < len(keys):
            items += f"<IsTruncated>true</IsTruncated><NextContinuationToken>{begin + PAGE}</NextContinuationToken>"
        return self._fake.make_answer(body=f"<ListBucketResult>{items}</ListBucketResult>".encode())


@pytest.fixture
def bucket(fake: Any) -> Bucket:
    """A bucket that is empty at first."""
    return Bucket(fake)


def test_one_listing_tells_that_many_keys_are_absent(play: Callable[..., Any], bucket: Bucket) -> None:
    """It names what their keys begin with, and nothing else is asked."""

    async def scene(room: Any) -> None:
        for key in ENOUGH:
            room.begin(key)
        await room.after(1)

    play(scene)
    assert bucket.asked == ["in/0"]


def test_few_keys_are_asked_about_by_themselves(play: Callable[..., Any], bucket: Bucket) -> None:
    """A listing costs more than they do."""

    async def scene(room: Any) -> None:
        for key in ENOUGH[1:]:
            room.begin(key)
        await room.after(1)

    play(scene)
    assert set(bucket.asked) == {"HEAD", "GET"}  # the GET tells that the bucket exists


def test_keys_of_other_folders_do_not_count(play: Callable[..., Any], bucket: Bucket) -> None:
    """What lies between them may be long."""

    async def scene(room: Any) -> None:
        for key in ENOUGH:
            room.begin(f"{key}/a")
        await room.after(1)

    play(scene)
    assert bucket.asked.count("HEAD") == len(ENOUGH)


def test_a_wait_ends_with_what_the_listing_shows(play: Callable[..., Any], bucket: Bucket) -> None:
    """The object is asked about, as one is that is waited for alone."""

    async def scene(room: Any) -> Any:
        waits = [room.begin(key) for key in [*ENOUGH, "in/a"]]
        await room.after(1)
        bucket.there.add(ENOUGH[3])
        await room.after(11)
        return [wait.done() for wait in waits], await waits[3]

    done, verdict = play(scene)
    assert (done.count(True), [(item.key, item.size) for item in verdict.found]) == (1, [(ENOUGH[3], 5)])
    assert bucket.asked.count("HEAD") == 1


def test_a_listing_goes_no_further_than_it_is_worth(play: Callable[..., Any], bucket: Bucket) -> None:
    """The keys behind its end are asked about by themselves, and for a while there is no listing again."""
    bucket.there.update(f"in/000{number}" for number in range(PAGE + 1))

    async def scene(room: Any) -> None:
        for key in ENOUGH:
            room.begin(key)
        await room.after(1)
        assert [each for each in bucket.asked if each not in {"HEAD", "GET"}] == ["in/0"]
        assert bucket.asked.count("HEAD") == len(ENOUGH) - 1
        await room.after(NOT_AGAIN_SECONDS / 2)
        assert bucket.asked.count("in/0") == 1
        await room.after(NOT_AGAIN_SECONDS / 2 + 10)
        assert bucket.asked.count("in/0") == 2

    play(scene)


def test_a_long_listing_is_worth_it_for_many_keys(play: Callable[..., Any], bucket: Bucket) -> None:
    """As many pages as cost less than the keys."""
    bucket.there.update(f"in/000{number}" for number in range(PAGE + 1))

    async def scene(room: Any) -> None:
        for number in range(2 * KEYS_PER_PAGE):
            room.begin(f"in/{number:03}")
        await room.after(1)

    play(scene)
    assert bucket.asked == ["in/0", "in/0"]


def test_who_may_not_list_asks_about_each_key(play: Callable[..., Any], bucket: Bucket) -> None:
    """And is not refused at every look."""
    bucket.may_be_listed = False

    async def scene(room: Any) -> None:
        for key in ENOUGH:
            room.begin(key)
        await room.after(25)

    play(scene)
    refused = [each for each in bucket.asked if each not in {"HEAD", "GET"}]
    assert (set(refused), bucket.asked.count("HEAD")) == ({"in/0"}, 3 * len(ENOUGH))
    assert len(refused) <= 2  # plainly, then by the complete engine


def test_who_leaves_while_a_listing_is_under_way_leaves_nothing(play: Callable[..., Any], bucket: Bucket) -> None:
    """The others hear of it."""

    async def scene(room: Any) -> None:
        waits = [room.begin(key) for key in ENOUGH]
        await room.settle()
        room.timers.go_to(room.timers.due[-1])
        await asyncio.sleep(0)
        waits[0].cancel()
        await room.after(1)

    play(scene)
    assert bucket.asked == ["in/0"]
