# SPDX-License-Identifier: Apache-2.0
"""What is made: a URL or a form, and until when it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Presigned:
    """What a URL and a form have in common.

    :param method: the method of HTTP.
    :param expires_at: when it stops working: after the time that was asked for, or with the credentials that signed it.
    :param cut_short: whether it stops with its credentials, before the time that was asked for.
    """

    method: str
    bucket_name: str
    key: str
    region_name: str
    expires_at: datetime
    cut_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedUrl(Presigned):
    """A URL that allows one request. It is a secret.

    :param headers: what whoever uses it must send, besides what every client sends.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def secrets(self) -> list[str]:
        """What must never be printed: the signature, without which all of the rest is worthless."""
        return [self.url.rpartition("=")[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedPost(Presigned):
    """A form that allows one upload. Its fields are secrets.

    :param url: where the form is sent to, as ``multipart/form-data``.
    :param fields: those that come before the file, whose own field is the last and is called ``file``.
    """

    url: str
    fields: Mapping[str, str] = field(repr=False)

    def secrets(self) -> list[str]:
        """What must never be printed: the signature, without which all of the rest is worthless."""
        return [self.fields["x-amz-signature"]]
