# SPDX-License-Identifier: Apache-2.0
"""The wheel in fresh environments that hold nothing else but Airflow: the oldest one and the newest one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.installation import ROOT, Installation


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session", params=["oldest", "dev"])
def installation(
    request: pytest.FixtureRequest,
    wheel: Path,
    tmp_path_factory: pytest.TempPathFactory,
    outer_environment: dict[str, str],
) -> Installation:
    """The wheel beside the oldest Airflow and the floor of each dependency, then beside the newest of all."""
    lock = ROOT / "requirements" / f"{request.param}.txt"
    folder = tmp_path_factory.mktemp(request.param)
    uv = Path(sys.executable).with_name("uv")
    environment = folder / "env"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    # Airflow before 3.1 makes the fields of the connection form of wtforms, and has none of them without it.
    wanted = [f"{wheel}[local,select]", *(["wtforms"] if request.param == "oldest" else [])]
    install = [uv, "pip", "install", "--quiet", "--python", environment, "--constraint", lock, *wanted]
    subprocess.run(install, check=True, env=outer_environment)
    version = re.search(r"^apache-airflow==(\S+)", lock.read_text(), re.MULTILINE)
    assert version
    home = folder / "home"
    home.mkdir()
    return Installation(bin=environment / "bin", home=home, airflow_version=version[1])
