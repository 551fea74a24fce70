# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario: every side in turn, in fresh processes, against one server, round by round."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_s3rest.local.pki import make_pki
from airflow_provider_s3rest.local.stack import LocalStack
from benchmarks import peer
from benchmarks.clients import KEYS, REGION
from benchmarks.results import Row
from benchmarks.server import Options, refill, serve
from benchmarks.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.scenarios import Scenario, Side

ONE_BY_ONE = ", one by one"
Figures = dict[str, dict[str, float]]
MEBIBYTE = 1 << 20
# Memory rather than a disk, where there is any: it is not the disk that is compared.
_MEMORY = Path("/dev/shm")  # noqa: S108 - temporary folders are made below it


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where S3 is.

    :param ca_bundle: what to trust; None: HTTP.
    """

    address: str
    ca_bundle: str | None
    login: str = KEYS["access_key_id"]
    password: str = KEYS["secret_access_key"]


def run(scenario: Scenario, *, rounds: int, smoke: bool, say: Callable[[str], object]) -> list[Row]:
    """Run all rounds.

    :param smoke: few objects.
    :param say: is told of every process.
    :returns: a row for each work.
    :raises RuntimeError: a side failed, or its results were wrong; with what it said.
    """
    count = scenario.smoke_count if smoke else scenario.count
    found: dict[str, dict[str, list[dict[str, float]]]] = {work: defaultdict(list) for work in scenario.works}
    memory = str(_MEMORY) if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="s3rest-bench-", dir=memory) as folder,
        _server(scenario, count, folder) as server,
    ):
        if scenario.large:
            _write_large(Path(folder, "large"), count)
        env = _environment(scenario, server, folder)
        place = {
            "address": server.address,
            "ca_bundle": server.ca_bundle,
            "count": count,
            "folder": folder,
            "latency": scenario.latency_ms > 0,
            "tells": not scenario.real,
        }
        for number in range(rounds):
            for side in scenario.sides:
                if scenario.keys:
                    refill(server.address, server.ca_bundle)
                for work, figures in _work(side, scenario.works, place, env).items():
                    found[work][side.name].append(figures)
                say(f"{scenario.name}: round {number + 1} of {rounds}: {side.name}")
    return [_row(scenario, work, found) for work in scenario.works]


def _row(scenario: Scenario, work: str, found: dict[str, dict[str, list[dict[str, float]]]]) -> Row:
    figures = dict(found[work])
    for side in scenario.sides:
        if side.one_by_one and work.endswith(ONE_BY_ONE):
            figures[side.name] = found[work.removesuffix(ONE_BY_ONE)][side.name]
    return Row(
        scenario=scenario.name,
        work=work,
        words=f"{scenario.words}: {work}",
        goals=scenario.goals.get(work, ()),
        figures=figures,
    )


def _work(side: Side, works: tuple[str, ...], place: dict[str, Any], env: dict[str, str]) -> Figures:
    python = peer.interpreter(side.environment) if side.environment else sys.executable
    command = [python, "-m", f"benchmarks.clients.{side.module}", json.dumps(works), json.dumps(place)]
    done = subprocess.run(command, cwd=peer.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side.name}: {works}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextlib.contextmanager
def _server(scenario: Scenario, count: int, folder: str) -> Iterator[Server]:
    if scenario.real:
        with LocalStack() as stack:
            stack.s3_client().create_bucket(Bucket="small")
            yield Server(
                address=stack.s3_endpoint_url,
                ca_bundle=None,
                login=stack.access_key_id,
                password=stack.secret_access_key,
            )
        return
    bundle = f"{folder}/ca.pem" if scenario.tls else None
    options = Options(
        latency_ms=scenario.latency_ms,
        ca_bundle=bundle,
        keys=count if scenario.keys else 0,
        large_bytes=count * MEBIBYTE if scenario.large else 0,
    )
    with serving(serve, options) as address:
        yield Server(address=address, ca_bundle=bundle)


def _write_large(path: Path, mebibytes: int) -> None:
    block = os.urandom(MEBIBYTE)
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(block)


def _environment(scenario: Scenario, server: Server, folder: str) -> dict[str, str]:
    # The modules are compiled once, as they are where anything is installed.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("AWS_", "AIRFLOW_"))
    }
    keys = {"login": server.login, "password": server.password}
    host, _, port = server.address.rpartition(":")
    verify = {"verify": server.ca_bundle} if server.ca_bundle else {}
    extra: dict[str, object] = {"region_name": REGION, **verify}
    ours: dict[str, Any] = {"conn_type": "s3rest", "host": host, "port": int(port), "extra": extra}
    amazon = {"conn_type": "aws", "extra": {"endpoint_url": server.address, **extra}}
    connections = {"s3rest_default": {**ours, **keys}, "aws_default": {**amazon, **keys}}
    if scenario.roles_anywhere:
        connections |= {
            f"s3rest_{name}": {**ours, "extra": {**extra, **_roles_anywhere(server, is_rsa=name == "rsa")}}
            for name in ("default", "rsa")
        }
        connections["aws_helped"] = {**amazon, "extra": {**amazon["extra"], "profile_name": "helped"}}
    return {
        **kept,
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections.items()},
        "AIRFLOW_HOME": folder,
        "AIRFLOW__S3REST__CACHE_DIR": f"{folder}/cache",
        # They hold plugins, which whoever looks for readers of lineage would load.
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AWS_CONFIG_FILE": _write_helper(Path(folder)),
    }


def _roles_anywhere(server: Server, *, is_rsa: bool) -> dict[str, object]:
    pki = make_pki()
    leaf = pki.rsa if is_rsa else pki.ec
    return {
        "auth_type": "roles_anywhere",
        "profile_arn": LocalStack.profile_arn,
        "role_arn": LocalStack.role_arn,
        "trust_anchor_arn": LocalStack.trust_anchor_arn,
        "session_name": "benchmarks",
        "certificate": leaf.certificate + pki.intermediate.certificate,
        "private_key": leaf.private_key,
        "rolesanywhere_endpoint_url": server.address,
    }


def _write_helper(folder: Path) -> str:
    """Write a program that gives credentials as a helper of Roles Anywhere does, but takes no time for it."""
    told = {"Version": 1, "AccessKeyId": KEYS["access_key_id"], "SecretAccessKey": KEYS["secret_access_key"]}
    told |= {"SessionToken": "IQoJb3JpZ2luX2Vj", "Expiration": "2099-01-01T00:00:00Z"}
    (folder / "told").write_text(json.dumps(told))
    config = folder / "config"
    config.write_text(f"[profile helped]\ncredential_process = cat {folder}/told\n")
    return str(config)
