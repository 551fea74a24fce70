# SPDX-License-Identifier: Apache-2.0
"""Keys and patterns as callers name them, and where to look for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.keys import check_bucket_name, locate, locate_prefix
from airflow_provider_s3rest.s3.waiting.model import Fold, Look, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_s3rest.s3.filters import ObjectFilters
    from airflow_provider_s3rest.s3.keys import S3Url

_SPECIAL = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which keys are meant: by their names, by globs, by regular expressions; one of each, or several.

    :param key: also as ``s3://bucket/key``.
    :param glob: see :mod:`airflow_provider_s3rest.s3.globs`; also as ``s3://bucket/pattern``.
    :param regex: found in the key.
    :param prefix: keys that fit a pattern begin with it; only these have to be listed.
    """

    key: str | Sequence[str] | None = None
    glob: str | Sequence[str] | None = None
    regex: str | Sequence[str] | None = None
    prefix: str | None = None


def looks_for(bucket_name: str | None, wishes: Wishes, filters: ObjectFilters | None) -> tuple[Look, ...]:
    """Return one look for each key and each pattern; a key is asked for by its name, and patterns need listings.

    :raises ValueError: there is no key and no pattern, or one can't be.
    """
    others = {name: value for name, value in (filters or {}).items() if name not in ("glob", "regex")}
    looks = [_by_key(bucket_name, key, others) for key in _several(wishes.key, "key")]
    looks += [_by_glob(bucket_name, glob, wishes.prefix, others) for glob in _several(wishes.glob, "glob")]
    looks += [_by_regex(bucket_name, regex, wishes.prefix, others) for regex in _several(wishes.regex, "regex")]
    if not looks:
        raise ValueError("key: is missing; give it, or a glob or a regex")
    if wishes.prefix and not (wishes.glob or wishes.regex):
        raise ValueError("prefix: narrows a glob or a regex, and there is none; leave it out")
    return tuple(dict.fromkeys(looks))


def _by_key(bucket_name: str | None, key: str, others: Mapping[str, Any]) -> Look:
    where = locate(bucket_name, key)
    if not others.get("storage_class"):
        return Look(Target(*where, exact=True), Fold.parse(others))
    # Not every engine reads it of the answer to a HEAD.
    fold = Fold.parse({**others, "regex": rf"\A{re.escape(where.key)}\Z"})
    return Look(Target(*where, exact=False), fold)


def _by_glob(bucket_name: str | None, glob: str, prefix: str | None, others: Mapping[str, Any]) -> Look:
    where = _locate_pattern(bucket_name, glob)
    begin = _literal_beginning(where.key)
    below = prefix or ""
    if not (begin.startswith(below) or below.startswith(begin)):
        raise ValueError(f"glob: {where.key!r} fits no key that begins with prefix {prefix!r}")
    fold = Fold.parse({**others, "glob": where.key})
    return Look(Target(where.bucket_name, max(begin, below, key=len), exact=False), fold)


def _by_regex(bucket_name: str | None, regex: str, prefix: str | None, others: Mapping[str, Any]) -> Look:
    where = locate_prefix(bucket_name, prefix or "")
    return Look(Target(where.bucket_name, where.key, exact=False), Fold.parse({**others, "regex": regex}))


def _locate_pattern(bucket_name: str | None, glob: str) -> S3Url:
    where = locate_prefix(bucket_name, glob, argument="glob")
    if not where.key:
        raise ValueError(f"glob: {glob!r} has no pattern after the bucket; write it as s3://bucket/data/*.csv")
    check_bucket_name(where.bucket_name)
    return where


def _literal_beginning(glob: str) -> str:
    """Return what every key begins with that the pattern fits; one without ``/`` fits at any depth."""
    if "/" not in glob:
        return ""
    special = _SPECIAL.search(glob)
    return glob[: special.start()] if special else glob


def _several(given: str | Sequence[str] | None, argument: str) -> list[str]:
    if given is None:
        return []
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple | set | frozenset) or not names:
        raise ValueError(f"{argument}: must be one text or a list of them, not {given!r}")
    if bad := [name for name in names if not isinstance(name, str) or not name]:
        raise ValueError(f"{argument}: {bad[0]!r} is none; each must be a text, and not empty")
    return list(names)
