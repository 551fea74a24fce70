# SPDX-License-Identifier: Apache-2.0
"""Values that options share, each read from whatever form callers and templates give it in."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TAGS = 10

_MAX_TAG_NAME, _MAX_TAG_VALUE = 128, 256
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKey:
    """A key of the caller's own that S3 encrypts with and forgets (SSE-C).

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html

    :param base64: the 32 bytes in Base64. Secret.
    """

    base64: str = field(repr=False)

    @classmethod
    def parse(cls, value: str | bytes | None, argument: str = "sse_customer_key") -> Self | None:
        """Read a key: 32 bytes, or their Base64.

        :raises ValueError: it is neither.
        """
        # Empty is an error: an object would be written without the encryption that was meant.
        if value is None:
            return None
        try:
            key = base64.b64decode(value, validate=True) if isinstance(value, str) else value
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"{argument}: must be 32 bytes, or a text that is the Base64 of 32 bytes")
        return cls(base64=base64.b64encode(key).decode())

    def terms(self, prefix: str = "") -> dict[str, str]:
        """Return the terms of S3; ``prefix`` is ``CopySource`` for the key of a copy's source."""
        digest = hashlib.md5(base64.b64decode(self.base64), usedforsecurity=False).digest()
        name = f"{prefix}SSECustomer"
        return {
            f"{name}Algorithm": "AES256",
            f"{name}Key": self.base64,
            f"{name}KeyMD5": base64.b64encode(digest).decode(),
        }


def quote_etag(etag: str | None) -> str | None:
    """Put an ETag into the quotes of HTTP, unless it has them; ``*`` and weak ones stay as they are."""
    if not etag or etag == "*" or etag.endswith('"'):
        return etag or None
    return f'"{etag}"'


def read_time(value: object, argument: str) -> datetime:
    """Read a time with its zone, or one in ISO format.

    :raises ValueError: it is none, or lacks its zone.
    """
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime):
        raise ValueError(f"{argument}: is no time; write it as 2026-11-25T12:00:00+00:00")  # noqa: TRY004 - one type for all
    if moment.tzinfo is None:
        raise ValueError(f"{argument}: lacks its time zone; write it as 2026-11-25T12:00:00+00:00")
    return moment


def read_count(value: object, argument: str, *, least: int = 1) -> int | None:
    """Read a number, or a text that is one; None stays None, and an empty text becomes it.

    :raises ValueError: it is none, or less than ``least``.
    """
    if value is None or value == "":
        return None
    number = int(str(value)) if str(value).isdecimal() else least - 1
    if number < least:
        raise ValueError(f"{argument}: must be a number, {least} or more, not {value!r}")
    return number


def read_switch(value: object, argument: str) -> bool:
    """Read a truth value, or a text that is one, as templates make it.

    :raises ValueError: it is none.
    """
    words = {"true": True, "false": False}
    if str(value).lower() not in words:
        raise ValueError(f"{argument}: must be true or false, not {value!r}")
    return words[str(value).lower()]


def read_duration(value: object, argument: str) -> timedelta:
    """Read a duration: a ``timedelta``, or a number of seconds, also as text.

    :raises ValueError: it is none, or is negative.
    """
    duration = value if isinstance(value, timedelta) else None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            duration = timedelta(seconds=float(value))
        except (ValueError, OverflowError):
            duration = None
    if duration is None or duration < timedelta():
        raise ValueError(f"{argument}: {value!r} is no duration; give a timedelta, or a number of seconds")
    return duration


def check_tags(tags: Mapping[str, str], *, most: int = MAX_TAGS) -> dict[str, str]:
    """Return tags that S3 takes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html

    :param most: how many there may be: 10 on an object, 50 on a bucket.
    :raises ValueError: there are too many, or one is too long.
    """
    checked = texts(tags, "tags")
    if len(checked) > most:
        raise ValueError(f"tags: there are {len(checked)}, and S3 takes at most {most}")
    for name, value in checked.items():
        if not 1 <= len(name) <= _MAX_TAG_NAME or len(value) > _MAX_TAG_VALUE:
            raise ValueError(
                f"tags: {name[:_MAX_TAG_NAME]!r} must be 1 to {_MAX_TAG_NAME} characters, and its value at most "
                f"{_MAX_TAG_VALUE}"
            )
    return checked


def texts(given: Mapping[str, object], argument: str) -> dict[str, str]:
    """Return a dictionary of texts.

    :raises ValueError: it is none.
    """
    try:
        pairs = dict(given)
    except (TypeError, ValueError):
        raise ValueError(f"{argument}: must be a dictionary of names and texts") from None
    if any(not isinstance(part, str) for pair in pairs.items() for part in pair):
        raise ValueError(f"{argument}: its names and values must be texts")
    return pairs  # type: ignore[return-value]


def known(options: Mapping[str, Any] | None, names: Mapping[str, object]) -> dict[str, Any]:
    """Return those options that are given.

    :param names: of all that there are.
    :raises ValueError: there is none of that name.
    """
    given = dict(options or {})
    if unknown := sorted(set(given) - set(names)):
        raise ValueError(f"{unknown[0]}: is no option; there are {', '.join(names)}")
    # A template that renders to nothing leaves an option out.
    return {name: value for name, value in given.items() if value is not None and value != ""}


def choice(value: str, argument: str, choices: tuple[str, ...]) -> str:
    """Return one of a few words.

    :raises ValueError: it is none of them.
    """
    if value not in choices:
        raise ValueError(f"{argument}: {value!r} is none of {', '.join(choices)}")
    return value


def present(**terms: Any) -> dict[str, Any]:
    """Return the terms that say something."""
    return {name: value for name, value in terms.items() if value not in (None, "", {})}
