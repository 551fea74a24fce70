# SPDX-License-Identifier: Apache-2.0
"""The rules of bucket names, object keys and ``s3://`` URLs: pure functions, and a key is never altered."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_KEY_BYTES = 1024

_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class S3Url(NamedTuple):
    """An ``s3://`` URL taken apart."""

    bucket_name: str
    key: str


def check_bucket_name(bucket_name: str) -> str:
    """Return a bucket name that can be sent.

    Lighter than today's rules for new buckets, because older buckets and other services break those:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html

    :raises ValueError: it is no bucket name.
    """
    if not _BUCKET_NAME.fullmatch(bucket_name):
        raise ValueError(
            f"bucket_name: {bucket_name!r} is not the name of a bucket; give 3 to 63 letters, digits, '.', '-' or '_' "
            "without 's3://' and without '/'"
        )
    return bucket_name


def check_key(key: str, argument: str = "key") -> str:
    """Return a key that S3 can hold, exactly as it was given.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

    :param argument: the name under which the caller knows the key.
    :raises ValueError: it is empty, longer than 1,024 bytes, or can't be written in UTF-8.
    """
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{argument}: holds a lone surrogate, which can't be written in UTF-8") from None
    if not 1 <= length <= MAX_KEY_BYTES:
        raise ValueError(f"{argument}: must be 1 to {MAX_KEY_BYTES} bytes of UTF-8, not {length}")
    return key


def sends_verbatim(key: str) -> bool:
    """Whether obstore sends this key as it is.

    Its paths drop a leading and a trailing ``/``, and refuse empty, ``.`` and ``..`` segments and ASCII control
    characters (https://docs.rs/object_store/latest/object_store/path/struct.Path.html).
    """
    return not _CONTROL.search(key) and not any(segment in ("", ".", "..") for segment in key.split("/"))


def fits_xml(key: str) -> bool:
    """Whether a key can stand in an XML 1.0 document, as a batch of deletions is one."""
    return not _NOT_XML.search(key)


def parse_s3_url(url: str) -> S3Url:
    """Take ``s3://bucket/key`` apart; the key is everything after the bucket's slash, with nothing decoded.

    So ``?``, ``#``, ``%20``, ``//`` and slashes at both ends of the key survive.

    :raises ValueError: it has another form, or holds a name or a key that can't exist.
    """
    scheme, separator, rest = url.partition("://")
    bucket_name, slash, key = rest.partition("/")
    if scheme != "s3" or not separator or not slash:
        raise ValueError(f"{url!r} is not of the form s3://bucket/key")
    return S3Url(check_bucket_name(bucket_name), check_key(key))
