# SPDX-License-Identifier: Apache-2.0
"""``python -m airflow_provider_s3rest.local``: runs the local stack until Ctrl-C and prints connections to paste."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from typing import TYPE_CHECKING

from airflow_provider_s3rest.local.seaweedfs import StartError
from airflow_provider_s3rest.local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the local stack until SIGINT or SIGTERM.

    :returns: the exit status: 0 when told to stop, 1 when the S3 server did not start or ended of itself.
    """
    options = _parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with LocalStack(
            tls=options.tls, s3_port=options.s3_port, rolesanywhere_port=options.rolesanywhere_port
        ) as stack:
            client = stack.s3_client()
            for bucket in options.bucket:
                client.create_bucket(Bucket=bucket)
            print("\n".join(_lines(stack)), flush=True)
            raise stack.seaweedfs.wait()
    except KeyboardInterrupt:
        return 0
    except (StartError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_s3rest.local", description=__doc__)
    parser.add_argument("--tls", action="store_true", help="both servers speak HTTPS")
    parser.add_argument("--s3-port", type=int, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--rolesanywhere-port", type=int, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--bucket", nargs="+", default=[], metavar="NAME", help="buckets to make")
    return parser.parse_args(arguments)


def _interrupt(_number: int, _frame: object) -> None:
    # A second Ctrl-C must not cut the cleaning up short.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _lines(stack: LocalStack) -> Iterator[str]:
    yield f"# S3 (SeaweedFS)        {stack.s3_endpoint_url}"
    yield f"# IAM Roles Anywhere    {stack.rolesanywhere_endpoint_url}"
    connections = {
        "S3REST_DEFAULT": stack.connection("roles_anywhere", "ec"),
        "S3REST_RSA": stack.connection("roles_anywhere", "rsa"),
        "S3REST_ACCESS_KEYS": stack.connection("access_keys"),
    }
    for name, fields in connections.items():
        yield f"export AIRFLOW_CONN_{name}={shlex.quote(json.dumps(fields))}"
    yield "# Ctrl-C stops both and removes everything in them."


if __name__ == "__main__":
    sys.exit(main())
