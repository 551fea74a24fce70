# SPDX-License-Identifier: Apache-2.0
"""What is to be done: known before anything is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.s3.sync.model import NANOSECONDS, Entry
from airflow_provider_s3rest.s3.sync.names import folded, folders_of
from airflow_provider_s3rest.s3.sync.plan import Plan, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = NANOSECONDS

segments = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=3)
# Few different segments, so that names meet; some sort otherwise by their bytes than by their segments.
names = st.lists(
    st.one_of(st.sampled_from(["a", "a-b", "a0", "B", "é", "\U0001f600"]), segments), min_size=1, max_size=3
)
listings = st.dictionaries(names.map("/".join), st.integers(0, 2), max_size=12)


def _plan(
    sources: dict[str, int], targets: dict[str, int], place_of: Callable[[str], str] = str, **options: Any
) -> Plan:
    plan = Plan(place_of, options.get("compare", "size"), keeps_times=False)
    plan.add_sources(Entry(name, size) for name, size in sources.items())
    plan.add_targets(Entry(name, size) for name, size in targets.items())
    return plan


@given(listings, listings)
@settings(max_examples=50)
def test_source_and_target_are_joined_by_name(sources: dict[str, int], targets: dict[str, int]) -> None:
    """In the order of the keys' bytes, in whichever order they were listed; what only the target has is extraneous."""
    with _plan(sources, targets) as plan:
        steps = list(plan.steps())
        assert [step.source for step in steps] == [
            Entry(name, sources[name]) for name in sorted(sources, key=str.encode)
        ]
        for step in steps:
            known = targets.get(step.source.name)
            assert step.target == (None if known is None else Entry(step.source.name, known))
            assert step.same is (known == step.source.size)
        assert list(plan.extraneous()) == sorted(set(targets) - set(sources), key=str.encode)
        assert (plan.count("source"), plan.count("target")) == (len(sources), len(targets))


@given(listings, listings)
@settings(max_examples=50)
def test_files_and_folders_of_one_name_are_found(sources: dict[str, int], targets: dict[str, int]) -> None:
    """Inside the source they clash; in the target they are in the way."""
    source_folders = {folder for name in sources for folder in folders_of(name)}
    with _plan(sources, targets) as plan:
        assert {upper for upper, _ in plan.clashes()} == source_folders & set(sources)
        wanted = {
            name for name in targets if name in source_folders or any(folder in sources for folder in folders_of(name))
        }
        assert set(plan.obstacles()) == wanted
        plan.forget_obstacles()
        assert list(plan.obstacles()) == []
        assert plan.count("target") == len(targets) - len(wanted)


@pytest.mark.parametrize(
    ("one", "other", "case", "form"),
    [("data/A.csv", "data/a.csv", True, False), ("caf\u00e9", "cafe\u0301", False, True)],
)
def test_two_names_of_one_file_clash(one: str, other: str, *, case: bool, form: bool) -> None:
    """Where the file system takes them for one, and only there."""
    with _plan({one: 1, other: 1, "b": 1}, {}) as plan:
        assert list(plan.clashes()) == []
    with _plan({one: 1, other: 1, "b": 1}, {}, functools.partial(folded, case=case, form=form)) as plan:
        assert list(plan.clashes()) == [(min(one, other), max(one, other))]


def test_a_name_meets_its_other_form() -> None:
    """A file system that gives names back in another form has no extraneous file for that."""
    with _plan({"caf\u00e9": 1}, {"cafe\u0301": 1}, functools.partial(folded, case=False, form=True)) as plan:
        (step,) = plan.steps()
        assert step.target == Entry("cafe\u0301", 1)
        assert list(plan.extraneous()) == []


@pytest.mark.parametrize(
    ("source", "target", "compare", "keeps_times", "same"),
    [
        (Entry("n", 1), None, "size", False, False),
        (Entry("n", 1), Entry("n", 2), "size", False, False),
        (Entry("n", 1), Entry("n", 1), "size", False, True),
        # Without times: the target must not be older; seconds count, since S3 lists no less.
        (Entry("n", 1, 5 * SECOND + 7), Entry("n", 1, 5 * SECOND), "size_and_mtime", False, True),
        (Entry("n", 1, 5 * SECOND), Entry("n", 1, 9 * SECOND), "size_and_mtime", False, True),
        (Entry("n", 1, 6 * SECOND), Entry("n", 1, 5 * SECOND), "size_and_mtime", False, False),
        # With times: they must be the same.
        (Entry("n", 1, 5 * SECOND + 7), Entry("n", 1, 5 * SECOND), "size_and_mtime", True, True),
        (Entry("n", 1, 5 * SECOND), Entry("n", 1, 5 * SECOND + 7), "size_and_mtime", True, False),
        (Entry("n", 1, 5 * SECOND), Entry("n", 1, 9 * SECOND), "size_and_mtime", True, False),
        (Entry("n", 1), Entry("n", 1, 5), "size_and_mtime", False, False),
        (Entry("n", 1, 5), Entry("n", 1), "size_and_mtime", False, False),
        # One ETag is one content, whatever the times.
        (Entry("n", 1, 9 * SECOND, "e"), Entry("n", 1, 5 * SECOND, "e"), "size_and_mtime", False, True),
        (Entry("n", 1, 9 * SECOND, "e"), Entry("n", 1, 5 * SECOND, "e"), "checksum", False, True),
        (Entry("n", 1, 1, "e"), Entry("n", 1, 1), "checksum", False, None),
        (Entry("n", 1, 1, "e"), Entry("n", 2, 1), "checksum", False, False),
    ],
)
def test_what_is_the_same(
    *, source: Entry, target: Entry | None, compare: Any, keeps_times: bool, same: bool | None
) -> None:
    """The rules of each way to compare."""
    assert is_same(source, target, compare, keeps_times=keeps_times) is same


def test_a_listing_that_repeats_itself_counts_once() -> None:
    """The last word holds."""
    with Plan(str, "size", keeps_times=False) as plan:
        plan.add_sources([Entry("a", 1), Entry("a", 2)])
        assert [step.source.size for step in plan.steps()] == [2]


def test_memory_does_not_grow_with_the_listings() -> None:
    """Nothing of what has been added stays in memory but what the database keeps there, 8 MiB at most."""
    import tracemalloc

    def entries() -> Iterator[Entry]:
        for number in range(5_000):
            yield Entry(f"folder-{number % 1000}/{'name' * 10}-{number}", number, number, "e" * 32)

    tracemalloc.start()
    try:
        with Plan(str, "checksum", keeps_times=False) as plan:
            plan.add_sources(entries())
            plan.add_targets(entries())
            assert sum(1 for step in plan.steps() if step.same) == 5_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 400_000
