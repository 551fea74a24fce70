# SPDX-License-Identifier: Apache-2.0
"""The rules of bucket names, object keys, and of URLs: pure functions, and a key is never altered.

Of a URL there are two forms: in ``s3://bucket/key`` the key stands as it is, in ``s3rest://bucket/key``, the URI of an
asset, it is percent-encoded where it has to be.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

MAX_KEY_BYTES = 1024

_ASSET_SCHEME = "s3rest://"
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_NOT_VERBATIM = r"[\x00-\x1f\x7f]|(?:^|/)\.{0,2}(?:/|$)"
_URL_SCHEMES = ("s3://", _ASSET_SCHEME)
_SUB_DELIMITERS = "/!$&'()*+,;=:@~"
_BAD_ESCAPE = r"%(?![0-9A-Fa-f]{2})"
_NOT_XML = r"[\x00-\x08\x0b-\x1f\ufffe\uffff]"


class S3Url(NamedTuple):
    """A bucket and a key, as a URL names them."""

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
    return not re.search(_NOT_VERBATIM, key)


def fits_xml(key: str) -> bool:
    """Whether a key can stand in an XML 1.0 document, as a batch of deletions is one, and is read there as it is.

    A carriage return may stand there, and many readers take it for a line feed.
    """
    return not re.search(_NOT_XML, key)


def parse_s3_url(url: str, *, may_lack_key: bool = False) -> S3Url:
    """Take ``s3://bucket/key`` apart; the key is everything after the bucket's slash, with nothing decoded.

    So ``?``, ``#``, ``%20``, ``//`` and slashes at both ends of the key survive.

    :param may_lack_key: whether ``s3://bucket`` and ``s3://bucket/`` will do, as for a prefix.
    :raises ValueError: it has another form, or holds a name or a key that can't exist.
    """
    scheme, separator, rest = url.partition("://")
    bucket_name, slash, key = rest.partition("/")
    if scheme != "s3" or not separator or not (slash or may_lack_key):
        raise ValueError(f"{url!r} is not of the form s3://bucket/key")
    return S3Url(check_bucket_name(bucket_name), key if may_lack_key and not key else check_key(key))


def is_url(text: str) -> bool:
    """Whether a text that may be a key is a URL with a bucket in it."""
    return text.startswith(_URL_SCHEMES)


def asset_uri(bucket_name: str, key: str) -> str:
    """Return the URI of the asset that an object is, or a prefix, or with an empty key a bucket.

    Each key has exactly one, in which Airflow changes nothing, though it cuts off slashes at the end and all after a
    ``#``. https://www.rfc-editor.org/rfc/rfc3986#section-3.3

    :raises ValueError: the bucket or the key can't exist.
    """
    path = quote(check_key(key), safe=_SUB_DELIMITERS) if key else ""
    if path.endswith("/"):
        path = f"{path[:-1]}%2F"
    return f"{_ASSET_SCHEME}{check_bucket_name(bucket_name)}/{path}"


def parse_asset_uri(uri: str) -> S3Url:
    """Take ``s3rest://bucket/key`` apart; the key may be empty, and what is percent-encoded in it is decoded.

    :raises ValueError: it has another form, or a part that no object has, or names a bucket or key that can't exist.
    """
    scheme, separator, rest = uri.partition("://")
    authority, _, path = rest.partition("/")
    if not separator or f"{scheme.lower()}://" != _ASSET_SCHEME:
        raise ValueError(f"{uri!r} is not of the form s3rest://bucket/key")
    # What stands before it may be a secret: it is not shown.
    if "@" in authority:
        raise ValueError("the URI has user information before '@': leave it out, credentials belong to the connection")
    for mark, escaped in (("?", "%3F"), ("#", "%23")):
        if mark in rest:
            raise ValueError(f"{uri!r} has {mark!r}, which an object has not: in a key, write {escaped}")
    if not authority or ":" in authority:
        raise ValueError(f"{uri!r} must begin with s3rest:// and the name of a bucket, and no port")
    return S3Url(check_bucket_name(authority), _decoded(path))


def _decoded(path: str) -> str:
    if re.search(_BAD_ESCAPE, path):
        raise ValueError(f"{path!r} has a '%' without two hexadecimal digits after it: in a key, write %25")
    try:
        key = unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"{path!r} is not UTF-8 when it is decoded, as every key of S3 is") from None
    return check_key(key) if key else ""


def locate(bucket_name: str | None, key: str, *, argument: str = "key", bucket_argument: str = "bucket_name") -> S3Url:
    """Find out which object is meant: by its bucket and its key, or by a URL in the place of the key.

    Such a URL is ``s3://bucket/key``, or the URI of an asset, ``s3rest://bucket/key``.

    :param argument: the name under which the caller knows the key.
    :param bucket_argument: the name under which the caller knows the bucket.
    :raises ValueError: neither names a bucket, or both do; or the bucket or the key can't exist.
    """
    return _locate(bucket_name, key, argument, bucket_argument, may_lack_key=False)


def locate_prefix(
    bucket_name: str | None, prefix: str, *, argument: str = "prefix", bucket_argument: str = "bucket_name"
) -> S3Url:
    """Find out which objects are meant, like :func:`locate`; an empty prefix means all of the bucket."""
    return _locate(bucket_name, prefix, argument, bucket_argument, may_lack_key=True)


def locate_copy(
    source: tuple[str | None, str], target: tuple[str | None, str | None], argument: str
) -> tuple[S3Url, S3Url]:
    """Find out from where to where an object is copied, or those of a prefix.

    :param source: its bucket and its key or prefix.
    :param target: its bucket, and its key or prefix; None for that of the source.
    :param argument: ``key`` or ``prefix``.
    :raises ValueError: as :func:`locate` does; the arguments of the source begin with ``source_``.
    """
    find = locate if argument == "key" else locate_prefix
    found = find(*source, argument=f"source_{argument}", bucket_argument="source_bucket_name")
    bucket_name, key = target
    if key is not None:
        return found, find(bucket_name, key, argument=argument)
    return found, S3Url(check_bucket_name(bucket_name or ""), found.key)


def _locate(bucket_name: str | None, key: str, argument: str, bucket_argument: str, *, may_lack_key: bool) -> S3Url:
    if bucket_name and is_url(key):
        scheme = key.partition("://")[0]
        raise ValueError(
            f"{argument}: is an {scheme}:// URL, and {bucket_argument} is given too; leave one of them out (a key that "
            f"begins with {scheme}:// can be given as s3://bucket/{scheme}://...)"
        )
    if key.startswith(_ASSET_SCHEME):
        url = parse_asset_uri(key)
        return url if url.key or may_lack_key else S3Url(url.bucket_name, check_key("", argument))
    if is_url(key):
        return parse_s3_url(key, may_lack_key=may_lack_key)
    if not bucket_name:
        raise ValueError(f"{bucket_argument}: is missing; give it, or {argument} as s3://bucket/...")
    check_bucket_name(bucket_name)
    return S3Url(bucket_name, key if may_lack_key and not key else check_key(key, argument))
