# SPDX-License-Identifier: Apache-2.0
"""Tests of waits while the service, or the connection, is in trouble."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.connection import AccessKeys
from airflow_provider_s3rest.exceptions import S3RestCredentialError, S3RestNoBucketError
from airflow_provider_s3rest.s3.polling.accounts import REOPEN_SECONDS
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

OTHER = AccessKeys(access_key_id="OTHER", secret_access_key="SK2")


def refuse(fake: Any, access_key_id: str) -> None:
    """Refuse requests by one access key, and find no object for others."""

    def answer(request: Any) -> Any:
        refused = f"Credential={access_key_id}/" in request.headers["authorization"]
        body = b"<Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message></Error>"
        return fake.make_answer(403, body) if refused else fake.make_answer(404)

    fake.otherwise = answer


@pytest.fixture
def make_other(make_s3: Callable[..., S3], make_source: Any) -> Callable[[], S3]:
    """Make an account of a connection that has been changed."""

    def make() -> S3:
        other = make_source()
        other.sets[0] = type(other.sets[0])(access_key_id="OTHER", secret_access_key="SK2")
        return make_s3(retry_delays_seconds=(), credentials=other, authentication=OTHER)

    return make


@pytest.mark.parametrize(("status", "cut"), [(503, None), (500, None), (429, None), (200, -1)])
def test_trouble_that_passes_is_waited_through(
    play: Callable[..., Any], fake: Any, status: int, cut: int | None
) -> None:
    """And told once when it begins, and once when it is over."""

    async def scene(room: Any) -> list[str]:
        fake.always(404)
        wait = room.begin("a")
        await room.after(1)
        fake.then(status, cut=cut, times=3)
        await room.after(8)
        assert [text.partition(":")[0] for text in room.told[1:]] == ["Waiting on, though S3 can't be asked at present"]
        await room.after(10 + 20 + 40)
        fake.always(200, b"12345")
        await room.after(11)
        assert (await wait).done
        return room.told[2:]

    assert play(scene) == ["S3 answers again"]


def test_looks_that_fail_become_rarer(play: Callable[..., Any], fake: Any) -> None:
    """Twice as rare each time, up to five minutes."""

    async def scene(room: Any) -> list[float]:
        fake.always(503)
        room.begin("a", interval=10.0)
        begun = []
        for _ in range(9):
            await room.settle()
            begun.append(room.timers.due[0])
            await room.after(room.timers.due[0] - room.timers.now)
        return [later - earlier for earlier, later in itertools.pairwise(begun)]

    assert play(scene) == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


def test_a_long_interval_stays_as_it_is_in_trouble(play: Callable[..., Any], fake: Any) -> None:
    """Nobody is looked for more often than they asked."""

    async def scene(room: Any) -> None:
        fake.always(503)
        room.begin("a", interval=1000.0)
        await room.after(2500)

    play(scene)
    assert len(fake.requests) == 3


def test_an_error_ends_at_once_the_waits_that_it_concerns(play: Callable[..., Any], fake: Any) -> None:
    """In the service's words, and no others."""

    def answer(request: Any) -> Any:
        if request.path != b"/bucket/refused":
            return fake.make_answer(404)
        return fake.make_answer(403, b"<Error><Code>AccessDenied</Code><Message>Not for you.</Message></Error>")

    fake.otherwise = answer

    async def scene(room: Any) -> None:
        waits = [room.begin("refused") for _ in range(3)]
        both = room.begin(KeyCondition.parse("bucket", Wishes(key=["fine", "refused"])))
        fine = room.begin("fine")
        await room.after(1)
        for wait in (*waits, both):
            with pytest.raises(ClientError, match="Not for you"):
                await wait
        assert not fine.done()
        assert len(room.polls) == 1

    play(scene)


def test_who_comes_after_an_error_is_looked_for_anew(play: Callable[..., Any], fake: Any) -> None:
    """The mistake may have been mended."""

    async def scene(room: Any) -> None:
        fake.always(405)
        wait = room.begin("a")
        await room.after(1)
        with pytest.raises(ClientError):
            await wait
        fake.always(200, b"12345")
        again = room.begin("a")
        await room.after(1)
        assert (await again).done

    play(scene)


def test_no_bucket_is_an_error_at_once(play: Callable[..., Any], fake: Any) -> None:
    """It is not waited for."""
    body = b"<Error><Code>NoSuchBucket</Code><Message>There is none.</Message></Error>"
    fake.always(404, body)

    async def scene(room: Any) -> None:
        wait = room.begin("a")
        await room.after(1)
        with pytest.raises(S3RestNoBucketError):
            await wait

    play(scene)


def test_a_refusal_is_believed_of_a_connection_that_has_not_changed(play: Callable[..., Any], fake: Any) -> None:
    """It was read anew for that."""
    refuse(fake, "ASIA0")

    async def scene(room: Any) -> int:
        waits = [room.begin(key) for key in "abc"]
        await room.after(1)
        for wait in waits:
            with pytest.raises(ClientError, match="No such key"):
                await wait
        opened: int = room.opened
        return opened

    assert play(scene) in (2, 3, 4)


def test_a_connection_that_has_been_changed_mends_a_refusal(
    play: Callable[..., Any], fake: Any, make_other: Callable[[], S3]
) -> None:
    """Nobody notices, and it is read once for all."""

    async def scene(room: Any) -> None:
        room.accounts.append(make_other())
        waits = [room.begin(key) for key in "abc"]
        fake.always(404)
        await room.after(1)
        refuse(fake, "ASIA0")
        await room.after(10)
        assert not any(wait.done() for wait in waits)
        assert room.opened == 2

    play(scene)
    assert "Credential=OTHER/" in fake.requests[-1].headers["authorization"]


def test_a_connection_that_has_been_changed_may_be_refused_too(
    play: Callable[..., Any], fake: Any, make_other: Callable[[], S3]
) -> None:
    """Then that is believed."""

    async def scene(room: Any) -> None:
        room.accounts.append(make_other())
        fake.always(403, b"<Error><Code>AccessDenied</Code><Message>Not for you.</Message></Error>")
        wait = room.begin("a")
        await room.after(1)
        with pytest.raises(ClientError, match="Not for you"):
            await wait
        assert room.opened == 2

    play(scene)


def test_a_refusal_stands_if_the_connection_cannot_be_read(play: Callable[..., Any], fake: Any) -> None:
    """What is raised is the service's answer."""

    async def scene(room: Any) -> None:
        room.accounts.append(OSError("No database"))
        refuse(fake, "ASIA0")
        wait = room.begin("a")
        await room.after(1)
        with pytest.raises(ClientError, match="No such key"):
            await wait

    play(scene)


def test_a_connection_is_read_anew_every_five_minutes(
    play: Callable[..., Any], fake: Any, make_other: Callable[[], S3]
) -> None:
    """While somebody waits; what was read before stays in force if it can't be."""
    fake.always(404)

    async def scene(room: Any) -> None:
        room.accounts += [OSError("No database"), make_other()]
        room.begin("a")
        await room.after(REOPEN_SECONDS - 1)
        assert room.opened == 1
        await room.after(20)
        assert room.opened == 2
        assert "Credential=ASIA0/" in fake.requests[-1].headers["authorization"]
        await room.after(REOPEN_SECONDS + 20)
        assert room.opened == 3
        assert "Credential=OTHER/" in fake.requests[-1].headers["authorization"]

    play(scene)


def test_a_connection_that_is_still_the_same_keeps_its_clients(
    play: Callable[..., Any], fake: Any, make_s3: Callable[..., S3], make_source: Any
) -> None:
    """They cost time to make."""
    fake.always(404)

    async def scene(room: Any) -> None:
        first = room.accounts[0]
        room.accounts.append(make_s3(retry_delays_seconds=(), credentials=make_source()))
        room.begin("a")
        await room.after(REOPEN_SECONDS + 20)
        assert room.opened == 2
        assert room.desk._accounts["a"]._s3 is first

    play(scene)


def test_an_account_that_cannot_be_opened_ends_the_waits(play: Callable[..., Any]) -> None:
    """All that need it, with one error."""

    async def scene(room: Any) -> None:
        room.accounts = [S3RestCredentialError("No.", code="AccessDeniedException")]
        waits = [room.begin(key) for key in "aab"]
        await room.after(1)
        for wait in waits:
            with pytest.raises(S3RestCredentialError):
                await wait

    play(scene)


def test_credentials_that_may_come_later_are_waited_for(
    play: Callable[..., Any], fake: Any, make_source: Any, make_s3: Callable[..., S3]
) -> None:
    """While Roles Anywhere can't be reached."""
    source = make_source()
    current, errors = source.current, [S3RestCredentialError("Unreachable.", retryable=True)] * 2
    source.current = lambda: (_ for _ in ()).throw(errors.pop()) if errors else current()
    fake.always(404)

    async def scene(room: Any) -> list[str]:
        room.begin("a")
        await room.after(40)
        return [text.partition(":")[0] for text in room.told]

    told = play(scene, make_s3(retry_delays_seconds=(), credentials=source))
    assert told[:2] == ["Waiting on, though S3 can't be asked at present", "S3 answers again"]


def test_credentials_that_are_refused_end_the_wait(
    play: Callable[..., Any], make_source: Any, make_s3: Callable[..., S3]
) -> None:
    """When the connection has been read anew."""
    source = make_source()

    def refuse_all() -> Any:
        raise S3RestCredentialError("Untrusted certificate.", code="AccessDeniedException")

    source.current = refuse_all

    async def scene(room: Any) -> None:
        wait = room.begin("a")
        await room.after(1)
        with pytest.raises(S3RestCredentialError, match="Untrusted"):
            await wait
        assert room.opened == 2

    play(scene, make_s3(retry_delays_seconds=(), credentials=source))


def test_credentials_are_never_asked_for_in_the_event_loop(
    play: Callable[..., Any], fake: Any, make_source: Any, make_s3: Callable[..., S3]
) -> None:
    """They may have to be fetched."""
    source = make_source()
    current, loops = source.current, []

    def spy() -> Any:
        try:
            loops.append(asyncio.get_running_loop())
        except RuntimeError:
            loops.append(None)
        return current()

    source.current = spy
    fake.always(404)

    async def scene(room: Any) -> None:
        for key in ("a", "a//b"):
            room.begin(key)
        await room.after(20)

    play(scene, make_s3(retry_delays_seconds=(), credentials=source))
    assert set(loops) == {None}
