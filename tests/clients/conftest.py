"""Clients that nobody here wrote, and the service that they are tested with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.clients import node
from tests.clients.pages import Page, Site
from tests.clients.shop import Shop
from tests.clients.with_keys import WithKeys
from tests.devtools import Window
from tests.ports import free_port
from tests.services import Unavailable, required_program, servers_required
from tests.stack import Stack, running

HERE = Path(__file__).parent

# A line for each request would only hide what a failing test has to say.
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def javascript() -> str:
    """Node, with its packages; where they can't be had the test is skipped, or failed in CI."""
    try:
        return node.node()
    except Unavailable as why:
        if servers_required():
            pytest.fail(f"Node can't be had here: {why}")
        pytest.skip(f"NOT TESTED with Node, which can't be had here: {why}")


@pytest.fixture(scope="session")
def curl() -> str:
    return required_program("curl")


@pytest.fixture(scope="session")
def page_port() -> int:
    """The port of `page`, which has it for the whole session."""
    return free_port()


@pytest.fixture(scope="session")
def spare_page_port() -> int:
    """A port for pages that a test serves itself."""
    return free_port()


@pytest.fixture(scope="session")
def service_of_clients(new_data: Callable[[], Path], page_port: int, spare_page_port: int) -> Iterator[Stack]:
    origins = ",".join(f"http://localhost:{port}" for port in (page_port, spare_page_port))
    with running(new_data(), PICASSO_CORS_ORIGINS=origins) as stack:
        yield stack


@pytest.fixture
def stack(service_of_clients: Stack) -> Stack:
    """A service that these tests have for themselves: they kill it, and its pages are another site's.

    A test that fails may leave it dead, which is no matter to the next one.
    """
    return running_again(service_of_clients)


def running_again(service: Stack) -> Stack:
    if not service.runs:
        service.start()
    return service


# In one process, as its start takes longer than all of it. It prints the key and its secret.
FIRST_ROWS = """
from django.core.management import call_command
from picasso.models import Key, Project
Project.objects.create(name="shop")
call_command("keys", "create", "page")
call_command("keys", "secret", Key.objects.get(name="page").pk)
"""


@pytest.fixture(scope="session")
def with_keys(new_data: Callable[[], Path]) -> Iterator[WithKeys]:
    port = free_port()
    env = {
        "PICASSO_ACCESS": "keys",
        "PICASSO_OIDC_ISSUER": f"http://127.0.0.1:{port}",
        "PICASSO_OIDC_CLIENT_ID": "picasso",
        "PICASSO_OIDC_CLIENT_SECRET": "a-secret-of-the-tests",
        "PICASSO_OIDC_GROUPS": "staff=admin,support=viewer:shop,writers=operator:shop",
    }
    with running(new_data(), **env) as stack:
        key, secret = stack.manage("shell", "-v", "0", "-c", FIRST_ROWS).split()
        yield WithKeys(stack, key, secret, port)


@pytest.fixture(scope="session")
def shop(with_keys: WithKeys) -> Iterator[Shop]:
    """One for all tests: the service takes seconds to let in pages of another origin."""
    with closing(Shop(with_keys)) as shop:
        yield shop


@pytest.fixture(scope="session")
def site(javascript: str, page_port: int) -> Iterator[Site]:
    with Site(page_port).served() as site:
        yield site


@pytest.fixture
def page(site: Site, chromium: Window) -> Iterator[Page]:
    with site.shown(chromium) as page:
        yield page
