# SPDX-License-Identifier: Apache-2.0
"""What the provider takes from Airflow, and what it tells it to hide."""

from __future__ import annotations

import pytest
from airflow.sdk.log import redact

from airflow_provider_s3rest.hooks.airflow import cache_options, mask
from airflow_provider_s3rest.hooks.diagnosis import _account

PEM_LINES = ["MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgknY68vnmkGKhdypB", "sADJ5xqh+/A1k2o3i4="]


def test_the_cache_is_on_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its directory left to the machine."""
    monkeypatch.delenv("AIRFLOW__S3REST__CACHE_DIR", raising=False)
    assert cache_options() == {"cache_dir": None, "cache_enabled": True}


def test_the_options_come_from_airflows_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """By environment as any other option."""
    monkeypatch.setenv("AIRFLOW__S3REST__CACHE_DIR", "/var/cache/s3rest")
    monkeypatch.setenv("AIRFLOW__S3REST__CACHE_ENABLED", "false")
    assert cache_options() == {"cache_dir": "/var/cache/s3rest", "cache_enabled": False}


@pytest.mark.parametrize(
    "shown",
    [
        "token/with+signs==",
        "https://host/?X-Amz-Security-Token=token%2Fwith%2Bsigns%3D%3D&more",
        "\n".join(PEM_LINES),
        "\r\n".join(PEM_LINES),
        repr("\n".join(PEM_LINES)),
        " ".join(PEM_LINES),
        "".join(PEM_LINES),
    ],
)
def test_a_masked_secret_is_hidden_in_every_form(shown: str) -> None:
    """As it is, inside a URL, and a key however its lines are broken."""
    mask(["token/with+signs==", *PEM_LINES])
    hidden = str(redact(shown))
    assert "***" in hidden
    assert not [form for form in ("with", PEM_LINES[0], PEM_LINES[1]) if form in hidden]


@pytest.mark.parametrize(
    ("key_id", "account"),
    [("ASIAQNZGKIQY56JQ7WML", "account 029608264753"), ("AKIAIOSFODNN7EXAMPLE", None), ("minio", None)],
)
def test_the_account_stands_in_a_key_id(key_id: str, account: str | None) -> None:
    """In that of one made since 2019."""
    assert _account(key_id) == account
