# SPDX-License-Identifier: Apache-2.0
"""What the provider takes from Airflow, and what it tells it to hide."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from airflow.sdk.log import redact

from airflow_provider_s3rest.hooks.airflow import _prepare, cache_options, mask
from airflow_provider_s3rest.hooks.diagnosis import _account

PEM_LINES = ["MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgknY68vnmkGKhdypB", "sADJ5xqh+/A1k2o3i4="]


# Airflow 3.0 has it elsewhere.
SecretsMasker: Any = sys.modules[redact.__module__].SecretsMasker


class CountingMasker(SecretsMasker):
    """Airflow's masker, which counts how often it compiles."""

    compiled = 0

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute."""
        if name == "replacer":
            self.compiled += 1
        super().__setattr__(name, value)


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


def test_many_secrets_are_compiled_once() -> None:
    """Airflow would do it for each: half a second for a key of RSA."""
    masker = CountingMasker()
    forms = [f"line {number} of a long key" for number in range(50)]
    _prepare(masker, forms)
    masker.add_mask(forms)
    assert masker.compiled == 1
    assert masker.redact(f"a {forms[0]}, {forms[49]} b") == "a ***, *** b"


def test_whether_a_secret_is_too_short_is_for_airflow_to_say() -> None:
    """A mask of one letter would hide every word."""
    masker = CountingMasker()
    _prepare(masker, ["a"])
    assert masker.redact("a word") == "a word"


@pytest.mark.parametrize(
    ("key_id", "account"),
    [("ASIAQNZGKIQY56JQ7WML", "account 029608264753"), ("AKIAIOSFODNN7EXAMPLE", None), ("minio", None)],
)
def test_the_account_stands_in_a_key_id(key_id: str, account: str | None) -> None:
    """In that of one made since 2019."""
    assert _account(key_id) == account
