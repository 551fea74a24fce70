# SPDX-License-Identifier: Apache-2.0
"""Tests of glob patterns."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.s3 import globs
from airflow_provider_s3rest.s3.globs import compile_globs


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a/*.csv", ["a/x.csv", "a/.csv"], ["a/b/x.csv", "x.csv", "a/x.csv/", "a/x.csvs"]),
        ("*.csv", ["x.csv", "a/b/x.csv", "a//x.csv", "/x.csv", ".csv"], ["x.csv/", "a/x.csv/b", "x.CSV"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a//b"], ["ab", "a/xb", "a/bx", "c/a/b"]),
        ("a/**", ["a/", "a/x", "a/x/y", "a//"], ["a", "ab", "b/a/x"]),
        ("**/b", ["b", "a/b", "/b", "a//b"], ["ab", "a/ab", "b/"]),
        ("**", ["a", "a/b", "/", "a/", "\n"], []),
        ("a/**/**/b/**", ["a/b/", "a/x/b/y"], ["a/b"]),
        ("a**b/c", ["ab/c", "axyb/c"], ["a/b/c"]),
        ("?", ["x", "a/x", "é", "😀", "\n"], ["xy", "a/", "/"]),
        ("[a-c]x", ["ax", "d/bx"], ["dx", "x", "Ax"]),
        ("[!a-c]x", ["dx", "-x"], ["ax", "a/x", "x"]),
        ("a[!x]b", ["a\nb"], ["a/b", "axb"]),
        ("[]x]", ["]", "x"], ["[", "[]"]),
        ("[!]]", ["x"], ["]"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("[*][?][[]", ["*?["], ["ab["]),
        ("[a", ["[a"], ["a"]),
        ("a[b/c]d", ["a[b/c]d"], ["abd", "acd"]),
        ("a/", ["a/"], ["a", "a/b"]),
        ("*/", ["a/", "/"], ["a/b/", "a"]),
        ("/a", ["/a"], ["a", "b/a"]),
        ("a//b", ["a//b"], ["a/b", "a/x/b"]),
        ("a/*/b", ["a//b", "a/x/b"], ["a/b", "a/x/y/b"]),
        ("a.b+(c)$", ["a.b+(c)$"], ["axb+(c)$"]),
        ("ü*/%2F", ["üx/%2F"], ["ux/%2F", "üx//"]),
        ("*a*b*", ["ab", "xaxbx", "x/ab"], ["ba", "a/b"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matching: list[str], others: list[str]) -> None:
    """Stars, question marks and sets stay within a segment, two stars cross any number of them."""
    matches = compile_globs(pattern)
    assert [key for key in [*matching, *others] if matches(key)] == matching


def test_one_of_several_patterns_is_enough() -> None:
    """All are tried at once."""
    matches = compile_globs(["*.csv", "logs/**", "[ab]?"])
    assert [key for key in ("x/y.csv", "logs/x", "b1", "logs", "c1") if matches(key)] == ["x/y.csv", "logs/x", "b1"]


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ("", "glob: '' is no pattern"),
        (["*.csv", None], "glob: None is no pattern"),
        ([], "glob: holds no pattern"),
        ("[z-a]", r"glob: '\[z-a\]' holds the range z-a, which is empty; write it as a-z"),
    ],
)
def test_what_is_no_pattern(patterns: str | list[str], message: str) -> None:
    """It is named, with the way to mend it."""
    with pytest.raises(ValueError, match=f"^{message}"):
        compile_globs(patterns)


@given(pattern=st.text("ab*?[]!", min_size=1, max_size=8), name=st.text("ab!]", max_size=8))
def test_a_segment_is_what_fnmatch_says(pattern: str, name: str) -> None:
    """Within one segment the standard library is the judge."""
    assert compile_globs(f"{pattern}/x")(f"{name}/x") is fnmatch.fnmatchcase(name, pattern.replace("**", "*"))


def _matches(segments: list[str], parts: list[str]) -> bool:
    """Say the same in the plainest way."""
    if not segments:
        return not parts
    if segments[0] == "**" and len(segments) == 1:
        return bool(parts)
    if segments[0] == "**":
        return any(_matches(segments[1:], parts[start:]) for start in range(len(parts)))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], segments[0]) and _matches(segments[1:], parts[1:])


@given(
    segments=st.lists(st.sampled_from(["**", "*", "a", "a*", "?", ""]), min_size=2, max_size=5),
    parts=st.lists(st.sampled_from(["a", "b", "ab", ""]), min_size=1, max_size=6),
)
def test_segments_are_matched_one_by_one(segments: list[str], parts: list[str]) -> None:
    """A pattern with a slash speaks of every segment, of empty ones too."""
    assert compile_globs("/".join(segments))("/".join(parts)) is _matches(segments, parts)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("*a" * 500 + "b", "a" * 1024),
        ("**/" + "*/" * 500 + "x", "/" * 1024),
        ("**/a" * 250, "a/" * 512),
        ("a*" * 511 + "b", "a" * 1023 + "c"),
        ("?" * 1000 + "*x", "a" * 1024),
        ("*[!x]" * 200 + "y", "z" * 1024),
        ("".join(f"[{chr(300 + i)}-{chr(1300 + i)}]*" for i in range(170)), "".join(map(chr, range(300, 1324)))),
    ],
)
def test_no_pattern_is_slow(pattern: str, key: str) -> None:
    """Where a backtracking matcher would take years, the longest key takes 2 to 6 ms, and more if it is measured."""
    matches = compile_globs(pattern)
    best = 1.0
    for attempt in range(5):
        # Without what the last try has learned.
        matches = compile_globs([pattern, f"never{attempt}"])
        began = time.thread_time()
        matches(key)
        best = min(best, time.thread_time() - began)
    assert best < 0.05


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different characters come, and forgetting changes no answer."""
    monkeypatch.setattr(globs, "_MOST_TRANSITIONS", 100)
    matches = compile_globs("*x*y")
    automaton = matches.__self__  # type: ignore[attr-defined]
    for number in range(300, 3000):
        assert matches(f"x{chr(number)}y")
        assert len(automaton._known) + sum(map(len, automaton._known.values())) < 250
