# SPDX-License-Identifier: Apache-2.0
"""The provider info: an invalid one stops all of Airflow, so every reader's rules are checked here."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points, version
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager

from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.get_provider_info import get_provider_info
from airflow_provider_s3rest.get_provider_info.form import AUTHENTICATION, CERTIFICATE, OPTIONS, ROLE, plain
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from tools import regions

CONNECTION = get_provider_info()["connection-types"][0]
FIELDS: dict[str, Any] = CONNECTION["conn-fields"]
SECTIONS = [AUTHENTICATION, ROLE, CERTIFICATE, OPTIONS]
CHOSEN = {"auth_type", "session_name", "retry_delays_seconds", "max_concurrency"}
LONGEST_LINE = 88
SECRETS = {"aws_session_token", "private_key", "private_key_passphrase"}


def _schema(name: str) -> dict[str, Any]:
    return json.loads(files("airflow").joinpath(name).read_text())


@pytest.mark.parametrize("schema", ["provider_info.schema.json", "provider.yaml.schema.json"])
def test_fits_the_schemas_of_airflow(schema: str) -> None:
    """Both of Airflow's schemas accept it."""
    jsonschema.validate(get_provider_info(), _schema(schema))


def test_every_call_returns_a_mapping_of_its_own() -> None:
    """Airflow may change what it got without changing what the next caller gets."""
    get_provider_info()["connection-types"][0]["conn-fields"].clear()
    assert get_provider_info()["connection-types"][0]["conn-fields"] == FIELDS


def test_importing_it_loads_nothing_else() -> None:
    """Airflow calls it while it is half imported itself, so it imports no module outside its package."""
    code = (
        "import sys; before = set(sys.modules);"
        "from airflow_provider_s3rest.get_provider_info import get_provider_info; get_provider_info();"
        "print({name.partition('.')[0] for name in set(sys.modules) - before - {'__future__'}})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "{'airflow_provider_s3rest'}"


def test_the_entry_point_leads_to_it() -> None:
    """The installed entry point loads this very function."""
    (entry,) = [e for e in entry_points(group="apache_airflow_provider") if e.dist.name == "airflow-provider-s3rest"]
    assert entry.load() is get_provider_info


def test_names_the_installed_version_first() -> None:
    """The newest version in the list is the package's own."""
    assert get_provider_info()["versions"][0] == version("airflow-provider-s3rest")


def test_offers_the_regions_of_todays_botocore() -> None:
    """Those of Roles Anywhere in a drop-down, by name, and those of S3 as suggestions; ``make regions`` writes them."""
    assert regions.TARGET.read_text() == regions.module()
    schema = FIELDS["rolesanywhere_region"]["schema"]
    assert schema["enum"] == list(regions.regions("rolesanywhere"))
    assert schema["values_display"]["eu-central-1"] == "Europe (Frankfurt) eu-central-1"
    assert FIELDS["region_name"]["schema"]["examples"] == list(regions.regions("s3"))


def test_offers_every_roles_anywhere_field_of_the_model() -> None:
    """Whatever the connection understands of Roles Anywhere can be typed into the form."""
    renamed = {"region": "rolesanywhere_region", "endpoint_url": "rolesanywhere_endpoint_url"}
    assert {renamed.get(name, name) for name in RolesAnywhere.__slots__} <= set(FIELDS)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"auth_type"}))
def test_a_field_may_stay_empty(name: str) -> None:
    """Airflow disables Save while a field without a null type is empty, so all but the drop-down have one."""
    assert "null" in FIELDS[name]["schema"]["type"]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_field_has_two_lines_of_help(name: str) -> None:
    """What a value looks like, and where to find it; short enough for two lines of the form."""
    what, where = FIELDS[name]["schema"]["description_md"].split("  \n")
    assert "For example: " in what
    assert where.startswith("Find ") or name in CHOSEN
    assert max(len(plain(line)) for line in (what, where)) <= LONGEST_LINE
    assert "description" not in FIELDS[name], "Airflow shows it in place of the Markdown"


def test_the_sections_come_in_the_order_in_which_they_are_filled_in() -> None:
    """And no field stands apart from its section, which Airflow would show where its first field is."""
    sections = [field["schema"]["section"] for field in FIELDS.values()]
    assert sections == sorted(sections, key=SECTIONS.index)
    assert set(sections) == set(SECTIONS)


def test_airflow_before_32_gets_the_same_form_from_the_hook() -> None:
    """The standard fields in its own spelling; the others are tested with such an Airflow by ``make system``."""
    behaviour = S3RestHook.get_ui_field_behaviour()
    assert {name.replace("_", "-"): value for name, value in behaviour.items()} == CONNECTION["ui-field-behaviour"]
    assert {"get_connection_form_widgets", "get_ui_field_behaviour"} <= set(vars(S3RestHook))


def test_this_airflow_does_not_ask_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which it would call deprecated."""
    asked: list[str] = []
    for name in ("get_connection_form_widgets", "get_ui_field_behaviour"):
        monkeypatch.setattr(S3RestHook, name, lambda name=name: asked.append(name))
    manager = ProvidersManager()
    manager.initialize_providers_hooks()
    assert manager._hooks_lazy_dict["s3rest"].connection_testable
    assert {f"extra__s3rest__{name}" for name in FIELDS} <= set(manager.connection_form_widgets)
    assert not asked


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_airflow_masks_a_secret_field_by_its_name(name: str) -> None:
    """Airflow hides an extra from its API only where its name holds a sensitive word."""
    from airflow.sdk._shared.secrets_masker import DEFAULT_SENSITIVE_FIELDS

    assert any(word in name for word in DEFAULT_SENSITIVE_FIELDS)


@pytest.mark.parametrize("name", ["certificate", "certificate_chain", "private_key"])
def test_a_pem_field_keeps_its_lines(name: str) -> None:
    """Only the multi-line widget keeps line breaks; the password one turns them into spaces."""
    assert FIELDS[name]["schema"]["format"] == "multiline"


def test_the_port_stays_visible() -> None:
    """Airflow 3.3.2 refuses to test a connection without a port, so the form must let one be entered."""
    behaviour = CONNECTION["ui-field-behaviour"]
    assert "port" not in behaviour["hidden-fields"]
    assert "443" in behaviour["relabeling"]["port"]
