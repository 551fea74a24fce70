# SPDX-License-Identifier: Apache-2.0
"""What a watcher is about to tell, written down before it does.

If it dies before its position has moved, it is not known how much of that has been told, and what became of the objects
meanwhile: one that was told may be gone. So whoever comes after it tells all of it, and only then looks on from there.
"""

from __future__ import annotations

import base64
import json
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.s3.watching.model import Change, Known
from airflow_provider_s3rest.s3.watching.position import MAX_PIECE_LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_s3rest.s3.watching.position import Head

_FIELDS = 1 + len(Known._fields)


def write_intent(head: Head, changes: Sequence[Change]) -> dict[str, Any]:
    """Return changes as JSON can hold them.

    :param head: of the position from which they lead on.
    """
    text = json.dumps(list(chain.from_iterable((kind, *known) for kind, known in changes)))
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    return {"writer": head.writer, "commits": head.commits, "changes": packed}


def read_intent(head: Head, stored: Any) -> list[Change]:
    """Read what :func:`write_intent` made.

    :returns: nothing, if there is none, or if the position has moved since.
    :raises ValueError: it is damaged.
    """
    if stored is None:
        return []
    try:
        if (stored["writer"], stored["commits"]) != (head.writer, head.commits):
            return []
        fields = json.loads(zlib.decompress(base64.b64decode(stored["changes"])))
        rows = [fields[start : start + _FIELDS] for start in range(0, len(fields), _FIELDS)]
        return [Change(kind, Known(*known)) for kind, *known in rows]
    except (KeyError, TypeError, ValueError, zlib.error):
        raise ValueError("what the watcher was about to tell is damaged") from None


def fits(changes: Sequence[Change]) -> bool:
    """Whether changes can be written down in one value: surely, since they are counted as they are."""
    letters = sum(len(json.dumps(known.key)) + len(known.etag) for _, known in changes)
    return letters + 64 * len(changes) <= MAX_PIECE_LETTERS * 3 // 4
