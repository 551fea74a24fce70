# SPDX-License-Identifier: Apache-2.0
"""Glob patterns for keys and relative paths, matched in a time that grows with the key's length and with nothing else.

| pattern | matches |
|---|---|
| ``*`` | any characters of one segment, or none; never ``/`` |
| ``?`` | one character, but ``/`` |
| ``[a-z_]``, ``[!a-z_]`` | one character of the set, or one outside it; never ``/``. ``[*]`` is an asterisk itself |
| ``**/`` | any number of segments, or none: ``a/**/b`` matches ``a/b`` and ``a/x/y/b`` |
| ``/**`` at the end | all that is below: ``a/**`` matches ``a/`` and ``a/x/y``, not ``a`` |

A pattern with ``/`` speaks of the whole key, one without it of the key's last segment: ``*.csv`` matches ``x.csv`` and
``a/b/x.csv``. Every other character stands for itself, upper and lower case apart; ``**`` beside other characters of a
segment is a ``*``.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# About 3 MiB of remembered transitions.
_MOST_TRANSITIONS = 20_000


def compile_globs(patterns: str | Iterable[str], argument: str = "glob") -> Callable[[str], bool]:
    """Return a function that tells whether a key matches any of the patterns. Safe for threads.

    :param argument: the name under which the caller knows the patterns.
    :raises ValueError: there is no pattern, or one is empty or none at all.
    """
    given: list[object] = [patterns] if isinstance(patterns, str) else list(patterns)
    if not given:
        raise ValueError(f"{argument}: holds no pattern; leave it out, or give '**' for everything")
    automaton = _Automaton()
    for pattern in given:
        if not isinstance(pattern, str) or not pattern:
            raise ValueError(f"{argument}: {pattern!r} is no pattern; write it as *.csv or data/**/*.csv")
        try:
            automaton.add(pattern)
        except ValueError as error:
            raise ValueError(f"{argument}: {pattern!r} {error}") from None
    automaton.index()
    return automaton.matches


class _Automaton:
    """All patterns as one nondeterministic automaton, run as the deterministic one that its use unfolds.

    Each token of a pattern is one bit, and a set of states that it may be in is one number; a set that has been met is
    remembered with where each character leads from it.
    """

    def __init__(self) -> None:
        self._size = 0
        self._begin = self._accept = 0
        # Tokens that stay at any character but "/", or at any; that may be passed over; that begin a "**/".
        self._within = self._across = self._optional = self._deep = 0
        # Which tokens take "/"; which take any other character, and at which code points one begins or ceases to.
        self._slash = self._other = 0
        self._toggles: dict[int, int] = {}
        self._points: list[int] = []
        self._takers: list[int] = []
        self._forget()

    def add(self, pattern: str) -> None:
        """Add a pattern.

        :raises ValueError: it holds a set that can't be.
        """
        segments = pattern.split("/") if "/" in pattern or pattern == "**" else ["**", pattern]
        self._begin |= self._bit
        for number, segment in enumerate(segments):
            is_last = number == len(segments) - 1
            if segment != "**":
                self._add_segment(segment, is_last=is_last)
            elif is_last:
                self._across |= self._bit
                self._optional |= self._bit
                self._size += 1
            elif number == 0 or segments[number - 1] != "**":
                self._deep |= self._bit
                self._across |= self._bit << 1
                self._slash |= self._bit << 1
                self._size += 2
        self._accept |= self._bit
        self._size += 1

    def index(self) -> None:
        """Make ready to match, after the last pattern."""
        self._points = sorted(self._toggles)
        takers = self._other
        self._takers = [takers]
        for point in self._points:
            takers ^= self._toggles[point]
            self._takers.append(takers)
        self._forget()

    def matches(self, key: str) -> bool:
        """Tell whether a key matches any of the patterns."""
        if self._transitions_left < 0:
            self._forget()
        state = self._start
        for character in key:
            state = state[character]
        return state.accepts

    def after(self, states: int, character: str) -> _State:
        """Return the states that a character leads to."""
        self._transitions_left -= 1
        if character == "/":
            takers, stayers = self._slash, self._across
        else:
            takers, stayers = self._takers[bisect_right(self._points, ord(character))], self._within | self._across
        return self._remembered((states & takers) << 1 | states & stayers)

    @property
    def _bit(self) -> int:
        return 1 << self._size

    def _add_segment(self, segment: str, *, is_last: bool) -> None:
        for ranges in _tokens(segment):
            if ranges is None:
                self._within |= self._bit
                self._optional |= self._bit
            else:
                negated, pairs = ranges
                self._other |= self._bit if negated else 0
                for first, last in pairs:
                    self._toggles[first] = self._toggles.get(first, 0) ^ self._bit
                    self._toggles[last + 1] = self._toggles.get(last + 1, 0) ^ self._bit
            self._size += 1
        if not is_last:
            self._slash |= self._bit
            self._size += 1

    def _forget(self) -> None:
        self._known: dict[int, _State] = {}
        self._transitions_left = _MOST_TRANSITIONS
        self._start = self._remembered(self._begin)

    def _remembered(self, states: int) -> _State:
        deep = states & self._deep
        states |= deep << 1 | deep << 2
        states |= (states & self._optional) << 1
        known = self._known.get(states)
        if known is None:
            known = self._known[states] = _State(self, states, accepts=bool(states & self._accept))
        return known


class _State(dict[str, "_State"]):
    """A set of states of the automaton, and where each character met so far leads."""

    __slots__ = ("accepts", "automaton", "states")

    def __init__(self, automaton: _Automaton, states: int, *, accepts: bool) -> None:
        super().__init__()
        self.automaton = automaton
        self.states = states
        self.accepts = accepts

    def __missing__(self, character: str) -> _State:
        following = self[character] = self.automaton.after(self.states, character)
        return following


def _tokens(segment: str) -> Iterator[tuple[bool, list[tuple[int, int]]] | None]:
    """Take a segment apart: None for ``*``, otherwise the characters of one position.

    :returns: whether these are the characters that do not match, and ranges of code points that do not overlap.
    """
    position = 0
    while position < len(segment):
        character = segment[position]
        # A "]" that comes first belongs to the set.
        opens = position + 1 + segment.startswith("!", position + 1)
        end = segment.find("]", opens + 1) if character == "[" else -1
        position += 1
        if end >= 0:
            position = end + 1
            yield segment[opens - 1] == "!", _ranges(segment[opens:end])
        elif character == "?":
            yield True, []
        elif character != "*":
            yield False, [(ord(character), ord(character))]
        elif not segment.startswith("*", position):
            yield None


def _ranges(members: str) -> list[tuple[int, int]]:
    """Read what stands between the brackets of a set."""
    found: list[tuple[int, int]] = []
    position = 0
    while position < len(members):
        is_range = members.startswith("-", position + 1) and position + 2 < len(members)
        first, last = members[position], members[position + 2 if is_range else position]
        if last < first:
            raise ValueError(f"holds the range {first}-{last}, which is empty; write it as {last}-{first}")
        found.append((ord(first), ord(last)))
        position += 3 if is_range else 1
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            low, high = merged[-1][0], max(high, merged.pop()[1])  # noqa: PLW2901 - grows by its neighbour
        merged.append((low, high))
    return merged
