# SPDX-License-Identifier: Apache-2.0
"""Reads single fields of a connection in whatever type a source stored them, and collects what is wrong with them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from airflow_provider_s3rest.exceptions import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MASK = "***"
LONGEST_TEXT = 65_536
LARGEST_NUMBER = 10**100
TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
FALSE_WORDS = frozenset({"false", "0", "no", "off"})


class Fields:
    """The raw fields of one connection; every reader returns a usable value or None and notes the fault.

    :param raw: fields by name, of any type that JSON, a URI or the form gives.
    """

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw = raw
        self.faults: list[Fault] = []

    def fault(self, field: str, problem: str) -> None:
        """Note a fault of a field; only the first one of a field is kept, since the others mostly follow from it."""
        if all(known.field != field for known in self.faults):
            self.faults.append(Fault(field, problem))

    def sound(self, *names: str) -> bool:
        """Whether no fault has been noted for any of these fields."""
        return not any(fault.field in names for fault in self.faults)

    def text(self, name: str, *, strip: str | None = None) -> str | None:
        """A text without the characters of ``strip`` (default: white space) at its ends; None where it is blank."""
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(name, f"must be a text, but holds a JSON {_json_type(value)}")
            return None
        if MASK in value:
            self.fault(name, f"holds {MASK}, the mask that Airflow shows in place of a secret: enter the value again")
            return None
        if len(value) > LONGEST_TEXT:
            self.fault(name, f"is longer than {LONGEST_TEXT} characters")
            return None
        return value.strip(strip) or None

    def word(self, name: str) -> str | None:
        """A text that must go into a header or a URL: printable ASCII without spaces."""
        value = self.text(name)
        if value is not None and not (value.isascii() and value.isprintable() and " " not in value):
            self.fault(name, "holds a space, a line break or a character outside ASCII: paste only the value itself")
            return None
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of a few words."""
        value = self.text(name) or default
        if value not in choices:
            self.fault(name, f"is none of: {', '.join(choices)}")
            return default
        return value

    def whole_number(self, name: str, *, lowest: int, highest: int, default: int) -> int:
        """A whole number in a range; ``1200``, ``1200.0`` and ``"1200"`` are the same."""
        value = self.raw.get(name)
        problem = f"must be a whole number from {lowest} to {highest}"
        if isinstance(value, bool):
            self.fault(name, problem)
            return default
        if isinstance(value, float) and value.is_integer():
            number: int | None = int(value)
        elif isinstance(value, int):
            number = value
        elif value is None or isinstance(value, str):
            text = self.text(name)
            if text is None:
                return default
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        else:
            number = None
        if number is None or not lowest <= number <= highest:
            self.fault(name, problem)
            return default
        return number

    def switch(self, name: str, *, default: bool) -> bool:
        """A boolean, also as the words that a URI or an environment variable holds."""
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        word = (self.text(name) or "").lower()
        if not word:
            return default
        if word not in TRUE_WORDS | FALSE_WORDS:
            self.fault(name, "must be true or false")
        return word in TRUE_WORDS

    def seconds(self, name: str, *, default: tuple[float, ...], longest: float, most: int) -> tuple[float, ...]:
        """A list of waits: a JSON list, or numbers separated by commas. An empty list means none."""
        value = self.raw.get(name)
        if isinstance(value, str):
            text = self.text(name)
            if text is None:
                return default
            value = [part.strip() for part in text.removeprefix("[").removesuffix("]").split(",") if part.strip()]
        if value is None:
            return default
        waits = [_number(part) for part in value] if isinstance(value, list) else [None]
        if len(waits) > most or any(wait is None or not 0 <= wait <= longest for wait in waits):
            self.fault(name, f"must be at most {most} numbers of seconds, each from 0 to {longest:g}, as in 0,10,30")
            return default
        return tuple(wait for wait in waits if wait is not None)


def read_extra(extra: str | Mapping[str, object] | None, fields: Fields) -> dict[str, object]:
    """The extras as a dictionary; what can't be read is a fault of ``extra``."""
    if not isinstance(extra, str):
        return dict(extra or {})
    if not extra.strip():
        return {}
    # A JSON error holds the whole text, secrets included: it must not live on as the cause or context of another.
    place = None
    parsed: object = None
    try:
        parsed = json.loads(extra)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError) as error:
        place = type(error).__name__
    if place:
        fields.fault("extra", f"is not valid JSON ({place})")
    elif isinstance(parsed, dict):
        return parsed
    elif parsed is not None:
        fields.fault("extra", f"must be a JSON object, but is a JSON {_json_type(parsed)}")
    return {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _json_type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case dict():
            return "object"
        case _:
            return "text" if isinstance(value, str) else type(value).__name__
