# SPDX-License-Identifier: Apache-2.0
"""The package as its users get it: what the wheel ships, what importing costs, what the metadata say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import metadata, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import airflow_provider_s3rest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_ships_nothing_outside_its_own_package(wheel_files: list[str]) -> None:
    """Above all no ``airflow`` folder, which would break the Airflow that it is installed into."""
    assert {name.split("/")[0] for name in wheel_files} == {
        "airflow_provider_s3rest",
        f"airflow_provider_s3rest-{version('airflow-provider-s3rest')}.dist-info",
    }


def test_the_wheel_ships_every_module(wheel_files: list[str]) -> None:
    """Each Python file of the package is in the wheel."""
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "airflow_provider_s3rest").rglob("*.py")}
    assert modules <= set(wheel_files)


@pytest.mark.parametrize("name", ["airflow_provider_s3rest/py.typed", "licenses/LICENSE", "entry_points.txt"])
def test_the_wheel_ships(wheel_files: list[str], name: str) -> None:
    """The types, the licence and the entry point travel with the code."""
    assert any(shipped.endswith(name) for shipped in wheel_files)


def test_the_version_is_the_one_of_the_metadata() -> None:
    """``__version__`` has one source, the package's metadata."""
    assert airflow_provider_s3rest.__version__ == version("airflow-provider-s3rest")


def test_an_unknown_attribute_of_the_package_is_an_error() -> None:
    """The lazy version does not turn typing errors into versions."""
    with pytest.raises(AttributeError, match="no attribute 'version'"):
        airflow_provider_s3rest.version  # noqa: B018


@pytest.mark.parametrize(
    "classifier",
    ["Framework :: Apache Airflow", "Framework :: Apache Airflow :: Provider", "Typing :: Typed"],
)
def test_is_classified(classifier: str) -> None:
    """Whoever searches for providers finds this one."""
    assert classifier in metadata("airflow-provider-s3rest").get_all("Classifier")


def test_no_dependency_is_capped() -> None:
    """Floors, and single broken releases left out: the package never holds back an Airflow or a security fix."""
    for requirement in requires("airflow-provider-s3rest"):
        assert {part.operator for part in Requirement(requirement).specifier} <= {">=", "!="}, requirement


def test_the_changelog_begins_with_this_version() -> None:
    """A release is described before it is made."""
    headings = re.findall(r"^## \[([^]]+)]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == version("airflow-provider-s3rest")


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_a_lock_is_complete_and_names_no_host(lock: str) -> None:
    """Every pin has hashes, and whoever installs chooses the index."""
    text = (ROOT / "requirements" / lock).read_text()
    pins = re.findall(r"^[a-z0-9][^ ]*==.*(?:\n .*)*", text, re.MULTILINE)
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text


def test_the_lock_holds_every_dependency() -> None:
    """What pyproject.toml asks for is what the lock pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # That of the oldest Airflow is pinned for it alone.
    groups = [wanted for name, wanted in project["dependency-groups"].items() if name != "oldest-form"]
    wanted = project["project"]["dependencies"] + [item for group in groups for item in group if isinstance(item, str)]
    pinned = re.findall(r"^([a-z0-9.-]+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    assert {Requirement(requirement).name for requirement in wanted} <= set(pinned)


FACE = ["hooks.s3rest", "operators.s3rest", "sensors.s3rest"]
HEAVY = ["boto3", "botocore", "cryptography", "obstore", "tenacity"]


@pytest.mark.parametrize("module", FACE)
def test_importing_the_face_loads_nothing_heavy(module: str) -> None:
    """A DAG file that imports our modules pays for no library that Airflow has not loaded already."""
    code = (
        "import sys, airflow.sdk; from airflow.providers.common.compat.sdk import BaseHook, BaseOperator,"
        " BaseSensorOperator; before = set(sys.modules);"
        f"import airflow_provider_s3rest.{module};"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(result.stdout.split()).isdisjoint(HEAVY)
