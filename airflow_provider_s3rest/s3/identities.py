# SPDX-License-Identifier: Apache-2.0
"""Reads which objects are meant, in every form in which callers and XCom hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_provider_s3rest.s3.keys import MAX_KEY_BYTES, check_bucket_name, check_key, locate
from airflow_provider_s3rest.s3.results import ObjectId, ObjectSummary, ObjectVersion

if TYPE_CHECKING:
    Key: TypeAlias = str | tuple[str, str | None] | Mapping[str, Any] | ObjectSummary | ObjectVersion
    """A key, an ``s3://`` URL, a pair of a key and a version id, a row or an item of a query."""
    Keys: TypeAlias = Key | Iterable["Key | Iterable[Key]"]
    """One key, many, or several lists of many."""

_NEW_ID = partial(tuple.__new__, ObjectId)


def read_identities(bucket_name: str | None, keys: Keys) -> tuple[str | None, Iterable[ObjectId]]:
    """Find out which objects are meant, and in which bucket.

    :param bucket_name: None where the keys name it themselves: as URLs, or as rows with a ``bucket_name``.
    :param keys: one key or many, also in lists of lists. A key is a text; a tuple with a version id; a dictionary with
        ``key`` and perhaps ``version_id`` and ``bucket_name``, as a query returns them; or an item of a listing. A
        version id means that version, for good. An iterator is read as it is needed; everything else is checked first.
    :returns: the bucket, None where there is neither a name nor a key; and the objects.
    :raises ValueError: one of them can't be, is in another bucket, or is a common prefix.
    """
    if bucket_name is not None:
        check_bucket_name(bucket_name)
        if isinstance(keys, list) and _are_plain(keys):
            # As ObjectId(key) for each, which would call a function of Python.
            return bucket_name, list(map(_NEW_ID, zip(keys, repeat(None))))
    found = (_read(bucket_name, key) for key in _flat(keys, is_outermost=True))
    first = next(found, None)
    if first is None:
        return bucket_name, []
    bucket = first[0]
    identities = (_in_bucket(bucket, item) for item in chain([first], found))
    return bucket, identities if isinstance(keys, Iterator) else list(identities)


def _are_plain(keys: list[Any]) -> bool:
    """Whether all are keys beyond doubt, as nearly always: to ask more of each takes longer than to delete it."""
    if not keys or set(map(type, keys)) != {str}:
        return False
    text = "".join(keys)
    return text.isascii() and "://" not in text and all(keys) and len(max(keys, key=len)) <= MAX_KEY_BYTES


def _flat(keys: Any, *, is_outermost: bool = False) -> Iterator[Any]:
    is_pair = isinstance(keys, ObjectId) or (isinstance(keys, tuple) and not is_outermost)
    if is_pair or isinstance(keys, str | Mapping) or not isinstance(keys, Iterable):
        yield keys
    else:
        for key in keys:
            yield from _flat(key)


def _in_bucket(bucket_name: str, item: tuple[str, ObjectId]) -> ObjectId:
    if item[0] != bucket_name:
        raise ValueError(f"keys: {item[1].key!r} is in bucket {item[0]!r}, and others are in {bucket_name!r}")
    return item[1]


def _read(bucket_name: str | None, key: Any) -> tuple[str, ObjectId]:
    match key:
        case str():
            return _identity(*locate(bucket_name, key, argument="keys"), None)
        case Mapping():
            return _row(bucket_name, key)
        case ObjectSummary():
            return _verbatim(bucket_name, key.key, None)
        case ObjectVersion() | ObjectId():
            return _verbatim(bucket_name, key.key, key.version_id)
        case (str(name), version_id):
            return _identity(*locate(bucket_name, name, argument="keys"), version_id)
    raise ValueError(f"keys: {key!r} is no key; give a text, a tuple of a key and a version id, or a row of a query")


def _row(bucket_name: str | None, row: Mapping[str, Any]) -> tuple[str, ObjectId]:
    if not isinstance(row.get("key"), str):
        raise ValueError(f"keys: a row has no 'key', but only {', '.join(map(repr, row))}")  # noqa: TRY004 - one type for all
    if row.get("is_prefix"):
        raise ValueError(f"keys: {row['key']!r} is a common prefix, not an object; delete by prefix")
    bucket = row.get("bucket_name") or bucket_name
    if bucket_name and bucket != bucket_name:
        raise ValueError(f"keys: {row['key']!r} is in bucket {bucket!r}, and bucket_name is {bucket_name!r}")
    return _verbatim(bucket, row["key"], row.get("version_id"))


def _verbatim(bucket_name: str | None, key: str, version_id: object) -> tuple[str, ObjectId]:
    # What a service has listed is a key, even if it looks like a URL.
    if bucket_name:
        return _identity(check_bucket_name(bucket_name), key, version_id)
    return _identity(*locate(None, key, argument="keys"), version_id)


def _identity(bucket_name: str, key: str, version_id: object) -> tuple[str, ObjectId]:
    if version_id is not None and (not isinstance(version_id, str) or not version_id):
        raise ValueError(f"keys: the version id of {key!r} must be a text, not {version_id!r}")
    return bucket_name, ObjectId(check_key(key, "keys"), version_id)
