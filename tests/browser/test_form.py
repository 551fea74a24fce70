# SPDX-License-Identifier: Apache-2.0
"""A person fills in the form, tests, edits, changes their mind and deletes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import expect

from airflow_provider_s3rest.get_provider_info.form import (
    AUTHENTICATION,
    CERTIFICATE,
    OPTIONS,
    ROLE,
    extra_fields,
    plain,
    standard_fields,
)
from tests.browser.pages import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack
    from demo.airflow import Airflow
    from tests.browser.pages import Connections, Form

pytestmark = pytest.mark.timeout(600)

ENDPOINT, PORT = (standard_fields()["relabeling"][name] for name in ("host", "port"))
PICTURES = {AUTHENTICATION: "authentication", ROLE: "role", CERTIFICATE: "certificate", OPTIONS: "options"}


def _fill_endpoint(form: Form, stack: LocalStack) -> None:
    url = urlsplit(stack.s3_endpoint_url)
    form.open(STANDARD)
    form.input(ENDPOINT).fill(f"http://{url.hostname}")
    form.input(PORT).fill(str(url.port))


def _stored(instance: Airflow, conn_id: str) -> dict[str, Any]:
    """The extras that Airflow has stored of a connection, secrets too."""
    with closing(sqlite3.connect(instance.home / "airflow.db")) as database:
        ((extra,),) = database.execute("SELECT extra FROM connection WHERE conn_id = ?", [conn_id])
    return dict(json.loads(Fernet(instance.env["AIRFLOW__CORE__FERNET_KEY"]).decrypt(extra)))


def test_the_form_shows_every_field_with_its_help(connections: Connections, picture: Callable[..., None]) -> None:
    """Labels, placeholders and help are whole, and no section but these is there."""
    connections.open()
    form = connections.add("s3_production")
    for name, label in standard_fields()["relabeling"].items():
        shown = form.input(label)
        expect(shown).to_have_attribute("placeholder", standard_fields()["placeholders"][name])
    picture("form-standard", form.dialog)
    for section, name in PICTURES.items():
        content = form.open(section)
        for field in (each for each in extra_fields().values() if each["schema"]["section"] == section):
            part = form.field(field["label"])
            expect(part).to_be_visible()
            expect(part).to_contain_text(plain(field["schema"]["description_md"]), ignore_case=False)
        assert content.evaluate("each => each.scrollWidth <= each.clientWidth"), "something is cut at the right"
        picture(f"form-{name}", content.locator(".."))


def test_a_connection_with_access_keys(connections: Connections, stack: LocalStack, instance: Airflow) -> None:
    """Typed, saved, tested; a wrong secret typed over it; the right one again; deleted."""
    connections.open()
    form = connections.add("s3_keys")
    _fill_endpoint(form, stack)
    form.fill(Access_key_ID=stack.access_key_id, Secret_access_key=stack.secret_access_key)
    form.save()
    answer = connections.test("s3_keys")
    assert answer.good, answer.message
    assert answer.message.startswith("Connected as ")
    assert "sales-data" in answer.message

    form = connections.edit("s3_keys")
    expect(form.input("Secret access key")).to_have_value("***")
    form.fill(Description="Another description")
    form.save()
    assert connections.test("s3_keys").good

    form = connections.edit("s3_keys")
    form.fill(Secret_access_key="a-secret-that-is-wrong")
    form.save()
    answer = connections.test("s3_keys")
    assert not answer.good
    assert answer.message.startswith("S3: SignatureDoesNotMatch: ")
    assert answer.message.endswith("Hint: check Secret access key (password)")
    assert "a-secret-that-is-wrong" not in answer.message

    form = connections.edit("s3_keys")
    form.fill(Secret_access_key=stack.secret_access_key)
    form.save()
    assert connections.test("s3_keys").good
    connections.delete("s3_keys")
    assert instance.api.get("connections/s3_keys").status_code == 404


def test_a_connection_with_roles_anywhere(
    connections: Connections, stack: LocalStack, instance: Airflow, picture: Callable[..., None]
) -> None:
    """Typed and pasted, saved, tested; edited without touching secrets; changed to access keys and back."""
    leaf = stack.pki.ec
    connections.open()
    form = connections.add("s3_roles_anywhere")
    _fill_endpoint(form, stack)
    form.open(AUTHENTICATION)
    form.choose("Authentication type", "IAM Roles Anywhere")
    form.open(ROLE)
    form.choose("Roles Anywhere region", "US East (N. Virginia) us-east-1")
    form.fill(
        Trust_anchor_ARN=stack.trust_anchor_arn,
        Profile_ARN=stack.profile_arn,
        Role_ARN=stack.role_arn,
        Role_session_name="airflow-prod",
        Roles_Anywhere_endpoint=stack.rolesanywhere_endpoint_url,
    )
    form.open(CERTIFICATE)
    form.paste("Public certificate", leaf.certificate)
    form.paste("Private key", leaf.private_key)
    form.paste("Certificate chain", stack.pki.intermediate.certificate)
    form.save()
    assert _stored(instance, "s3_roles_anywhere")["private_key"] == leaf.private_key
    answer = connections.test("s3_roles_anywhere")
    assert answer.good, answer.message
    assert "assumed-role/data/airflow-prod; certificate CN=" in answer.message

    form = connections.edit("s3_roles_anywhere")
    content = form.open(CERTIFICATE)
    expect(form.input("Private key")).to_have_value("***")
    picture("form-edit", content.locator(".."))
    form.open(ROLE)
    form.input("Session duration (seconds)").fill("5000")
    form.input("Session duration (seconds)").blur()
    expect(form.input("Session duration (seconds)")).to_have_value("3600")
    form.fill(Role_session_name="airflow-test")
    form.save()
    assert _stored(instance, "s3_roles_anywhere")["private_key"] == leaf.private_key
    assert "assumed-role/data/airflow-test" in connections.test("s3_roles_anywhere").message

    form = connections.edit("s3_roles_anywhere")
    form.fill(Access_key_ID=stack.access_key_id, Secret_access_key=stack.secret_access_key)
    form.open(AUTHENTICATION)
    form.choose("Authentication type", "Access keys")
    form.save()
    answer = connections.test("s3_roles_anywhere")
    assert answer.good, answer.message
    assert "assumed-role" not in answer.message

    form = connections.edit("s3_roles_anywhere")
    form.open(AUTHENTICATION)
    form.choose("Authentication type", "IAM Roles Anywhere")
    form.save()
    assert "assumed-role/data/airflow-test" in connections.test("s3_roles_anywhere").message
    connections.delete("s3_roles_anywhere")


def test_a_partial_connection_is_repaired_in_the_form(
    connections: Connections, stack: LocalStack, store: Callable[..., str]
) -> None:
    """Airflow shows only the extras that are stored; a missing one comes into sight where it is added as JSON."""
    fields = stack.connection("roles_anywhere")
    name = fields["extra"].pop("session_name")
    conn_id = store("partial", fields)
    answer = connections.test(conn_id)
    assert answer.message.startswith("Connection: Role session name (session_name): is missing")
    form = connections.edit(conn_id)
    form.open(ROLE)
    expect(form.field("Role session name")).to_have_count(0)
    form.add_extra("session_name", name)
    form.open(ROLE)
    expect(form.input("Role session name")).to_have_value(name)
    form.save()
    assert connections.test(conn_id).good


def test_a_connection_without_a_port_is_led_to_one_that_can_be_tested(
    connections: Connections, stack: LocalStack, store: Callable[..., str]
) -> None:
    """Airflow 3.3.2 answers a test of it with no more than Bad Request; the form says what to enter."""
    url = urlsplit(stack.s3_endpoint_url)
    conn_id = store("no_port", stack.connection() | {"host": stack.s3_endpoint_url, "port": None})
    assert connections.test(conn_id).message == "Bad Request"
    form = connections.edit(conn_id)
    expect(form.input(PORT)).to_have_attribute("placeholder", standard_fields()["placeholders"]["port"])
    form.input(PORT).fill(str(url.port))
    form.save()
    assert connections.test(conn_id).good
