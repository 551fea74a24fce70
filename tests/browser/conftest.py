# SPDX-License-Identifier: Apache-2.0
"""One Airflow, one Chromium and one local stack for all of these tests."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from airflow_provider_s3rest.local.stack import LocalStack
from demo.airflow import Airflow, airflow
from tests.browser.pages import RECORD_TOASTS, TALL, WINDOW, Connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Set, it makes the run write every picture of the documentation anew; otherwise only those that are missing.
PICTURES = "S3REST_PICTURES"
LARGEST_PICTURE = 150_000


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """S3 and IAM Roles Anywhere."""
    with LocalStack() as running:
        running.s3_client().create_bucket(Bucket="sales-data")
        yield running


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """A running Airflow in which connections can be tested."""
    with airflow(tmp_path_factory.mktemp("airflow"), None, {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}) as running:
        yield running


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """A tab of Debian's Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "there is no Chromium: run `make browser`, or install it with `apt-get install chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        tab = browser.new_page(viewport=WINDOW, reduced_motion="reduce", locale="en-US")
        tab.set_default_timeout(60_000)
        tab.add_init_script(RECORD_TOASTS)
        yield tab
        browser.close()


@pytest.fixture
def connections(page: Page, instance: Airflow) -> Iterator[Connections]:
    """The list of connections, which is empty; whoever wants to see it opens it."""
    yield Connections(page, instance.env["AIRFLOW__API__BASE_URL"])
    for each in instance.api.get("connections").json()["connections"]:
        instance.api.delete(f"connections/{each['connection_id']}").raise_for_status()


@pytest.fixture
def store(instance: Airflow, connections: Connections) -> Callable[..., str]:
    """Store a connection by Airflow's API, and show it in the list."""

    def store(conn_id: str, fields: dict[str, Any]) -> str:
        body = fields | {"connection_id": conn_id, "extra": json.dumps(fields["extra"])}
        instance.api.post("connections", json=body).raise_for_status()
        connections.open()
        return conn_id

    return store


@pytest.fixture
def picture(page: Page) -> Callable[..., None]:
    """Take a picture for the documentation, of a part of the page or of all of it."""

    def picture(name: str, part: Locator | None = None) -> None:
        path = IMAGES / f"{name}.png"
        if not wanted(path):
            return
        page.mouse.move(0, 0)
        if part:
            page.set_viewport_size(TALL)
            part.screenshot(path=path, animations="disabled")
            page.set_viewport_size(WINDOW)
        else:
            page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size < LARGEST_PICTURE

    return picture


def wanted(path: Path) -> bool:
    """Whether a picture shall be written, so that a usual run changes nothing in the repository."""
    return bool(os.environ.get(PICTURES)) or not path.exists()
