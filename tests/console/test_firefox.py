"""The main views in Firefox: what Chromium alone knows or forgives would show here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import firefox
from tests.console.pages import SHOWN
from tests.firefox import Firefox
from tests.live import admin
from tests.stack import Stack, until

FILES = "/api/v1.0/files/"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox.running(tmp_path_factory.mktemp("firefox") / "profile") as browser:
        yield browser


def says(browser: Firefox, text: str, where: str = "#view") -> None:
    """As `tests.console.forms.says`, also of a long name, which has two parts."""
    browser.until(f"document.querySelector({json.dumps(where)})?.textContent.includes({json.dumps(text)})")


def stored(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.client.get(FILES, params={"name": "from-firefox.txt"}).json()["results"]
    return found


def test_the_console_in_firefox(browser: Firefox, stack: Stack, tmp_path: Path) -> None:
    """One walk, as a browser takes seconds to start."""
    path = tmp_path / "from-firefox.txt"
    path.write_text("sent by Firefox")
    browser.go(stack.url, SHOWN)
    browser.until("document.querySelector('[data-shell=health]').dataset.state === 'good'")
    browser.write("#tray input[type=file]:not([webkitdirectory])", str(path))
    says(browser, "from-firefox.txt", "#tray")
    # An upload ends with its page.
    until(lambda: bool(stored(stack)), 60, lambda: "the file has not arrived")
    browser.go(stack.url, SHOWN)
    says(browser, "from-firefox.txt")
    file = stored(stack)[0]["id"]
    stack.settled(file)
    browser.go(f"{stack.url}/files/{file}", SHOWN)
    says(browser, "sent by Firefox")
    says(browser, "History")
    browser.click("[data-nav=jobs]")
    says(browser, "from-firefox.txt", ".view-jobs")
    browser.click("[data-nav=system]")
    browser.until("!!document.querySelector('.view-system tr[data-queue=quick]')")
    browser.until("!!document.querySelector('.chart[data-chart=files] .line')")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not browser.run(wide)
    assert browser.complaints(stack.url) == []


def test_signing_in_with_firefox(browser: Firefox, stack: Stack) -> None:
    if stack.data not in admin.HAVE_ONE:
        admin.HAVE_ONE.add(stack.data)
        admin.insert(stack)
    browser.go(f"{stack.url}/sign-in/", "!!document.querySelector('form [name=username]')")
    browser.write("[name=username]", admin.NAME)
    browser.write("[name=password]", admin.PASSWORD)
    browser.click("main form button[type=submit]")
    browser.until(f"({SHOWN}) && !!document.querySelector('.sidebar a[href$=\"/account/\"]')")
    browser.click(".sidebar a[href$='/account/']")
    says(browser, admin.NAME, "main")
    assert browser.complaints(stack.url) == []
