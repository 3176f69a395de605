"""The page of the system: health, queues with switches that can't be misread, workers, figures, settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.console.pages import check_looks, complaints, cookie, findings, focused, has_focus, opened, press
from tests.devtools import Page, Window
from tests.stack import Stack

SYSTEM = "/api/v1.0/system/"
SERVICE = "tr[data-queue=service]"
"""The queue of the scanner, which nothing needs here."""

OpenPage = Callable[[str], Page]


@pytest.fixture
def resumed(stack: Stack) -> Iterator[None]:
    yield
    stack.client.post("/api/v1.0/queues/service/resume/")


def read(page: Page) -> None:
    """Everything that it reads is there."""
    page.until("!!document.querySelector('tr[data-queue]') && !!document.querySelector('[data-check]')")
    page.until(
        "document.querySelector('.chart[data-chart=files]') && !document.querySelector('.view-system .skeleton')"
    )


def received(stack: Stack) -> int:
    points = stack.client.get(f"{SYSTEM}metrics/").json()["points"]
    return sum(each["received"] for each in points)


def test_the_whole_page(open_page: OpenPage, stack: Stack) -> None:
    stack.upload(b"counted", "counted.txt")
    # As if the service had been started anew.
    with closing(sqlite3.connect(stack.data / "picasso.sqlite3", timeout=30)) as database, database:
        silent = "datetime('now', '-1 hour')"
        database.execute(f"INSERT INTO picasso_worker (name, queue, seen_at) VALUES ('gone', 'quick', {silent})")
    page = open_page("/system/")
    page.once(lambda: received(stack), "the upload is counted", 100)
    # Once a minute at most; the first time is when the service starts, with nothing stored.
    types = page.once(lambda: stack.client.get(f"{SYSTEM}storage/").json()["types"], "the types are counted", 100)
    page.go()
    read(page)
    page.until("document.querySelectorAll('.card > .workers [data-worker]').length >= 2")
    assert "1 earlier worker" in page.text("#view")
    assert "gone" not in page.text("#view")
    assert "received" in page.run("document.querySelector('[data-chart=files] svg').getAttribute('aria-label')")
    assert page.run("document.querySelector('[data-chart=files] .line').getAttribute('d')").startswith("M")
    assert types[0]["media_type"] in page.text(".stored")
    assert "PICASSO_DATA_DIR" in page.text("#view")
    assert "DATABASE_URL" not in page.text("#view")  # a default is folded
    check_looks(page)
    page.click("[data-span=month]")
    page.until("!!document.querySelector('[data-span=month][aria-pressed=true]')")
    page.until("!!document.querySelector('.chart .line')")


def test_a_queue_is_paused_and_resumed_by_keys_and_says_so(open_page: OpenPage, stack: Stack, resumed: None) -> None:
    page = open_page("/system/#queues")
    read(page)
    assert "Open" in page.text(SERVICE)
    assert "service is not used here" in page.text("#view")  # why it has no worker
    page.run(f"document.querySelector('{SERVICE} button').focus()")
    assert focused(page) == "Pause the queue service"
    press(page, "Enter")
    page.until("!!document.querySelector('dialog[open]')")
    assert findings(page) == []
    press(page, "Tab")
    assert focused(page) == "Pause"
    press(page, "Enter")
    page.until(f"document.querySelector('{SERVICE}')?.innerText.includes('Paused since')")
    page.until(
        "document.querySelector('[data-code=queue-paused]')?.innerText.includes('The queue service is paused since')"
    )
    has_focus(page, "Resume the queue service")
    page.until("document.querySelector('.health-words').textContent.startsWith('The queue service is paused')")
    check_looks(page)
    press(page, "Enter")
    page.until(f"document.querySelector('{SERVICE}')?.innerText.includes('Open')")
    page.until("!document.querySelector('[data-code=queue-paused]')")


def test_loading_and_offline(open_page: OpenPage) -> None:
    page = open_page("/jobs/")
    page.ask("Fetch.enable", patterns=[{"urlPattern": "*/api/*"}])
    page.run("document.querySelector('[data-nav=system]').click()")
    page.until("!!document.querySelector('.view-system .skeleton')")
    assert findings(page) == []
    page.ask("Fetch.disable")
    read(page)
    page.run("document.querySelector('[data-nav=jobs]').click()")
    page.until("!!document.querySelector('.view-jobs')")
    page.connected(False)
    page.run("document.querySelector('[data-nav=system]').click()")
    # What was known before is still shown, if nothing has failed since.
    offline = "'.view-system :is(.state-offline, .notice.waiting)'"
    page.until(f"!!document.querySelector({offline})")
    assert findings(page) == []
    page.connected(True)
    # It may be back by itself already.
    page.run("document.querySelector('.view-system .state-offline button')?.click()")
    page.until("!!document.querySelector('tr[data-queue]')")


@pytest.mark.sampled("a view in Russian", 1 / 2)
def test_in_russian(chromium: Window, stack: Stack) -> None:
    page = opened(chromium, stack)
    with cookie(page, stack, "picasso-language", "ru"):
        page.go(f"{stack.url}/system/", "!!document.querySelector('tr[data-queue]')")
        assert "Открыта" in page.text(SERVICE)
        assert findings(page) == []
    page.close()
    assert complaints(page) == []
