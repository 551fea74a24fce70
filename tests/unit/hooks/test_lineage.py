# SPDX-License-Identifier: Apache-2.0
"""What the hook tells Airflow's collector, with moto's words for what S3 does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import ObjectStoragePath, lineage, plugins_manager
from airflow.sdk.lineage import HookLineageCollector, HookLineageReader

from airflow_provider_s3rest.hooks.lineage import MOST_PLACES, folder, of_keys, record
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.s3.keys import S3Url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookLineageCollector]:
    """The collector of an Airflow in which somebody reads it."""
    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: [HookLineageReader])
    lineage.get_hook_lineage_collector.cache_clear()
    yield lineage.get_hook_lineage_collector()
    lineage.get_hook_lineage_collector.cache_clear()


def _told(collector: HookLineageCollector) -> tuple[list[str], list[str]]:
    found = collector.collected_assets
    return [each.asset.uri for each in found.inputs], [each.asset.uri for each in found.outputs]


@pytest.mark.parametrize(
    ("place", "uri"),
    [
        (S3Url("bucket", "a b/"), "s3rest://bucket/a%20b%2F"),
        (folder("bucket", "data/"), "s3rest://bucket/data"),
        (folder(None, "s3://bucket"), "s3rest://bucket/"),
        ("s3://bucket/data/", "s3rest://bucket/data"),
        ("s3rest://bucket/data", "s3rest://bucket/data"),
        ("/var/data.csv", "file:///var/data.csv"),
        ("file:///var/data.csv", "file:///var/data.csv"),
        ("data.csv", f"file://{os.getcwd()}/data.csv"),  # noqa: PTH109 - as the code under test has it
        ("gs://bucket/data", "gs://bucket/data"),
        ("sftp://user:secret@host/a@b", "sftp://host/a@b"),
        (ObjectStoragePath("file:///var/data.csv"), "file:///var/data.csv"),
    ],
)
def test_a_place_becomes_an_asset(collector: HookLineageCollector, place: Any, uri: str) -> None:
    """By the factory of its scheme, or as the URL that it is."""
    record(S3RestHook(), inputs=[place], outputs=[place])
    assert _told(collector) == ([uri], [uri])


def test_a_path_object_is_a_file(collector: HookLineageCollector, tmp_path: Path) -> None:
    """Whatever has a path."""
    record(S3RestHook(), outputs=[tmp_path])
    assert _told(collector) == ([], [f"file://{tmp_path}"])


def test_nobody_reads_so_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a collector, which would import what every provider has for assets; nor is any place read."""

    def never() -> None:
        raise AssertionError

    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", list)
    monkeypatch.setattr(lineage, "get_hook_lineage_collector", never)
    record(S3RestHook(), inputs=(never() for _ in [1]))


def test_what_can_not_be_told_does_no_harm(collector: HookLineageCollector, capsys: pytest.CaptureFixture[str]) -> None:
    """The object has been written by then."""
    record(S3RestHook(), outputs=[S3Url("bucket", "k"), "s3://"])
    assert _told(collector) == ([], ["s3rest://bucket/k"])
    assert "Lineage was not recorded: " in capsys.readouterr().out


def test_of_many_keys_the_first_are_told() -> None:
    """As many as the collector would keep of them."""
    told = [*of_keys("bucket", [f"k{number}" for number in range(1000)])]
    assert (len(told), told[0]) == (MOST_PLACES, ("bucket", "k0"))
    assert [*of_keys(None, ["s3://bucket/a", ("s3://bucket/b", "v1")])] == [("bucket", "a"), ("bucket", "b")]


def test_of_an_iterator_the_bucket_is_told() -> None:
    """It has been read by then."""
    assert [*of_keys("bucket", iter(["a"]))] == [("bucket", "")]
    assert [*of_keys(None, iter(["s3://bucket/a"]))] == []
