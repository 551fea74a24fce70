# SPDX-License-Identifier: Apache-2.0
"""Tests of one look at the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_provider_s3rest.exceptions import S3RestNoBucketError, S3RestNotFoundError
from airflow_provider_s3rest.s3.waiting.conditions import KeyCondition, PrefixCondition
from airflow_provider_s3rest.s3.waiting.looking import impatient, look, look_at
from airflow_provider_s3rest.s3.waiting.model import MOST_FOUND, Fold, Tally, Target
from airflow_provider_s3rest.s3.waiting.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

PREFIX = Target("bucket", "p/", exact=False)
KEY = Target("bucket", "p/a", exact=True)
EVERYTHING = Fold()


def page(*keys: str, token: str = "", etag: str = "e", time: str = "2026-11-24T01:02:03.000Z") -> bytes:
    """Make a page of a listing; each object has 5 bytes."""
    items = "".join(
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified><ETag>{etag}</ETag><Size>5</Size></Contents>"
        for key in keys
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"<ListBucketResult>{more}{items}</ListBucketResult>".encode()


def looked(s3: S3, fold: Fold = EVERYTHING, target: Target = PREFIX) -> Tally:
    """Look once by one fold."""
    return look(s3, target, [fold])[fold]


def test_a_prefix_is_listed_page_by_page(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And all its pages are counted."""
    fake.then(body=page("p/a", "p/b", token="t"))
    fake.then(body=page("p/c"))
    tally = looked(make_s3())
    assert (tally.count, tally.size, [item.key for item in tally.found]) == (3, 15, ["p/a", "p/b", "p/c"])
    assert "prefix=p%2F" in fake.requests[0].target


def test_every_fold_is_gathered_from_one_listing(fake: Any, make_s3: Callable[..., S3]) -> None:
    """However many wait for something else there."""
    fake.then(body=page("p/a.csv", "p/b.json"))
    folds = [Fold.parse({"glob": "*.csv"}), Fold.parse({"glob": ["*.json", "*.csv"]}), Fold.parse({"min_bytes": 6})]
    tallies = look(make_s3(), PREFIX, folds)
    assert ([tallies[fold].count for fold in folds], len(fake.requests)) == ([1, 2, 0], 1)


def test_equal_folds_are_one(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In whatever form their filters were given."""
    fake.then(body=page("p/a.csv"))
    folds = {Fold.parse({"glob": ["*.csv"], "regex": None}), Fold.parse({"glob": ("*.csv",)})}
    assert len(look(make_s3(), PREFIX, folds)) == 1


def test_a_look_keeps_a_thousand_objects_and_counts_the_others(fake: Any, make_s3: Callable[..., S3]) -> None:
    """So that memory does not grow with the listing."""
    keys = [f"p/{number:04}" for number in range(MOST_FOUND)]
    fake.then(body=page(*keys, token="t"))
    fake.then(body=page("p/last"))
    tally = looked(make_s3())
    assert (len(tally.found), tally.count) == (MOST_FOUND, MOST_FOUND + 1)


@pytest.mark.parametrize(
    "change",
    [
        page("p/a", "p/b", etag="other"),
        page("p/a", "p/b", time="2026-11-24T01:02:04.000Z"),
        page("p/a"),
        page("p/a", "p/c"),
        page("p/a", "p/b", "p/c"),
    ],
)
def test_a_fingerprint_differs_after_every_change(fake: Any, make_s3: Callable[..., S3], change: bytes) -> None:
    """An overwrite, and a deletion beside a new object, among them."""
    fake.then(body=page("p/a", "p/b"))
    fake.then(body=page("p/a", "p/b"))
    fake.then(body=change)
    s3 = make_s3()
    first, same, changed = (looked(s3).fingerprint for _ in range(3))
    assert first == same != changed


def test_a_listing_tells_the_services_time(fake: Any, make_s3: Callable[..., S3]) -> None:
    """By which ages are measured, not by this machine's."""
    fake.ahead_seconds = 86_400.0
    fake.always(body=page("p/a"))
    ahead = looked(make_s3()).at - datetime.now(UTC)
    fake.ahead_seconds = 0.0
    assert timedelta(hours=23) < ahead < timedelta(hours=25)


@pytest.fixture
def at_two_o_clock(fake: Any) -> None:
    """The service's clock, set to 02:00 of the day on which the objects were written at 01:02:03."""
    fake.ahead_seconds = (datetime(2026, 11, 24, 2, tzinfo=UTC) - datetime.now(UTC)).total_seconds()


@pytest.mark.usefixtures("at_two_o_clock")
@pytest.mark.parametrize(
    ("filters", "count"),
    [({"older_than": 3400}, 1), ({"older_than": 3600}, 0), ({"newer_than": 3400}, 0), ({"newer_than": 3600}, 1)],
)
def test_ages_are_measured_by_the_services_time(
    fake: Any, make_s3: Callable[..., S3], filters: dict[str, Any], count: int
) -> None:
    """Whatever this machine's clock says."""
    fake.always(body=page("p/a"))
    assert looked(make_s3(), Fold.parse(filters)).count == count  # type: ignore[arg-type]


@pytest.mark.usefixtures("at_two_o_clock")
@pytest.mark.parametrize(
    ("filters", "minutes"),
    [
        ({"older_than": 3600}, 2),
        ({"newer_than": 3600}, 2),
        ({"older_than": 60}, None),
        ({"older_than": 3600, "min_bytes": 6}, None),
        ({"older_than": 3500, "newer_than": 3600}, 0.4),
    ],
)
def test_a_look_tells_when_age_alone_will_change_it(
    fake: Any, make_s3: Callable[..., S3], filters: dict[str, Any], minutes: float | None
) -> None:
    """For the first of the objects."""
    fake.always(body=page("p/a"))
    changes_in = looked(make_s3(), Fold.parse(filters)).changes_in  # type: ignore[arg-type]
    assert (changes_in and round(changes_in.total_seconds() / 60, 1)) == (minutes and pytest.approx(minutes, abs=0.2))


def test_no_bucket_is_an_error_of_a_listing(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And not an empty prefix."""
    fake.then_error(404, "NoSuchBucket", times=2)
    with pytest.raises(S3RestNotFoundError, match="There is no bucket 'bucket'"):
        looked(make_s3())


def test_a_key_is_asked_for_by_one_head(fake: Any, make_s3: Callable[..., S3]) -> None:
    """And its version is told."""
    fake.then(body=b"12345", x_amz_version_id="v1")
    tally = looked(make_s3(), target=KEY)
    assert (tally.count, tally.size, tally.found[0].version_id) == (1, 5, "v1")
    assert fake.seen == [("HEAD", "/bucket/p/a")]


@pytest.mark.parametrize(("filters", "count"), [({"min_bytes": 5}, 1), ({"min_bytes": 6}, 0)])
@pytest.mark.parametrize("key", ["p/a", "p//a"])
def test_a_key_must_fit_the_filters_too(
    fake: Any, make_s3: Callable[..., S3], filters: dict[str, Any], count: int, key: str
) -> None:
    """Whichever engine asks."""
    fake.always(body=b"12345")
    target = Target("bucket", key, exact=True)
    assert looked(make_s3(), Fold.parse(filters), target).count == count  # type: ignore[arg-type]


def test_the_storage_class_of_a_key_is_told_by_a_listing(fake: Any, make_s3: Callable[..., S3]) -> None:
    """In which other keys may begin as it does."""
    fake.always(body=page("p/a+", "p/a+b").replace(b"<Size>", b"<StorageClass>GLACIER</StorageClass><Size>"))
    condition = KeyCondition.parse("bucket", Wishes(key="p/a+"), filters={"storage_class": "glacier"})
    assert [item.key for item in look_at(make_s3(), condition).found] == ["p/a+"]


def test_an_absent_key_is_no_error_and_its_bucket_is_checked_once(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A HEAD's bare 404 does not tell which of them is missing, the answer to a GET does."""
    fake.then(404)
    fake.then_error(404, "NoSuchKey")
    fake.then(404)
    s3 = make_s3()
    assert [looked(s3, target=KEY).count for _ in range(2)] == [0, 0]
    assert fake.seen == [("HEAD", "/bucket/p/a"), ("GET", "/bucket/p/a"), ("HEAD", "/bucket/p/a")]


@pytest.mark.parametrize("key", ["p/a", "p//a"])
def test_no_bucket_is_an_error_of_a_key(fake: Any, make_s3: Callable[..., S3], key: str) -> None:
    """It would be waited for in vain, whichever engine asks."""
    fake.then(404)
    fake.then_error(404, "NoSuchBucket")
    with pytest.raises(S3RestNoBucketError, match=r"There is no bucket 'bucket' \(NoSuchBucket"):
        looked(make_s3(), target=Target("bucket", key, exact=True))


def test_a_key_that_appears_while_its_bucket_is_checked_is_absent_still(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Until the next look."""
    fake.then(404)
    fake.then(200)
    assert looked(make_s3(), target=KEY).count == 0


def test_a_bucket_that_cannot_be_checked_is_an_error(fake: Any, make_s3: Callable[..., S3]) -> None:
    """To be waited through like all trouble."""
    fake.then(404)
    fake.always(500)
    with pytest.raises(ClientError, match="500"):
        looked(make_s3(retry_delays_seconds=()), target=KEY)


def refuse_heads(fake: Any, otherwise: Any) -> None:
    """Answer every HEAD of an object by a bare 403, and every GET as is told."""
    fake.otherwise = lambda request: fake.make_answer(403) if request.method == "HEAD" else otherwise


def test_a_refused_head_is_told_in_the_services_words(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Which only the answer to a GET holds."""
    body = b"<Error><Code>AccessDenied</Code><Message>x is not authorized to perform: s3:GetObject.</Message></Error>"
    refuse_heads(fake, fake.make_answer(403, body))
    with pytest.raises(ClientError, match=r"\(AccessDenied\).*not authorized to perform: s3:GetObject \(S3 says so of"):
        looked(make_s3(), target=KEY)
    assert fake.requests[-1].headers["range"] == "bytes=0-0"


@pytest.mark.parametrize("status", [206, 404])
def test_a_refusal_without_words_is_told_as_it_is(fake: Any, make_s3: Callable[..., S3], status: int) -> None:
    """Where the GET is not refused."""
    refuse_heads(fake, fake.make_answer(status, b"1", {"Content-Range": "bytes 0-0/5"}))
    with pytest.raises(ClientError, match="403"):
        looked(make_s3(), target=KEY)


def test_other_errors_of_a_head_stay_as_they_are(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Nothing more is asked."""
    fake.then(405)
    with pytest.raises(ClientError, match="405"):
        looked(make_s3(), target=KEY)
    assert len(fake.requests) == 1


def test_a_poke_looks_at_each_target_once(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Though two patterns need the same listing."""
    fake.always(body=page("p/a.csv"))
    condition = KeyCondition.parse("bucket", Wishes(glob=["p/*.csv", "p/*.json"]), wait_for="any")
    assert look_at(make_s3(), condition).done
    assert len(fake.requests) == 1


def test_a_poke_decides(fake: Any, make_s3: Callable[..., S3]) -> None:
    """By all that it saw."""
    fake.always(body=page("p/a", "p/b"))
    assert not look_at(make_s3(), PrefixCondition.parse("bucket", "p/", at_least_objects=3)).done


def test_who_waits_tries_again_once(make_s3: Callable[..., S3]) -> None:
    """And not for the ten minutes of the usual schedule."""
    assert impatient(make_s3().connection).retry_delays_seconds == (0.0,)
