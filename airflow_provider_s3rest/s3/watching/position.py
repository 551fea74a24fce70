# SPDX-License-Identifier: Apache-2.0
"""All objects that a watcher knows, in pieces that a store of small values can hold.

A piece holds neighbouring keys. One that changes is written under a new number, then the head, which names the pieces
in force, and then the old ones are deleted: whatever moment the writer dies at, the head means what was there before
or what is there now, each as a whole. A head also names those that are to be deleted, for whoever comes after.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_s3rest.s3.watching.model import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airflow_provider_s3rest.s3.watching.model import Change, Snapshot

FORMAT = 1
MAX_PIECE_LETTERS = 60_000
"""Airflow warns of values above 65,535 bytes."""

_PIECE_OBJECTS = 1000
_FEW_OBJECTS = 250
_DIGEST_LETTERS = 12


class PositionError(ValueError):
    """What is stored is no position, or one that this version can't read.

    :param newer: whether a newer version of this provider can.
    """

    def __init__(self, message: str, *, newer: bool = False) -> None:
        super().__init__(message)
        self.newer = newer


@dataclass(frozen=True, slots=True)
class Piece:
    """Known objects that are neighbours.

    :param begins: keys from here on belong to this piece, up to the next one's.
    :param objects: in the order of their keys.
    :param number: under which it is stored; None before it is.
    """

    begins: str
    objects: list[Known]
    number: int | None = None
    digest: str = ""

    def with_objects(self, objects: list[Known]) -> Piece:
        """Return a piece with other objects, which is not stored."""
        return Piece(self.begins, objects)

    def encode(self) -> str:
        """Return it as text, of ASCII letters."""
        text = json.dumps([self.begins, *chain.from_iterable(self.objects)])
        return base64.b64encode(zlib.compress(text.encode())).decode()

    @classmethod
    def decode(cls, text: object, number: int, digest: str) -> Self:
        """Read what :meth:`encode` made.

        :raises PositionError: it is not what was stored under the number.
        """
        if not isinstance(text, str) or _digest(text) != digest:
            raise PositionError(f"piece {number} of the watcher's position is missing or damaged")
        begins, *fields = json.loads(zlib.decompress(base64.b64decode(text)))
        return cls(begins, list(map(Known, *(fields[part :: len(Known._fields)] for part in range(4)))), number, digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What says which pieces are in force.

    :param writer: who stored it.
    :param commits: how often the position has been stored.
    :param at: when, in ISO format.
    :param pieces: the number and digest of each, in the order of keys.
    :param following: the first number that no piece has had yet.
    :param old: the numbers of pieces that are in force no more.
    """

    writer: str = ""
    commits: int = 0
    at: str = ""
    pieces: tuple[tuple[int, str], ...] = ()
    following: int = 0
    old: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "format": FORMAT,
            "writer": self.writer,
            "commits": self.commits,
            "at": self.at,
            "pieces": [list(piece) for piece in self.pieces],
            "following": self.following,
            "old": list(self.old),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_dict` made.

        :raises PositionError: it is something else, or of a newer format.
        """
        try:
            if stored["format"] != FORMAT:
                raise PositionError(
                    f"the watcher's position has format {stored['format']!r}, and this version reads {FORMAT}: "
                    "install the newer provider here too, or clear the asset's state to begin anew",
                    newer=True,
                )
            return cls(
                writer=str(stored["writer"]),
                commits=int(stored["commits"]),
                at=str(stored["at"]),
                pieces=tuple((int(number), str(digest)) for number, digest in stored["pieces"]),
                following=int(stored["following"]),
                old=tuple(int(number) for number in stored["old"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PositionError):
                raise
            raise PositionError("the watcher's position is damaged: its head can't be read") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What has to be stored, the pieces before the head, and what has to be deleted afterwards.

    :param texts: of each piece that is not stored yet, by its number.
    :param pieces: all that the position consists of.
    """

    texts: dict[int, str]
    pieces: list[Piece]
    head: Head


class Position:
    """What a watcher knows. Not safe for threads.

    :param objects: what it begins with, in the order of their keys.
    """

    def __init__(self, objects: Sequence[Known] = (), *, head: Head | None = None) -> None:
        starts = range(0, len(objects), _PIECE_OBJECTS)
        runs = [list(objects[start : start + _PIECE_OBJECTS]) for start in starts]
        self.pieces = [Piece(run[0].key, run) for run in runs]
        self.head = replace(head or Head(), writer=secrets.token_hex(4))

    @classmethod
    def read(cls, head: Head, texts: Mapping[int, object]) -> tuple[Self, list[int]]:
        """Read what was stored.

        :param texts: each piece by its number.
        :returns: it, and the numbers of pieces that are missing or damaged. Their objects are not known.
        """
        position, damaged = cls(head=head), []
        for number, digest in head.pieces:
            try:
                position.pieces.append(Piece.decode(texts.get(number), number, digest))
            except PositionError:
                damaged.append(number)
        position.retire(damaged)
        return position, damaged

    def __len__(self) -> int:
        """How many objects are known."""
        return sum(len(piece.objects) for piece in self.pieces)

    def objects(self) -> Iterator[Known]:
        """All that are known, in the order of their keys."""
        return chain.from_iterable(piece.objects for piece in self.pieces)

    def share(self, snapshot: Snapshot) -> None:
        """Use the objects of a snapshot where they are equal, so that memory holds each once."""
        same = {known: known for known in snapshot.objects}
        self.pieces = [
            replace(piece, objects=[same.get(known, known) for known in piece.objects]) for piece in self.pieces
        ]

    def move(self, changes: Iterable[Change]) -> None:
        """Take note of changes."""
        self.pieces = self.pieces or [Piece("", [])]
        begins = [piece.begins for piece in self.pieces]
        news: dict[int, dict[str, Known | None]] = {}
        for kind, known in changes:
            place = max(0, bisect_right(begins, known.key) - 1)
            news.setdefault(place, {})[known.key] = None if kind == "deleted" else known
        for place, some in news.items():
            objects = {known.key: known for known in self.pieces[place].objects} | some
            kept = sorted(known for known in objects.values() if known is not None)
            self.pieces[place : place + 1] = [self.pieces[place].with_objects(kept)]
        self.pieces = _joined(self.pieces)

    def retire(self, numbers: Iterable[int]) -> None:
        """Have stored pieces deleted when the position is stored next."""
        self.head = replace(self.head, old=tuple(sorted({*self.head.old, *numbers})))

    def skip(self, other: Head) -> None:
        """Use no number that another head has used, and have its pieces deleted."""
        self.retire({*other.old, *(number for number, _ in other.pieces)} - {number for number, _ in self.head.pieces})
        self.head = replace(self.head, following=max(self.head.following, other.following))

    def to_write(self, *, everything: bool = False) -> Writes:
        """Return what has to be stored for :meth:`read` to read this position.

        :param everything: whether also what is stored already.
        """
        numbers = count(self.head.following)
        pieces: list[Piece] = []
        texts: dict[int, str] = {}
        named: list[tuple[int, str]] = []
        for piece, text in chain.from_iterable(map(_fitting, self.pieces)):
            number, digest = piece.number, piece.digest
            if number is None or everything:
                number = next(numbers)
                texts[number] = text or piece.encode()
                digest = _digest(texts[number])
            pieces.append(replace(piece, number=number, digest=digest))
            named.append((number, digest))
        before = {number for number, _ in self.head.pieces} | {*self.head.old}
        head = replace(
            self.head,
            commits=self.head.commits + 1,
            at=datetime.now(UTC).isoformat(timespec="microseconds"),
            pieces=tuple(named),
            following=next(numbers),
            old=tuple(sorted(before - {number for number, _ in named})),
        )
        return Writes(texts=texts, pieces=pieces, head=head)

    def written(self, writes: Writes) -> None:
        """Take note that all of it has been stored, and what is old deleted."""
        self.pieces = writes.pieces
        self.head = replace(writes.head, old=())

    def not_written(self, writes: Writes) -> None:
        """Take note that it is not known what of it has been stored: none of the numbers may be used again."""
        self.retire(writes.texts)
        self.head = replace(self.head, following=writes.head.following, commits=writes.head.commits)


def _fitting(piece: Piece) -> Iterator[tuple[Piece, str]]:
    """Halve a piece that is not stored until its text is short enough."""
    if piece.number is not None:
        yield piece, ""
        return
    text = piece.encode()
    if len(text) <= MAX_PIECE_LETTERS or len(piece.objects) == 1:
        yield piece, text
        return
    middle = len(piece.objects) // 2
    for half in (piece.objects[:middle], piece.objects[middle:]):
        yield from _fitting(Piece(half[0].key, half))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Drop empty pieces, and join small ones that have changed with the one before."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.objects:
            continue
        before = joined[-1] if joined else None
        small = before and len(before.objects) + len(piece.objects) <= _FEW_OBJECTS
        if before and small and None in (before.number, piece.number):
            joined[-1] = before.with_objects(before.objects + piece.objects)
        else:
            joined.append(piece)
    return joined


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LETTERS]
