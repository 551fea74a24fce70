# SPDX-License-Identifier: Apache-2.0
"""Assets with a URI ``s3rest://bucket/key``, as Airflow makes them: it finds the functions by the provider info."""

from __future__ import annotations

import subprocess
import sys

import pytest
from airflow.sdk import Asset
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_s3rest.assets.s3rest import convert_asset_to_openlineage, create_asset, sanitize_uri
from airflow_provider_s3rest.s3.keys import asset_uri, parse_asset_uri

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).filter(lambda key: len(key.encode()) <= 1024)
# Airflow refuses longer URIs.
MOST_CHARACTERS = 1500


def test_airflow_finds_the_functions() -> None:
    """By the entry point of the installed provider, so that a URI is checked wherever an asset is made."""
    runtime = ProvidersManagerTaskRuntime()
    assert runtime.asset_uri_handlers["s3rest"] is sanitize_uri
    assert runtime.asset_factories["s3rest"] is create_asset
    assert runtime.asset_to_openlineage_converters["s3rest"] is convert_asset_to_openlineage


@given(KEYS.filter(lambda key: len(asset_uri("bucket", key)) <= MOST_CHARACTERS))
def test_every_key_survives_as_an_asset(key: str) -> None:
    """Airflow changes nothing of the URI that the factory makes, and the URI is the name of the asset too."""
    asset = create_asset(bucket="bucket", key=key)
    assert parse_asset_uri(asset.uri) == ("bucket", key)
    assert asset.name == asset.uri == asset.normalized_uri == asset_uri("bucket", key)
    assert asset.uri.isascii()


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("s3rest://bucket/a/b.csv", "s3rest://bucket/a/b.csv"),
        ("S3REST://Bucket/A", "s3rest://Bucket/A"),
        ("s3rest://bucket", "s3rest://bucket/"),
        ("s3rest://bucket/", "s3rest://bucket/"),
        ("s3rest://bucket/a b", "s3rest://bucket/a%20b"),
        ("s3rest://bucket/%61%2Fb", "s3rest://bucket/a/b"),
        ("s3rest://bucket//a//b", "s3rest://bucket//a//b"),
        ("s3rest://bucket/a/./../b", "s3rest://bucket/a/./../b"),
        ("s3rest://bucket/data/", "s3rest://bucket/data"),
        ("s3rest://bucket/data%2f", "s3rest://bucket/data%2F"),
        ("s3rest://bucket/ü", "s3rest://bucket/%C3%BC"),
        ("s3rest://bucket/%3f%23%25", "s3rest://bucket/%3F%23%25"),
        ("s3rest://bucket/a+b=c&d", "s3rest://bucket/a+b=c&d"),
        ("s3rest://bucket/day={{ ds }}", "s3rest://bucket/day=%7B%7B%20ds%20%7D%7D"),
    ],
)
def test_each_object_has_one_uri(written: str, uri: str) -> None:
    """However it is written; a slash at the end is cut off by Airflow, unless it is encoded."""
    asset = Asset(uri=written)
    assert asset.uri == uri
    assert Asset(uri=uri).uri == uri


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("s3rest:///key", "is not of the form s3rest://bucket/key"),
        ("s3rest://ab/key", "bucket_name: 'ab' is not the name of a bucket"),
        ("s3rest://my%20bucket/key", "bucket_name: 'my%20bucket' is not"),
        ("s3rest://bucket:443/key", "no port"),
        ("s3rest://bucket/key?versionId=1", "in a key, write %3F"),
        ("s3rest://bucket/100%", "in a key, write %25"),
        ("s3rest://bucket/%zz", "in a key, write %25"),
        ("s3rest://bucket/%FF", "is not UTF-8"),
        (f"s3rest://bucket/{'k' * 1025}", "key: must be 1 to 1024 bytes"),
    ],
)
def test_what_no_object_has_is_refused(uri: str, told: str) -> None:
    """When the DAG file is parsed, in words that say how to mend it."""
    with pytest.raises(ValueError, match=f".*{told}"):
        Asset(uri=uri)


def test_user_information_is_refused_and_not_shown() -> None:
    """It may be a secret; Airflow itself drops it only where it has a password."""
    with pytest.raises(ValueError, match="user information") as caught:
        parse_asset_uri("s3rest://AKIA-secret@bucket/key")
    assert "AKIA" not in str(caught.value)


def test_a_fragment_is_refused() -> None:
    """Where Airflow has not cut it off before."""
    with pytest.raises(ValueError, match="in a key, write %23"):
        parse_asset_uri("s3rest://bucket/a#b")


def test_an_asset_may_say_more() -> None:
    """The collector of hook lineage hands on what a hook says of it."""
    assert create_asset(bucket="bucket", key="a", extra={"rows": 3}).extra == {"rows": 3}


@pytest.mark.parametrize(("key", "name"), [("a b/c", "a b/c"), ("a/", "a/"), ("", "/")])
def test_openlineage_knows_the_object_by_its_key(key: str, name: str) -> None:
    """Undecoded, and in the namespace of the bucket, as all tools name it."""
    dataset = convert_asset_to_openlineage(create_asset(bucket="bucket", key=key), None)
    assert (dataset.namespace, dataset.name) == ("s3://bucket", name)


def test_airflow_gets_the_functions_for_nearly_nothing() -> None:
    """A DAG file with an asset loads no module for it but its own and those that check keys."""
    code = (
        "import importlib, sys, re, typing, urllib.parse; before = set(sys.modules);"
        "import airflow_provider_s3rest.assets.s3rest; print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = [name for name in result.stdout.split() if name.startswith("airflow_provider_s3rest")]
    assert set(result.stdout.split()) - set(ours) <= {"__future__"}
    assert len(ours) <= 6
