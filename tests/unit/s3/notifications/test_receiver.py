# SPDX-License-Identifier: Apache-2.0
"""Tests of one queue that all who wait in an event loop share: who is nudged, and what becomes of the messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.s3.errors import is_passing
from airflow_provider_s3rest.s3.notifications.inbox import Inbox
from airflow_provider_s3rest.s3.notifications.receiver import Receiver
from airflow_provider_s3rest.s3.waiting.model import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

KEY = Target("bucket", "dir/key", exact=True)
PREFIX = Target("bucket", "dir/", exact=False)


class Calls:
    """Makes calls in threads, as an account of the desk does."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    async def call(self, function: Callable[[Any], Any]) -> Any:
        """Call a function."""
        return await asyncio.to_thread(function, self._s3)

    async def is_passing(self, error: Exception) -> bool:
        """Judge an error."""
        return is_passing(error)


class Member:
    """Somebody who has joined, and what was heard."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Callable[[], object]] = asyncio.Queue()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, error: Exception) -> None:
        """Hear that the queue can't be received from."""
        if not self.failed.done():
            self.failed.set_exception(error)

    async def nudged(self) -> Callable[[], object]:
        """Wait for a nudge, and return what tells that it is done with."""
        return await self.heard.get()


@pytest.fixture
def run(sqs: Any, make_s3: Any) -> Callable[..., list[float]]:
    """Run a test with a receiver that a member has joined; tells how long it waited in trouble."""

    def run(test: Callable[[Receiver, Member], Coroutine[Any, Any, None]]) -> list[float]:
        async def main() -> None:
            receiver = Receiver(Inbox(Calls(make_s3(retry_delays_seconds=())), sqs.url, sleep))
            member = Member()
            receiver.join(member, member.fail)
            try:
                await test(receiver, member)
            finally:
                receiver.leave(member)
                sqs.close()
                await receiver.settled()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        slept: list[float] = []
        sqs.open()
        asyncio.run(main())
        return slept

    return run


def _changed(sqs: Any, operation: str) -> list[dict[str, Any]]:
    return [entry for name, parameters in sqs.asked if name == operation for entry in parameters["Entries"]]


def _deleted(sqs: Any) -> list[str]:
    return [entry["ReceiptHandle"] for entry in _changed(sqs, "DeleteMessageBatch")]


@pytest.mark.parametrize("target", [KEY, PREFIX], ids=["key", "prefix"])
def test_who_is_concerned_is_nudged_and_the_message_deleted_after(
    run: Any, sqs: Any, notify: Callable[..., str], target: Target
) -> None:
    """Not before whoever was nudged has done with it."""

    async def test(receiver: Receiver, member: Member) -> None:
        receiver.watch(target, member.heard.put_nowait)
        sqs.arrives(notify("dir/key"))
        done = await member.nudged()
        assert _deleted(sqs) == []
        done()
        await receiver.settled()
        assert _deleted(sqs) == ["receipt-0"]

    run(test)


def test_a_message_for_several_waits_for_all_of_them(run: Any, sqs: Any, notify: Callable[..., str]) -> None:
    """It is deleted when the last has done with it."""

    async def test(receiver: Receiver, member: Member) -> None:
        receiver.watch(KEY, member.heard.put_nowait)
        receiver.watch(PREFIX, member.heard.put_nowait)
        receiver.watch(PREFIX, member.heard.put_nowait)
        sqs.arrives(notify("dir/key"))
        for number in range(3):
            await receiver.settled()
            assert (number, _deleted(sqs)) == (number, [])
            (await member.nudged())()
        await receiver.settled()
        assert _deleted(sqs) == ["receipt-0"]

    run(test)


@pytest.mark.parametrize(
    ("key", "bucket"), [("dir/key2", "bucket"), ("other", "bucket"), ("dir/key", "bucket2"), ("dir/", "bucket")]
)
def test_what_concerns_nobody_goes_back(run: Any, sqs: Any, notify: Callable[..., str], key: str, bucket: str) -> None:
    """Somebody else may wait for it."""

    async def test(receiver: Receiver, member: Member) -> None:
        receiver.watch(KEY, member.heard.put_nowait)
        sqs.arrives(notify(key, bucket=bucket), notify("dir/key"))
        (await member.nudged())()
        await receiver.settled()
        assert member.heard.empty()

    run(test)
    (back,) = _changed(sqs, "ChangeMessageVisibilityBatch")
    assert (back["ReceiptHandle"], back["VisibilityTimeout"]) == ("receipt-0", 30)
    assert _deleted(sqs) == ["receipt-1"]


def test_who_watches_no_more_is_not_nudged(run: Any, sqs: Any, notify: Callable[..., str]) -> None:
    """A message that comes then concerns nobody; one that was under way is never deleted, so that it comes again."""

    async def test(receiver: Receiver, member: Member) -> None:
        unwatch = receiver.watch(PREFIX, member.heard.put_nowait)
        sqs.arrives(notify("dir/key"))
        await member.nudged()
        unwatch()
        receiver.watch(KEY, member.heard.put_nowait)
        sqs.arrives(notify("dir/other"), notify("dir/key"))
        (await member.nudged())()
        await receiver.settled()

    run(test)
    assert [entry["ReceiptHandle"] for entry in _changed(sqs, "ChangeMessageVisibilityBatch")] == ["receipt-1"]
    assert _deleted(sqs) == ["receipt-2"]


def test_trouble_is_waited_through(
    run: Any, sqs: Any, notify: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Ever longer, and told once."""
    sqs.refuses("RequestThrottled", 403, times=2)
    sqs.refuses("InternalFailure", 500)

    async def test(receiver: Receiver, member: Member) -> None:
        receiver.watch(KEY, member.heard.put_nowait)
        sqs.arrives(notify("dir/key"))
        (await member.nudged())()

    with caplog.at_level("INFO"):
        assert run(test) == [1.0, 2.0, 4.0]
    told = [record.getMessage() for record in caplog.records if record.name.endswith("inbox")]
    assert len(told) == 2
    assert "can't be received from at present" in told[0]
    assert told[1] == f"{sqs.url} can be received from again"


def test_a_refusal_fails_everybody(run: Any, sqs: Any) -> None:
    """With the service's words; whoever joins afterwards tries anew."""
    sqs.refuses("QueueDoesNotExist", message="No such queue")

    async def test(receiver: Receiver, member: Member) -> None:
        other = Member()
        receiver.join(other, other.fail)
        for each in (member, other):
            with pytest.raises(ClientError, match="No such queue"):
                await each.failed
        sqs.refuses("AccessDeniedException", message="Not you")
        late = Member()
        receiver.join(late, late.fail)
        with pytest.raises(ClientError, match="Not you"):
            await late.failed
        for each in (other, late):
            receiver.leave(each)

    run(test)


def test_a_message_that_can_not_be_deleted_comes_again(
    run: Any, sqs: Any, notify: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody's wait fails for that."""

    async def test(receiver: Receiver, member: Member) -> None:
        receiver.watch(KEY, member.heard.put_nowait)
        sqs.arrives(notify("dir/key"))
        done = await member.nudged()
        sqs.broken.add("DeleteMessageBatch")
        done()
        await receiver.settled()
        assert not member.failed.done()

    run(test)
    assert "come again" in caplog.text


def test_what_arrives_for_nobody_is_shown_to_others_at_once(sqs: Any, make_s3: Any, notify: Callable[..., str]) -> None:
    """A long poll can't be called off; what it still finds must not be hidden for long."""

    async def main() -> None:
        calls = Calls(make_s3())
        receiver = Receiver(Inbox(calls, sqs.url))
        member = Member()
        receiver.join(member, member.fail)
        await asyncio.sleep(0)
        assert receiver.leave(member)
        sqs.arrives(notify("dir/key"))

    sqs.open()
    asyncio.run(main())
    (shown,) = _changed(sqs, "ChangeMessageVisibilityBatch")
    assert (shown["ReceiptHandle"], shown["VisibilityTimeout"]) == ("receipt-0", 0)
