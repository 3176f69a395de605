"""One service with a worker for the tests of all views of the console."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.pages import complaints, look, opened
from tests.devtools import Page, Window
from tests.stack import Stack, running

HERE = Path(__file__).parent

# A line for each request would only hide what a failing test has to say.
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)
            # axe looks at each view four times, which takes a busy machine a minute.
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def console_service(new_data: Callable[[], Path]) -> Iterator[Stack]:
    # Webhooks of tests have their receivers on this machine.
    with running(new_data(), PICASSO_OUTBOUND_ALLOWED="127.0.0.1") as stack:
        yield stack


@pytest.fixture
def stack(console_service: Stack) -> Stack:
    """The service of all tests of the console: a test finds the files, jobs and keys of others there, too."""
    return console_service


@pytest.fixture
def open_page(chromium: Window, stack: Stack) -> Iterator[Callable[[str], Page]]:
    """Opens an address of the console. At its end no page may have complained on its console."""
    pages: list[Page] = []

    def get(path: str = "/") -> Page:
        page = opened(chromium, stack, path)
        look(page)
        pages.append(page)
        return page

    yield get
    for page in pages:
        page.close()
    assert [each for page in pages for each in complaints(page)] == []
