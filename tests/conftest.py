# SPDX-License-Identifier: Apache-2.0
"""Shields every test from the machine: its AWS settings, its proxies and its Airflow are out of sight."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import pytest

_FOREIGN = ("AWS_", "AIRFLOW_", "AIRFLOW__", "BOTO_")


def _is_foreign(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_FOREIGN) or upper.endswith(("_PROXY", "_CA_BUNDLE")) or upper.startswith("SSL_CERT_")


def _shield() -> None:
    """Set the environment that Airflow reads while it is being imported, so before any fixture could run."""
    for name in filter(_is_foreign, list(os.environ)):
        del os.environ[name]
    home = tempfile.mkdtemp(prefix="s3rest-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ |= {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
        "AIRFLOW__S3REST__CACHE_DIR": f"{home}/cache",
        # Nothing on a workstation or a cloud runner may lend the tests an identity.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


_OUTER = dict(os.environ)
_shield()


@pytest.fixture(scope="session")
def outer_environment() -> dict[str, str]:
    """The environment before it was shielded, for the installers of system tests: how they reach an index is there."""
    return dict(_OUTER)
