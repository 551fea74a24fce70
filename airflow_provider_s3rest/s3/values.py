# SPDX-License-Identifier: Apache-2.0
"""Values in whatever form callers and templates give them, read into one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
