# SPDX-License-Identifier: Apache-2.0
"""Processes that want to create one object, against SeaweedFS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack
    from airflow_provider_s3rest.s3 import S3

PROCESSES = 16

# Each child is forked when all modules are loaded and the parent has used nothing of them, and waits for the others.
WRITERS = """
import json, multiprocessing, os, sys
import boto3
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.exceptions import S3RestPreconditionError
from airflow_provider_s3rest.s3 import S3
from airflow_provider_s3rest.s3.options import Write

fields, bucket, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connection = S3RestConnection.parse(**{name: fields[name] for name in ("host", "port", "login", "password", "extra")})
keys = Credentials(access_key_id=fields["login"], secret_access_key=fields["password"])
context = multiprocessing.get_context("fork")
start = context.Barrier(count)

class Source:
    def current(self):
        return keys
    def reject(self, _):
        return False

def write(number, send):
    s3 = S3(connection, Source())
    s3.client(bucket)
    body = f"{number:02}".encode() * 500
    start.wait(30)
    try:
        send.send((number, s3.upsert_object(bucket, "key", body, Write(if_none_match="*")).etag))
    except S3RestPreconditionError:
        send.send((number, None))

receive, send = context.Pipe(duplex=False)
children = [context.Process(target=write, args=(number, send)) for number in range(count)]
for child in children:
    child.start()
print(json.dumps([receive.recv() for _ in children if receive.poll(40)]))
for child in children:
    child.join(5)
    child.kill()
"""


def test_a_race_to_create_has_one_winner(
    open_s3: Callable[[str], S3], make_bucket: Callable[[S3], str], local_stack: LocalStack
) -> None:
    """One succeeds, and its bytes stay; all others are told that they lost.

    At once, not in parts: SeaweedFS looks for the object of a completion on a condition before it takes a lock.
    """
    s3 = open_s3("seaweedfs")
    bucket = make_bucket(s3)
    command = [sys.executable, "-c", WRITERS, json.dumps(local_stack.connection()), bucket, str(PROCESSES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    told = json.loads(done.stdout)
    winners = [(number, etag) for number, etag in told if etag]
    assert len(told) == PROCESSES, done.stderr
    assert len(winners) == 1
    with s3.get_object(bucket, "key") as opened:
        assert opened.etag == winners[0][1]
        assert opened.read() == f"{winners[0][0]:02}".encode() * 500
