# SPDX-License-Identifier: Apache-2.0
"""Tests that every engine puts a key on the wire exactly as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.keys import sends_verbatim

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.s3 import S3

ALPHABET = st.one_of(st.sampled_from("/.%+ \t\n&<>?#~\\\x7fab"), st.characters(exclude_categories=["Cs"]))
KEYS = st.text(ALPHABET, min_size=1, max_size=60)
AWKWARD = ["/a", "a/", "//", "a//b", ".", "..", "a/../b", "a\tb", "a\nb", "\x00", "a%2Fb", "a+b c", "é/\u2028", "?a#b"]
wire = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])


def _sent(fake: Any, s3: S3, key: str) -> bytes:
    fake.requests.clear()
    s3.upsert_object("bucket", key, b"x")
    (request,) = fake.requests
    return request.path.removeprefix(b"/bucket/")


@wire
@given(KEYS)
def test_obstore_sends_what_the_predicate_promises(fake: Any, make_s3: Callable[..., S3], key: str) -> None:
    """Every key that passes the predicate arrives as it was given."""
    assume(sends_verbatim(key))
    assert _sent(fake, make_s3("obstore"), key) == key.encode()


@wire
@given(KEYS)
def test_the_chosen_engine_sends_every_key(fake: Any, make_s3: Callable[..., S3], key: str) -> None:
    """Whatever the key, the choice of the engine gets it through."""
    assert _sent(fake, make_s3(), key) == key.encode()


@pytest.mark.parametrize("engine", [None, "boto3"])
@pytest.mark.parametrize("key", AWKWARD)
def test_awkward_keys_arrive(fake: Any, make_s3: Callable[..., S3], engine: str | None, key: str) -> None:
    """The keys that obstore alters arrive by the others."""
    assert _sent(fake, make_s3(engine), key) == key.encode()


@wire
@given(st.lists(KEYS, min_size=1, max_size=5, unique=True))
@example([" a ", "a\r\n", "&<>\"'", "\uffff", "\x01", "/", "a/"])
def test_deletions_name_every_key(fake: Any, make_s3: Callable[..., S3], keys: list[str]) -> None:
    """All keys of a deletion arrive, in batches where XML can carry them, alone where it can't."""
    fake.requests.clear()
    fake.always(body=b"<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>", Content_Type="application/xml")
    assert make_s3().delete_objects("bucket", keys).deleted == len(keys)
    found = []
    for request in fake.requests:
        if request.method == "DELETE":
            found.append(request.path.removeprefix(b"/bucket/").decode())
        else:
            document = ET.fromstring(request.body)  # noqa: S314 - written by ourselves
            found += [element.text for element in document.iter() if element.tag.endswith("Key")]
    assert sorted(found) == sorted(keys)
