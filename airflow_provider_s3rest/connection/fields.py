# SPDX-License-Identifier: Apache-2.0
"""Reads single fields of a connection in whatever type a source stored them, and collects what is wrong with them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_s3rest.connection.pem import MISPLACED_KEY
from airflow_provider_s3rest.exceptions import Fault, S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

Word = TypeVar("Word", bound=str)

FIELDS = (
    *("host", "port", "login", "password"),
    *("auth_type", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
    *("profile_arn", "role_arn", "trust_anchor_arn", "rolesanywhere_region", "rolesanywhere_custom_region"),
    *("session_name", "duration_seconds", "certificate", "certificate_chain", "private_key", "private_key_passphrase"),
    *("rolesanywhere_endpoint_url", "region_name", "addressing_style", "verify", "requester_pays"),
    *("expected_bucket_owner", "retry_delays_seconds", "max_concurrency"),
)
_CERTIFICATES = frozenset({"certificate", "certificate_chain"})
MASK = "***"
LONGEST_TEXT = 65_536
LARGEST_NUMBER = 10**100
TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
FALSE_WORDS = frozenset({"false", "0", "no", "off"})

_MASKED = f"holds {MASK}, which Airflow shows in place of a secret"
_JSON_TYPES = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}


class Fields:
    """The raw fields of one connection; every reader returns a usable value or a default, and notes the fault.

    :param raw: fields by name, of any type that JSON, a URI or the form gives.
    """

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw = raw
        self.faults: list[Fault] = []
        for name in FIELDS:
            value = raw.get(name)
            if isinstance(value, str) and MASK in value:
                # Airflow masks the lines of a key that it knows in every field.
                misplaced = name in _CERTIFICATES and "PRIVATE KEY" in value
                self.fault(name, MISPLACED_KEY if misplaced else f"{_MASKED}: enter the value again")

    def fault(self, field: str, problem: str) -> None:
        """Note a fault of a field; only the first one of a field is kept, since the others mostly follow from it."""
        if self.sound(field):
            self.faults.append(Fault(field, problem))

    def sound(self, *names: str) -> bool:
        """Whether no fault has been noted for any of these fields."""
        return not any(fault.field in names for fault in self.faults)

    def text(self, name: str, *, strip: str | None = None) -> str | None:
        """A text without the characters of ``strip`` (default: white space) at its ends; None where it is blank."""
        value = self.raw.get(name)
        # Airflow reads the extras of a URI as JSON where it can, so a text of digits arrives as a number.
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(name, f"must be a text, so in quotes where it stands in JSON or a URI, not {_json_type(value)}")
        elif len(value) > LONGEST_TEXT:
            self.fault(name, f"is longer than {LONGEST_TEXT} characters")
        elif self.sound(name):
            return value.strip(strip) or None
        return None

    def word(self, name: str) -> str | None:
        """A text that must go into a header or a URL: printable ASCII without spaces."""
        value = self.text(name)
        if value is not None and not (value.isascii() and value.isprintable() and " " not in value):
            self.fault(name, "holds a space, a line break or a character outside ASCII: paste only the value itself")
            return None
        return value

    def choice(self, name: str, choices: Sequence[Word], default: Word) -> Word:
        """One of a few words."""
        value = self.text(name) or default
        for choice in choices:
            if choice == value:
                return choice
        self.fault(name, f"is none of: {', '.join(choices)}")
        return default

    def whole_number(self, name: str, *, lowest: int, highest: int, default: int) -> int:
        """A whole number in a range; ``1200``, ``1200.0`` and ``"1200"`` are the same."""
        value = self.raw.get(name)
        if isinstance(value, str):
            value = self.text(name)
        if value is None:
            return default
        number = _number(value)
        if number is None or not number.is_integer() or not lowest <= number <= highest:
            self.fault(name, f"must be a whole number from {lowest} to {highest}")
            return default
        return int(number)

    def switch(self, name: str, *, default: bool) -> bool:
        """A boolean, also as the words that a URI or an environment variable holds."""
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        word = (self.text(name) or str(default)).lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            self.fault(name, "must be true or false")
        return word in TRUE_WORDS

    def seconds(self, name: str, *, default: tuple[float, ...], longest: float, most: int) -> tuple[float, ...]:
        """A list of waits: a JSON list, or numbers separated by commas. An empty list means none."""
        value = self.raw.get(name)
        if isinstance(value, str):
            value = self.text(name)
        if value is None:
            return default
        if isinstance(value, str):
            numbers = value.removeprefix("[").removesuffix("]").strip()
            value = numbers.split(",") if numbers else []
        waits = [_number(part) for part in (value if isinstance(value, list) else [value])]
        usable = tuple(wait for wait in waits if wait is not None and 0 <= wait <= longest)
        if len(usable) < len(waits) or len(waits) > most:
            self.fault(name, f"must be at most {most} numbers of seconds, each from 0 to {longest:g}, as in 0,10,30")
            return default
        return usable


def read_extra(conn_id: str, extra: object) -> Mapping[str, object]:
    """The extras as a mapping.

    :raises S3RestConnectionError: they can't be read, so nothing can be said of any other field.
    """
    problem = ""
    if isinstance(extra, str):
        # A JSON error holds the whole text, secrets included: it must not live on as the cause or context of another.
        try:
            extra = json.loads(extra.strip() or "null")
        except json.JSONDecodeError as error:
            problem = f"is not valid JSON (line {error.lineno}, column {error.colno})"
        except (ValueError, RecursionError):
            problem = "is not JSON of a sensible size"
    if extra is None:
        return {}
    if isinstance(extra, Mapping):
        return extra
    if extra == MASK:
        problem = _MASKED
    problem = problem or f"must be a JSON object, not {_json_type(extra)}"
    raise S3RestConnectionError(conn_id, [Fault("extra", problem + ': write {"field": "value", ...}')])


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _json_type(value: object) -> str:
    return f"a JSON {_JSON_TYPES.get(type(value), 'value')}"
