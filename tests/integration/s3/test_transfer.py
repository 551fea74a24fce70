# SPDX-License-Identifier: Apache-2.0
"""Large objects, up and down, against SeaweedFS and moto."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.s3.etags import WHOLE
from airflow_provider_s3rest.s3.options import Read, Write
from airflow_provider_s3rest.s3.upload import PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.local.stack import LocalStack
    from airflow_provider_s3rest.s3 import S3

MIB = 1024 * 1024
SIZE = 40 * MIB + 12_345

FLAT = """
import hashlib, json, resource, sys
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.s3 import S3

fields, bucket, directory = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
connection = S3RestConnection.parse(**{name: fields[name] for name in ("host", "port", "login", "password", "extra")})
keys = Credentials(access_key_id=fields["login"], secret_access_key=fields["password"])

class Source:
    def current(self):
        return keys

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

s3 = S3(connection, Source())
s3.upsert_object(bucket, "small", bytes(17 << 20))
s3.get_object(bucket, "small").save(f"{directory}/small")
before = peak()
sent = s3.upsert_object(bucket, "large", (bytes([n % 251]) * (1 << 20) for n in range(400)))
up = peak()
s3.get_object(bucket, "large").save(f"{directory}/large")
total = sum(map(len, s3.get_object(bucket, "large")))
print(json.dumps({"sent": sent.size, "read": total, "up": up - before, "down": peak() - up}))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of about 40 MiB."""
    path = tmp_path_factory.mktemp("large") / "file"
    path.write_bytes(os.urandom(SIZE))
    return path


def test_the_checksums_of_parts(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], large: Path, tmp_path: Path
) -> None:
    """SeaweedFS tells the CRC-32 of the parts' CRC-32s as AWS does, and it proves a file."""
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    s3.upsert_object(bucket, "large", large, Write(checksum_algorithm="CRC32"))
    with large.open("rb") as file:
        pieces = iter(lambda: file.read(PART_BYTES), b"")
        parts = [zlib.crc32(piece).to_bytes(4, "big") for piece in pieces]
    told = s3.engines.encoding_of(bucket, "large", Read(), WHOLE).checksum
    assert told == f"{zlib.crc32(b''.join(parts)):08x}-{len(parts)}"
    assert _digest(s3.get_object(bucket, "large").save(tmp_path / "file")) == _digest(large)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("server", ["moto", "seaweedfs"])
@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_up_in_parts_and_down_in_ranges(
    open_s3: Callable[[str], S3],
    make_bucket: Callable[[S3], str],
    large: Path,
    tmp_path: Path,
    server: str,
    engine: str,
) -> None:
    """A file of several parts and ranges comes back the same, and nothing else is left."""
    s3 = open_s3(server)
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    written = s3.upsert_object(bucket, "large", large)
    assert written.size == SIZE
    path = s3.get_object(bucket, "large").save(tmp_path / "file")
    assert _digest(path) == _digest(large)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert "Uploads" not in s3.client(bucket).list_multipart_uploads(Bucket=bucket)


def test_a_large_object_written_at_once(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], large: Path, tmp_path: Path
) -> None:
    """Its ETag is the MD5 of all of it, which is checked across the ranges."""
    s3 = open_s3("moto")
    bucket = make_bucket(s3)
    s3.client(bucket).put_object(Bucket=bucket, Key="large", Body=large.read_bytes())
    opened = s3.get_object(bucket, "large")
    assert opened.etag == hashlib.md5(large.read_bytes(), usedforsecurity=False).hexdigest()
    assert _digest(opened.save(tmp_path / "file")) == _digest(large)


def test_memory_stays_flat(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], local_stack: LocalStack, tmp_path: Path
) -> None:
    """400 MiB of unknown length go up, and come down, in less memory than a quarter of them."""
    s3 = open_s3("seaweedfs")
    command = [sys.executable, "-c", FLAT, json.dumps(local_stack.connection()), make_bucket(s3), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    seen = json.loads(done.stdout)
    assert seen["sent"] == seen["read"] == 400 * MIB
    assert seen["up"] < 100
    assert seen["down"] < 100


@pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])
def test_tls_with_a_private_authority(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], engine: str
) -> None:
    """The connection's CA bundle is all that either engine needs."""
    s3 = open_s3("seaweedfs-tls")
    bucket = make_bucket(s3)
    s3._engines.forced = engine
    s3.upsert_object(bucket, "key", b"data")
    assert s3.get_object(bucket, "key").read() == b"data"
