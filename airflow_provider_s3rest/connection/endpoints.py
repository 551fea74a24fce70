# SPDX-License-Identifier: Apache-2.0
"""Checks the addresses that a connection may send its requests to."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection.fields import Fields

# Where clouds serve the credentials of the machine itself: no connection has any business there.
_FORBIDDEN = tuple(ipaddress.ip_network(net) for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"))


def read_s3_endpoint(fields: Fields) -> str | None:
    """The URL of an S3 endpoint from ``host`` and ``port``; None, for AWS, where the host is blank.

    The port is ignored with a blank host: Airflow's form can't test a connection without one.
    """
    host = fields.word("host")
    if host is None:
        return None
    url = _split(fields, "host", host if "://" in host else f"https://{host}")
    port = fields.whole_number("port", lowest=0, highest=65535, default=0)
    if url is None or not fields.sound("port"):
        return None
    if port and url.port not in (None, port):
        fields.fault("port", "differs from the port that stands in host: keep one of them")
        return None
    return _join(url, port or url.port)


def read_rolesanywhere_endpoint(fields: Fields) -> str | None:
    """The URL of a Roles Anywhere endpoint other than the region's own; None where the field is blank."""
    name = "rolesanywhere_endpoint_url"
    value = fields.word(name)
    if value is None:
        return None
    url = _split(fields, name, value if "://" in value else f"https://{value}")
    if url is None:
        return None
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        fields.fault(name, "must start with https://; plain http is for a loopback address only")
        return None
    return _join(url, url.port)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name, without asking a name server."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _split(fields: Fields, name: str, value: str) -> SplitResult | None:
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        fields.fault(name, "is not a valid URL: write https://HOST or https://HOST:PORT")
        return None
    host = url.hostname or ""
    if url.scheme not in {"http", "https"} or not host or port == 0 or url.path not in {"", "/"}:
        fields.fault(name, "must be https://HOST or https://HOST:PORT, without a path")
    elif url.username is not None or url.query or url.fragment or value.endswith(("?", "#")):
        fields.fault(name, "must hold no user name, query or fragment: write https://HOST or https://HOST:PORT")
    elif not all(part.isalnum() or part in ".-_:" for part in host):
        fields.fault(name, "holds a host name with a character that no host name has")
    elif (address := _address(host)) and any(address in net for net in _FORBIDDEN):
        fields.fault(name, "is a link-local address, where a cloud keeps the machine's own credentials: not allowed")
    else:
        return url
    return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # The resolver also takes 2852039166, 0xa9fea9fe and the like for an address.
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _join(url: SplitResult, port: int | None) -> str:
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{host}" + (f":{port}" if port else "")
