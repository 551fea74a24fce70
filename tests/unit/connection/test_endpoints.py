# SPDX-License-Identifier: Apache-2.0
"""The addresses that a connection may send its requests to, and those that it may not."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.connection.endpoints import is_loopback

if TYPE_CHECKING:
    from tests.unit.connection.conftest import Sample

LINK_LOCAL = "is a link-local address, where a cloud keeps the machine's own credentials: not allowed"
NO_PATH = "must be https://HOST or https://HOST:PORT, without a path"
NO_MORE = "must hold no user name, query or fragment: write https://HOST or https://HOST:PORT"
INVALID = "is not a valid URL: write https://HOST or https://HOST:PORT"
BAD_NAME = "holds a host name with a character that no host name has"
ONE_VALUE = "holds a space, a line break or a character outside ASCII: paste only the value itself"
PLAIN = "must start with https://; plain http is for a loopback address only"


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        (None, None, None),
        ("", 0, None),
        (None, 0, None),
        ("  ", 443, None),
        ("", "443", None),
        ("s3.example.com", None, "https://s3.example.com"),
        ("s3.example.com", 0, "https://s3.example.com"),
        ("s3.example.com", 443, "https://s3.example.com"),
        ("s3.example.com", "9000", "https://s3.example.com:9000"),
        ("s3.example.com", 9000.0, "https://s3.example.com:9000"),
        ("s3.example.com:9000", 9000, "https://s3.example.com:9000"),
        ("S3.Example.com/", None, "https://s3.example.com"),
        ("https://s3.example.com:443/", None, "https://s3.example.com"),
        ("http://minio:9000", None, "http://minio:9000"),
        ("HTTP://minio", 9000, "http://minio:9000"),
        ("http://minio", 80, "http://minio"),
        ("http://minio", 443, "http://minio:443"),
        ("http://10.1.2.3:9000", None, "http://10.1.2.3:9000"),
        ("my_minio", None, "https://my_minio"),
        ("::1", 9000, "https://[::1]:9000"),
        ("http://::1", 9000, "http://[::1]:9000"),
        ("::ffff:127.0.0.1", 9000, "https://[::ffff:127.0.0.1]:9000"),
        ("http://[2001:db8::1]:9000", None, "http://[2001:db8::1]:9000"),
    ],
)
def test_an_s3_endpoint(access_keys: Sample, host: object, port: object, url: str | None) -> None:
    """Host and port give one URL without a path or a default port, or None for AWS."""
    assert (access_keys | {"host": host, "port": port}).parse().endpoint_url == url


@pytest.mark.parametrize("port", [65_536, -1, "http", "***", True, 9000.5])
@pytest.mark.parametrize("host", [None, "minio"])
def test_a_bad_port(access_keys: Sample, host: str | None, port: object) -> None:
    """A port that can't be one is a fault, beside a host and without."""
    assert list((access_keys | {"host": host, "port": port}).faults()) == ["port"]


def test_a_port_unlike_the_one_in_host(access_keys: Sample) -> None:
    """Two ports that differ are a fault."""
    faults = (access_keys | {"host": "minio:9000", "port": 443}).faults()
    assert faults == {"port": "differs from the port that stands in host: keep one of them"}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://", NO_PATH),
        ("ftp://minio", NO_PATH),
        ("minio:0", NO_PATH),
        ("minio/bucket", NO_PATH),
        ("//minio", NO_PATH),
        ("file:///etc/passwd", NO_PATH),
        ("javascript://minio", NO_PATH),
        ("https://minio:port", INVALID),
        ("https://minio:70000", INVALID),
        ("https://[::1", INVALID),
        ("https://[minio]", INVALID),
        ("evil.com/#", NO_MORE),
        ("minio?", NO_MORE),
        ("minio?a=b", NO_MORE),
        ("minio#a", NO_MORE),
        ("minio#?", NO_MORE),
        ("https://user@minio", NO_MORE),
        ("https://@minio", NO_MORE),
        ("https://user:word@minio", NO_MORE),
        ("https://good.com\\@evil.com", NO_MORE),
        ("https://good.com\\.evil.com", BAD_NAME),
        ("min%69o", BAD_NAME),
        ("https://[fe80::1%25eth0]", BAD_NAME),
        ("minio,other", BAD_NAME),
        ("min io", ONE_VALUE),
        ("min\nio", ONE_VALUE),
        ("m\u0131nio", ONE_VALUE),
    ],
)
@pytest.mark.parametrize("name", ["host", "rolesanywhere_endpoint_url"])
def test_not_an_endpoint(roles_anywhere: Sample, name: str, url: str, problem: str) -> None:
    """What is more or less than scheme, host and port is a fault of either endpoint."""
    assert (roles_anywhere | {name: url}).faults() == {name: problem}


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "::ffff:169.254.169.254",
        "[::169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[FD00:0EC2:0:0:0:0:0:254]",
        "[fd00:ec2::23]",
        "fd00:ec2::254",
        "[fd20:ce::254]",
        "100.100.100.200",
    ],
)
@pytest.mark.parametrize("form", ["{}", "https://{}", "http://{}:80/"])
@pytest.mark.parametrize("name", ["host", "rolesanywhere_endpoint_url"])
def test_link_local_endpoints(roles_anywhere: Sample, name: str, form: str, host: str) -> None:
    """The addresses of a cloud's metadata are refused in every spelling that a resolver takes."""
    if "{}:80" in form and ":" in host and "[" not in host:
        host = f"[{host}]"
    assert (roles_anywhere | {name: form.format(host)}).faults() == {name: LINK_LOCAL}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8081",
        "http://127.9.9.9",
        "http://localhost:8081",
        "http://[::1]:8081",
        "https://rolesanywhere-fips.us-east-1.amazonaws.com",
    ],
)
def test_a_roles_anywhere_endpoint(roles_anywhere: Sample, url: str) -> None:
    """Plain http is taken for a loopback address, https for any."""
    settings = (roles_anywhere | {"rolesanywhere_endpoint_url": url}).parse()
    assert attrgetter("authentication.endpoint_url")(settings) == url


@pytest.mark.parametrize(
    "url",
    ["http://rolesanywhere.us-east-1.amazonaws.com", "http://10.0.0.1", "http://localhost.evil.com", "http://0.0.0.0"],
)
def test_plain_http_to_another_machine(roles_anywhere: Sample, url: str) -> None:
    """Plain http to anything but a loopback address is refused for Roles Anywhere."""
    faults = (roles_anywhere | {"rolesanywhere_endpoint_url": url}).faults()
    assert faults == {"rolesanywhere_endpoint_url": PLAIN}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1", True),
        ("0x7f000001", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:  # noqa: FBT001
    """A loopback address is told by its name alone, in every spelling."""
    assert is_loopback(host) is expected
