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

from airflow_provider_s3rest.connection import RolesAnywhere
from airflow_provider_s3rest.get_provider_info import get_provider_info

CONNECTION = get_provider_info()["connection-types"][0]
FIELDS: dict[str, Any] = CONNECTION["conn-fields"]
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
    """Airflow calls it while it is half imported itself, so it imports no module but its package."""
    code = (
        "import sys; before = set(sys.modules);"
        "from airflow_provider_s3rest.get_provider_info import get_provider_info; get_provider_info();"
        "print(sorted(set(sys.modules) - before - {'__future__'}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['airflow_provider_s3rest', 'airflow_provider_s3rest.get_provider_info']"


def test_the_entry_point_leads_to_it() -> None:
    """The installed entry point loads this very function."""
    (entry,) = [e for e in entry_points(group="apache_airflow_provider") if e.dist.name == "airflow-provider-s3rest"]
    assert entry.load() is get_provider_info


def test_names_the_installed_version_first() -> None:
    """The newest version in the list is the package's own."""
    assert get_provider_info()["versions"][0] == version("airflow-provider-s3rest")


def test_lists_every_roles_anywhere_region() -> None:
    """The drop-down offers each region in which botocore knows the service, and no other."""
    from botocore.session import get_session

    session = get_session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("rolesanywhere", partition_name=partition)
    }
    offered = FIELDS["rolesanywhere_region"]["schema"]["enum"]
    assert (set(offered), len(offered)) == (known, len(known))


def test_offers_every_roles_anywhere_field_of_the_model() -> None:
    """Whatever the connection understands of Roles Anywhere can be typed into the form."""
    renamed = {"region": "rolesanywhere_region", "endpoint_url": "rolesanywhere_endpoint_url"}
    assert {renamed.get(name, name) for name in RolesAnywhere.__slots__} <= set(FIELDS)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"auth_type"}))
def test_a_field_may_stay_empty(name: str) -> None:
    """Airflow disables Save while a field without a null type is empty, so all but the drop-down have one."""
    assert "null" in FIELDS[name]["schema"]["type"]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_field_shows_an_example_and_a_section(name: str) -> None:
    """Who fills in the form sees what a value looks like, below the heading that it belongs to."""
    field = FIELDS[name]
    assert field["schema"]["section"] in {"Authentication", "IAM Roles Anywhere", "Advanced"}
    assert name == "auth_type" or "For example: " in field["description"]


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
