# SPDX-License-Identifier: Apache-2.0
"""Airflow's API, its command line and a test that is queued for a worker give the answer of the button."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack
    from demo.airflow import Airflow
    from tests.browser.pages import Connections

pytestmark = pytest.mark.timeout(600)

KINDS = ("good", "bad")
_TIME = re.compile(r"; [0-9.]+ s$")


def _fields(stack: LocalStack, kind: str) -> dict[str, Any]:
    wrong = {} if kind == "good" else {"private_key": stack.pki.rsa.private_key}
    return stack.connection("roles_anywhere", **wrong)


def _body(conn_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"connection_id": conn_id, "extra": json.dumps(fields["extra"])}


def _queued(instance: Airflow, body: dict[str, Any]) -> tuple[bool, str]:
    queued = instance.api.post("connections/enqueue-test", json=body)
    queued.raise_for_status()
    headers = {"Airflow-Connection-Test-Token": queued.json()["token"]}
    answers: list[dict[str, Any]] = []

    def done() -> bool:
        answers.append(instance.api.get("connections/enqueue-test", headers=headers).json())
        return answers[-1]["state"] in {"success", "failed"}

    instance.wait_for(done, "the queued test")
    return answers[-1]["state"] == "success", answers[-1]["result_message"] or ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_gives_the_same_answer(
    kind: str, connections: Connections, stack: LocalStack, instance: Airflow, store: Callable[..., str]
) -> None:
    """But for the time it took."""
    fields = _fields(stack, kind)
    conn_id = store(kind, fields)
    button = connections.test(conn_id)
    assert button.good == (kind == "good"), button.message
    message = _TIME.sub("", button.message)

    api = instance.api.post("connections/test", json=_body(conn_id, fields)).json()
    assert (api["status"], _TIME.sub("", api["message"])) == (button.good, message)

    good, said = _queued(instance, _body(conn_id, fields))
    assert (good, _TIME.sub("", said)) == (button.good, message)

    done = instance.command("connections", "test", conn_id)
    assert (done.returncode == 0) == button.good
    # Of a success, Airflow's command shows no more than that.
    assert ("Connection success!" if button.good else message) in " ".join(done.stdout.split())


def test_a_queued_test_of_masked_secrets_stores_nothing(
    stack: LocalStack, instance: Airflow, store: Callable[..., str]
) -> None:
    """Airflow would overwrite the stored secret by its mask if that test went well."""
    fields = _fields(stack, "good")
    conn_id = store("masked", fields)
    masked = fields | {"extra": fields["extra"] | {"private_key": "***"}}
    good, said = _queued(instance, _body(conn_id, masked) | {"commit_on_success": True})
    assert not good
    assert said.startswith("Connection: Private key (private_key): holds ***, which Airflow shows in place of a secret")
    assert instance.api.post("connections/test", json=_body(conn_id, masked)).json()["status"], "merged with the stored"
