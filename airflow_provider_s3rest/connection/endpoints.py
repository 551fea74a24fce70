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
_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"),
        # The same IPv4 range behind NAT64 and as an IPv4-compatible address.
        *("64:ff9b::a9fe:0/112", "::a9fe:0/112"),
        # Alibaba Cloud's and Google Cloud's metadata servers.
        *("100.100.100.200/32", "fd20:ce::254/128"),
    )
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_s3_endpoint(fields: Fields) -> str | None:
    """The URL of an S3 endpoint from ``host`` and ``port``; None, for AWS, where the host is blank.

    A port without a host has no effect: Airflow's form can't test a connection that has none.
    """
    host = fields.word("host")
    port = fields.whole_number("port", lowest=0, highest=65535, default=0)
    url = _split(fields, "host", host) if host else None
    if url is None:
        return None
    if port and url.port not in (None, port):
        fields.fault("port", "differs from the port that stands in host: keep one of them")
    return join_endpoint(url, port or url.port)


def read_rolesanywhere_endpoint(fields: Fields) -> str | None:
    """The URL of a Roles Anywhere endpoint other than the region's own; None where the field is blank."""
    name = "rolesanywhere_endpoint_url"
    value = fields.word(name)
    url = _split(fields, name, value) if value else None
    if url is None:
        return None
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        fields.fault(name, "must start with https://; plain http is for a loopback address only")
    return join_endpoint(url, url.port)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name, without asking a name server."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def fault_of_host(host: str) -> str | None:
    """What is wrong with a host that requests are to be sent to; None for one that may be asked."""
    if not all(character.isalnum() or character in ".-_:" for character in host):
        return "holds a host name with a character that no host name has"
    address = _address(host)
    if address and any(address in network for network in _FORBIDDEN):
        return "is a link-local address, where a cloud keeps the machine's own credentials: not allowed"
    return None


def join_endpoint(url: SplitResult, port: int | None) -> str:
    """Return scheme, host and port as every client writes them."""
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    # HTTP clients leave the default port out of the Host header, which is signed.
    return f"{url.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[url.scheme] else "")


def _split(fields: Fields, name: str, value: str) -> SplitResult | None:
    scheme, _, rest = value.rpartition("://")
    # A URI of Airflow loses the brackets of an IPv6 address.
    if ":" in rest and _address(rest):
        rest = f"[{rest}]"
    try:
        url = urlsplit(f"{scheme or 'https'}://{rest}")
        port = url.port
    except ValueError:
        fields.fault(name, "is not a valid URL: write https://HOST or https://HOST:PORT")
        return None
    host = url.hostname or ""
    if url.scheme not in _DEFAULT_PORTS or not host or port == 0 or url.path not in {"", "/"}:
        fields.fault(name, "must be https://HOST or https://HOST:PORT, without a path")
    elif url.username is not None or url.query or url.fragment or rest.endswith(("?", "#")):
        fields.fault(name, "must hold no user name, query or fragment: write https://HOST or https://HOST:PORT")
    elif fault := fault_of_host(host):
        fields.fault(name, fault)
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
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
