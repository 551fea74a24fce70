# SPDX-License-Identifier: Apache-2.0
"""The two things of Airflow's web interface that a person uses here: the list of connections, and their form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import ViewportSize, expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect.set_options(timeout=60_000)

# On a busy machine, a toast can be gone before anybody has looked: the page takes down what each one said.
RECORD_TOASTS = """
window.toasts = [];
new MutationObserver(() => {
  for (const toast of document.querySelectorAll("[data-scope=toast][data-part=root]:not([data-recorded])")) {
    const [title, message] = ["title", "description"].map(part => toast.querySelector(`[data-part=${part}]`));
    if (message && title.innerText.startsWith("Test Connection")) {
      toast.dataset.recorded = "";
      toasts.push([title.innerText, message.innerText, toast.offsetHeight]);
      // As if the pointer were on it: Airflow then leaves it where it is.
      if (window.holdToasts) toast.dispatchEvent(new MouseEvent("mousemove", {bubbles: true}));
    }
  }
}).observe(document, {childList: true, subtree: true});
"""
WINDOW: ViewportSize = {"width": 1280, "height": 900}
PICTURE: ViewportSize = {"width": 1280, "height": 600}
TALL: ViewportSize = {"width": 1280, "height": 1800}

TYPE = "Amazon S3 (s3rest)"
STANDARD = "Standard Fields"
JSON = "Extra Fields JSON"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a toast said about a test.

    :param height: of the toast, in pixels.
    """

    good: bool
    message: str
    height: float


class Form:
    """The form of a connection, new or stored."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialog = page.get_by_role("dialog")
        expect(self.dialog.get_by_role("button", name=STANDARD)).to_be_visible()

    def open(self, section: str) -> Locator:
        """Open a section, by which Airflow closes the others.

        :returns: what is in it.
        """
        button = self.dialog.get_by_role("button", name=section, exact=True)
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        content = self.dialog.locator(f"[id='{button.get_attribute('aria-controls')}']")
        expect(content).to_be_visible()
        return content

    def field(self, label: str) -> Locator:
        """The part of the open section with a label, its input and its help."""
        text = self.page.get_by_text(re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$"))
        return self.dialog.locator("[data-scope=field][data-part=root]").filter(has=text)

    def input(self, label: str) -> Locator:
        """The input beside a label of the open section."""
        return self.field(label).locator("input:not([type=hidden]), textarea").first

    def fill(self, **texts: str) -> None:
        """Type into fields of the open section, whose labels are written with ``_`` for a space."""
        for label, text in texts.items():
            self.input(label.replace("_", " ")).fill(text)

    def choose(self, label: str, choice: str) -> None:
        """Pick from a drop-down of the open section."""
        box = self.field(label).get_by_role("combobox")
        box.fill(choice)
        self.page.get_by_role("option", name=choice).first.click()
        expect(self.field(label)).to_contain_text(choice)

    def paste(self, label: str, text: str) -> None:
        """Put a text of several lines into a field at once, as pasting does."""
        self.input(label).focus()
        self.page.keyboard.insert_text(text)

    def add_extra(self, name: str, value: str) -> None:
        """Write one more field into the JSON of all extras."""
        editor = self.open(JSON).get_by_role("textbox").first
        editor.focus()
        for key in ("Control+Home", "ArrowRight"):
            self.page.keyboard.press(key)
        self.page.keyboard.insert_text(f'"{name}": "{value}",')
        editor.blur()

    def save(self) -> None:
        """Press Save, and see the form close."""
        self.dialog.get_by_role("button", name="Save").click()
        expect(self.dialog).to_be_hidden()


class Connections:
    """The list of connections.

    :param address: of Airflow.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address

    def open(self) -> None:
        """Show the list anew."""
        self.page.goto(f"{self._address}/connections")
        expect(self.page.get_by_role("button", name="Add Connection").first).to_be_visible()

    def row(self, conn_id: str) -> Locator:
        """The line of a connection."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=conn_id, exact=True))

    def add(self, conn_id: str) -> Form:
        """Begin a new connection of our type."""
        self.page.get_by_role("button", name="Add Connection").first.click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Connection ID").fill(conn_id)
        dialog.get_by_role("combobox", name="Connection Type").fill("s3rest")
        self.page.get_by_role("option", name=TYPE).click()
        return Form(self.page)

    def edit(self, conn_id: str) -> Form:
        """Open the form of a stored connection."""
        self.row(conn_id).get_by_role("button", name="Edit Connection").click()
        return Form(self.page)

    def test(self, conn_id: str, shot: str | None = None) -> Answer:
        """Press Test Connection, and read the toast.

        :param shot: a file that shall hold a picture of it.
        """
        if shot:
            self.page.set_viewport_size(PICTURE)
            self.page.evaluate("window.holdToasts = true")
        before = self.page.evaluate("toasts.length")
        self.row(conn_id).get_by_role("button", name="Test Connection").click()
        self.page.wait_for_function("before => toasts.length > before", arg=before)
        title, message, height = self.page.evaluate("toasts.at(-1)")
        self.page.mouse.move(0, 0)
        if shot:
            self.page.screenshot(path=shot, animations="disabled")
            self.page.set_viewport_size(WINDOW)
        return Answer(title == "Test Connection Successful", message, height)

    def delete(self, conn_id: str) -> None:
        """Delete a connection, and see it gone."""
        self.row(conn_id).get_by_role("button", name="Delete Connection").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(self.row(conn_id)).to_have_count(0)
