# SPDX-License-Identifier: Apache-2.0
"""What differs between a position and a snapshot: a merge of both, in the order of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.watching.model import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_s3rest.s3.watching.model import Known


def differences(
    known: Iterable[Known], present: Iterable[Known], is_meant: Callable[[str], bool] | None = None
) -> Iterator[Change]:
    """Tell what has happened since the position, in the order of keys. Both are given in that order.

    :param is_meant: tells by its key whether an object is watched; what is known is. Default: all are.
    """
    old = iter(known)
    before = next(old, None)
    for now in present:
        while before and before.key < now.key:
            yield Change("deleted", before)
            before = next(old, None)
        if before and before.key == now.key:
            if before != now:
                yield Change("changed", now)
            before = next(old, None)
        elif is_meant is None or is_meant(now.key):
            yield Change("new", now)
    while before:
        yield Change("deleted", before)
        before = next(old, None)
